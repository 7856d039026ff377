"""The ways a cart can be paid: online always; in cash where the shop has set so and nothing speaks against it.

Owns collecting what the rule (cash/risk.py) wants to know, and what each way would come to. Must not decide, and must not move anything: checkout does,
by the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.verdict import Fail
from app.security import people
from app.security.contacts import facade as contacts
from offers import facade as offers
from offers.contracts import Entitlement, QuoteLine
from storefront.balance.accounts import part_of
from storefront.balance.books import available_minor
from storefront.carts.repository import Cart
from storefront.cash.claims import MISSED
from storefront.cash.claims import OPEN as OWED
from storefront.cash.errors import CashRefused
from storefront.cash.models import CashClaimRow
from storefront.cash.risk import CashWay, Facts, PayBy, may_pay
from storefront.contracts import DELIVERY, ProductView, WayToPay
from storefront.delivery.choosing import Chosen
from storefront.orders.models import OrderRow
from storefront.reasons import StorefrontReason, sentence
from storefront.settings import DeliveryMethod, StorefrontSettings
from storefront.taxes.rates import VOUCHER
from storefront.taxes.repository import classes_of

FEE_LINE = "fee"
"""The id of the fee's line in a quote; it is an extra beside the delivery, no product."""
FEE_NAME = {PayBy.CASH_ON_DELIVERY: "Fee for paying at your door", PayBy.PAY_AT_TILL: "Fee for paying at the till"}


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked about: her cart with its products, how she gets it, and the store she is in, if she says so."""

    cart: Cart
    products: Iterable[ProductView]
    chosen: Chosen
    here: str | None


def way_of(settings: StorefrontSettings, pay_by: PayBy) -> CashWay | None:
    """None: online. Raises Invalid for a way the shop has not."""
    if pay_by is PayBy.ONLINE:
        return None
    found = next((way for way in settings.cash if way.id is pay_by), None)
    if found is None:
        raise Invalid.field("pay_by", f"this shop takes: {', '.join([PayBy.ONLINE, *(way.id for way in settings.cash)])}")
    return found


def fee_lines(way: CashWay | None, currency: str) -> tuple[QuoteLine, ...]:
    """What it costs to pay so, as a line of its own; coupons take nothing off it."""
    fee_minor = way.fee_minor(currency) if way is not None else 0
    return (QuoteLine(FEE_LINE, DELIVERY, DELIVERY, 1, fee_minor, delivery=True),) if fee_minor else ()


def taken_along(currency: str) -> Chosen:
    """Nothing is brought or kept: she has it in her hands."""
    return Chosen(DeliveryMethod(id="till", name="Taken along"), currency, 0, 0)


def waits_until(way: CashWay, chosen: Chosen, at: datetime) -> datetime:
    """So long such an order waits for its money, from now or from when it is brought."""
    begins = chosen.slot.ends_at if chosen.slot is not None else at
    return max(at, begins) + timedelta(days=way.kept_days)


def place_of(asking: Asking) -> str | None:
    """The store where its money is taken."""
    area = asking.chosen.area
    return area.place_id if area is not None and area.place_id is not None else asking.here


def may_pay_in_cash(session: Session, way: CashWay, asking: Asking, due_minor: int, *, at: datetime) -> None:
    """Raises CashRefused with its reason, and Invalid when nothing is left to pay."""
    if due_minor == 0:
        raise Invalid.field("pay_by", "nothing is left to be paid; leave it out")
    why = _against(way, _known(session, asking), due_minor, at)
    if why is not None:
        raise CashRefused(sentence(why) or "", extra={"reason": why, "pay_by": [PayBy.ONLINE]})


def ways_to_pay(
    session: Session, settings: StorefrontSettings, asking: Asking, total_minor: int, entitlements: Sequence[Entitlement], *, at: datetime
) -> tuple[WayToPay, ...]:
    """Online first, then those the shop has; nothing where it has none, or the cart is empty."""
    currency = asking.cart.currency
    if not settings.cash or currency is None:
        return ()
    has_minor = available_minor(session, asking.cart.shopper_id, currency)
    online = WayToPay(
        PayBy.ONLINE, 0, total_minor, part_of(total_minor, has_minor, least_charge_minor=settings.least_charge_minor), sum(e.amount_minor or 0 for e in entitlements),
    )  # fmt: skip
    out, known = [online], _known(session, asking)
    for way in settings.cash:
        fee_minor = way.fee_minor(currency)
        whole_minor = total_minor + fee_minor
        why = _against(way, known, whole_minor, at)
        earns = sum(e.amount_minor or 0 for e in entitlements if way.id in e.payment_methods)
        out.append(WayToPay(way.id, fee_minor, whole_minor, min(whole_minor, has_minor), earns, why, sentence(why)))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Known:
    """What both ways are asked with. `ended`: when each of her orders was missed; None: it is still owed."""

    facts: Facts
    ended: tuple[datetime | None, ...]


def _against(way: CashWay, known: _Known, due_minor: int, at: datetime) -> StorefrontReason | None:
    since = at - timedelta(days=way.missed_days)
    facts = replace(known.facts, due_minor=due_minor, open_orders=known.ended.count(None), missed=sum(ended is not None and ended > since for ended in known.ended))
    verdict = may_pay(way, facts)
    return StorefrontReason(verdict.reason) if isinstance(verdict, Fail) else None


def _known(session: Session, asking: Asking) -> _Known:
    shopper_id, products = asking.cart.shopper_id, list(asking.products)
    classes = classes_of(session, {item.category for item in products})
    area = asking.chosen.area
    facts = Facts(
        due_minor=0, currency=asking.cart.currency or "", delivery=asking.chosen.way.id, place_id=place_of(asking),
        area_id=area.id if area is not None else None, no_goods=any(p.kind != "physical" or classes[p.category] == VOUCHER for p in products),
        guest=people.account_of_shopper(session, shopper_id) is None, verified=bool(contacts.views(session, shopper_id)),
    )  # fmt: skip
    claim, order, hers = CashClaimRow, OrderRow, sorted(offers.may_be_her(session, shopper_id))
    rows = select(claim.ended_at).join(order, order.id == claim.order_id).where(order.shopper_id.in_(hers), claim.state.in_((OWED, *MISSED)))
    return _Known(facts, tuple(session.scalars(rows)))
