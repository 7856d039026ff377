"""What a member does with her membership: rest, go on, leave, stay after all, and change to another plan.

Owns which of it can be done in which state. The provider does it, and what is true afterwards comes from a re-read. Leaving needs nothing but being
signed in, and works in every state.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import TypeVar

from app.kernel.errors import AppError
from app.security.asking import Asker
from storefront.billing import settling
from storefront.billing.subscribing import may_pay, settle_now, terms_of
from storefront.errors import GatewayRefused
from storefront.membership_errors import (
    MembershipChangeUnpaid,
    MembershipNotNow,
    MembershipPriceChanged,
    UnknownMembership,
    UnknownPlan,
)
from storefront.memberships import repository
from storefront.memberships.models import MembershipRow
from storefront.memberships.plan import Terms
from storefront.memberships.ports import Change
from storefront.memberships.states import MembershipState
from storefront.payments.shop import Shop
from storefront.reasons import StorefrontReason

Done = TypeVar("Done")
RUNNING = (MembershipState.ACTIVE, MembershipState.TRIALING)
A_PRICE_STANDS = timedelta(minutes=15)
"""What a change costs falls by the second; what she was shown stands so long."""


def pause(shop: Shop, shopper_id: str) -> None:
    """Nothing is charged, and nothing unlocked, until she goes on. Raises UnknownMembership, MembershipNotNow."""
    _do(shop, shopper_id, RUNNING, lambda row: shop.billing.pause(_agreed(row)), unless=lambda row: row.leaves_at is not None)


def resume(shop: Shop, shopper_id: str) -> None:
    """It goes on: with what is paid for already, or with a new period that is charged now."""

    def go_on(row: MembershipRow) -> None:
        shop.billing.resume(_agreed(row), anew=resumes_anew(row, shop.now()))

    _do(shop, shopper_id, (MembershipState.PAUSED,), go_on)


def resumes_anew(row: MembershipRow, at: datetime) -> bool:
    """Whether going on costs something now: what was paid for is over."""
    return row.paid_until is None or row.paid_until <= at


def costs_to_go_on(shop: Shop, shopper_id: str) -> bool:
    """Whether hers rests, and going on begins a new period."""
    row = _hers(shop, shopper_id)
    return row.state == MembershipState.PAUSED and resumes_anew(row, shop.now())


def leave(shop: Shop, shopper_id: str) -> None:
    """It ends with what is paid for; at once where nothing is."""
    row = _hers(shop, shopper_id)
    if row.subscription_id is None:
        with shop.database.transaction() as session:
            if settling.never_begun(session, row.id, StorefrontReason.MEMBERSHIP_LEFT, at=shop.now()):
                return
        row = _hers(shop, shopper_id)  # it was agreed on in between
    paid_ahead = row.state in RUNNING or (row.state == MembershipState.PAUSED and not resumes_anew(row, shop.now()))
    try:
        if paid_ahead:
            shop.billing.leave(_agreed(row), leaves=True)
        else:
            shop.billing.end(_agreed(row))
    except GatewayRefused:
        if settle_now(shop, row.id, _agreed(row)).state != MembershipState.ENDED:
            raise
    else:
        settle_now(shop, row.id, _agreed(row))


def stay(shop: Shop, shopper_id: str) -> None:
    """She does not leave after all."""
    _do(shop, shopper_id, (*RUNNING, MembershipState.PAUSED), lambda row: shop.billing.leave(_agreed(row), leaves=False))


def price_change(shop: Shop, shopper_id: str, plan_id: str) -> Change:
    """What changing to that plan would cost now. Raises UnknownMembership, UnknownPlan, MembershipNotNow."""
    row, terms = _change(shop, shopper_id, plan_id)
    return known_anew(shop, row, lambda: shop.billing.price_change(_agreed(row), terms, shop.now().replace(microsecond=0)))


def change(shop: Shop, shopper_id: str, plan_id: str, *, expected_due_minor: int, priced_at: datetime, asker: Asker | None = None) -> None:
    """Change to that plan at the price she was shown, paid now or not done. Raises as `price_change`, MembershipPriceChanged, MembershipChangeUnpaid."""
    known = _hers(shop, shopper_id)
    if known.subscription_id is not None and settle_now(shop, known.id, known.subscription_id).plan_id == plan_id:
        return  # an answer was lost: it is done
    row, terms = _change(shop, shopper_id, plan_id)
    at = shop.now()

    def allowed(informed: Asker) -> None:
        with shop.database.transaction() as session:
            may_pay(session, informed, shopper_id, max(expected_due_minor, terms.amount_minor), terms.currency, at=at)

    if asker is not None:
        asker.informed(allowed)
    shown = at - A_PRICE_STANDS <= priced_at <= at
    cost = known_anew(shop, row, lambda: shop.billing.price_change(_agreed(row), terms, priced_at if shown else at.replace(microsecond=0)))
    if not shown or cost.due_minor != expected_due_minor:
        raise MembershipPriceChanged(extra={"amount_minor": cost.due_minor})
    try:
        shop.billing.change(_agreed(row), terms, priced_at)
    except GatewayRefused as refused:
        if settle_now(shop, row.id, _agreed(row)).state == MembershipState.ENDED:
            raise
        raise MembershipChangeUnpaid(extra=refused.extra) from refused
    settle_now(shop, row.id, _agreed(row))


def _change(shop: Shop, shopper_id: str, plan_id: str) -> tuple[MembershipRow, Terms]:
    row = _hers(shop, shopper_id)
    with shop.database.reading() as session:
        plan = repository.in_force(session).plan(plan_id)
    if plan is None or (not plan.open and plan.id != row.plan_id) or row.currency not in plan.prices:
        raise UnknownPlan
    if row.state not in RUNNING or row.leaves_at is not None:
        raise _not_now(row)
    return row, terms_of(plan, row.currency)


def _do(shop: Shop, shopper_id: str, states: Collection[MembershipState], act: Callable[[MembershipRow], object], *, unless: Callable[[MembershipRow], bool] | None = None) -> None:
    row = _hers(shop, shopper_id)
    if row.state not in states or (unless is not None and unless(row)):
        raise _not_now(row)
    known_anew(shop, row, lambda: act(row))
    settle_now(shop, row.id, _agreed(row))


def known_anew(shop: Shop, row: MembershipRow, act: Callable[[], Done]) -> Done:
    """Do it. Where the provider will not, it stands otherwise there than is known here: then that is asked, and MembershipNotNow raised with it."""
    try:
        return act()
    except GatewayRefused as refused:
        raise _not_now(settle_now(shop, row.id, _agreed(row))) from refused


def _not_now(row: MembershipRow) -> AppError:
    return MembershipNotNow(extra={"state": row.state, "leaves_at": row.leaves_at.isoformat() if row.leaves_at else None})


def _agreed(row: MembershipRow) -> str:
    if row.subscription_id is None:
        raise _not_now(row)
    return row.subscription_id


def _hers(shop: Shop, shopper_id: str) -> MembershipRow:
    with shop.database.reading() as session:
        row = repository.current(session, shopper_id)
        if row is None:
            raise UnknownMembership
        session.expunge(row)
        return row
