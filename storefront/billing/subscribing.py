"""Becoming a member, and every later step in which a card is shown: paying what is open, and another card.

Owns the order of steps: what is recorded before the provider is asked. No transaction is open while the provider is spoken to. Whatever is left halfway
(a lost answer, her bank's page) is gone on with by `look`, from what is recorded: nothing is agreed on twice, because the membership's id is the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.security.asking import Asker
from app.security.policies.contracts import Action, Context
from storefront.billing import settling
from storefront.errors import PaymentTriesExhausted, UnknownPaymentMethod
from storefront.membership_errors import AlreadyMember, MembershipNotNow, MembershipPriceChanged, UnknownPlan
from storefront.memberships import repository
from storefront.memberships.models import MembershipRow
from storefront.memberships.plan import Every, Plan, Terms
from storefront.memberships.ports import Setup, SetupState, Told
from storefront.memberships.states import MembershipState
from storefront.methods.repository import Kept
from storefront.payments.collecting import Means, kept_of, payer_for
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.shop import Shop
from storefront.reasons import StorefrontReason

HOUR = timedelta(hours=1)
UNBEGUN_LASTS = timedelta(hours=23)
"""Who has not shown a card by then has not joined. As long as a provider waits for a first payment."""
LOOK_AGAIN = timedelta(minutes=1)
WAITS = (PaymentState.NEEDS_METHOD, PaymentState.NEEDS_ACTION)
_NO_CARD = Means()


@dataclass(frozen=True, slots=True)
class Joining:
    """What she asked for. `expected_minor` is the price she was shown. `asker`: the caller before the rules; None: the house itself, which is not asked."""

    shopper_id: str
    plan_id: str
    currency: str
    expected_minor: int
    means: Means = _NO_CARD
    return_url: str | None = None
    asker: Asker | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """How far it came: a payment or a card that waits for her (or her bank), or neither."""

    membership_id: str
    payment: Payment | None = None
    setup: Setup | None = None


def join(shop: Shop, key: str, asked: Joining) -> Step:
    """Become a member (once per `key`). Raises UnknownPlan, MembershipPriceChanged, AlreadyMember, UnknownPaymentMethod, CardHasExpired and what the rules
    refuse with nothing applied; GatewayUnreachable when the same key must be tried again."""
    membership_id = derived_id("mem", asked.shopper_id, key)
    kept_of(shop, asked.shopper_id, asked.means)  # nothing begins for a card that cannot pay

    def placed(asker: Asker | None) -> None:
        with shop.database.transaction() as session:
            if session.get(MembershipRow, membership_id) is None:
                _place(session, membership_id, asked, asker, at=shop.now())

    asked.asker.informed(placed) if asked.asker is not None else placed(None)
    return go_on(shop, membership_id, asked.means, return_url=asked.return_url, key=key)


def _place(session: Session, membership_id: str, asked: Joining, asker: Asker | None, *, at: datetime) -> None:
    plan = repository.in_force(session).plan(asked.plan_id)
    if plan is None or not plan.open or asked.currency not in plan.prices:
        raise UnknownPlan
    terms = terms_of(plan, asked.currency)
    if terms.amount_minor != asked.expected_minor:
        raise MembershipPriceChanged(extra={"amount_minor": terms.amount_minor})
    may_pay(session, asker, asked.shopper_id, terms.amount_minor, terms.currency, at=at)
    if repository.current(session, asked.shopper_id) is not None:
        raise AlreadyMember
    trial_days = 0 if repository.had_trial(session, asked.shopper_id) else plan.trial_days
    row = {
        "id": membership_id, "shopper_id": asked.shopper_id, "seat": asked.shopper_id, "plan_id": plan.id, "plan_name": plan.name, "amount_minor": terms.amount_minor,
        "currency": terms.currency, "every": terms.every, "trial_days": trial_days, "state": MembershipState.STARTING, "kept_id": asked.means.kept_id,
        "tries": 0, "asked": 0, "heard": 0, "look_at": at + LOOK_AGAIN, "joined_at": at, "changed_at": at,
    }  # fmt: skip
    if not insert_new(session, MembershipRow, row, unique=["seat"]):
        raise AlreadyMember


def terms_of(plan: Plan, currency: str) -> Terms:
    return Terms(plan.id, plan.name, plan.prices[currency], currency, plan.every)


def may_pay(session: Session, asker: Asker | None, shopper_id: str, amount_minor: int, currency: str, *, at: datetime) -> None:
    """The rules for paying are asked for what comes back every period too. Raises PolicyRefused 403 or StepUpNeeded 401."""
    if asker is not None:
        m = MembershipRow
        recent = session.scalar(select(func.count()).where(m.shopper_id == shopper_id, m.joined_at > at - HOUR)) or 0
        asker.allow(session, Action.PAY, Context(velocity_1h=recent, amount_minor=amount_minor), currency=currency, at=at)


def ask_to_pay(shop: Shop, asker: Asker, shopper_id: str) -> None:
    """A card that is shown pays from then on, so the rules are asked as for joining. Nothing for who has no membership."""
    with shop.database.reading() as session:
        row = repository.current(session, shopper_id)
        if row is None:
            return
        amount_minor, currency = row.amount_minor, row.currency

    def ask(informed: Asker) -> None:
        with shop.database.transaction() as session:
            may_pay(session, informed, shopper_id, amount_minor, currency, at=shop.now())

    asker.informed(ask)


# --- going on ---------------------------------------------------------------------------------------------------------


def go_on(shop: Shop, membership_id: str, means: Means = _NO_CARD, *, return_url: str | None = None, key: str = "") -> Step:
    """Take it as far as it comes with this card, or with what is known. Raises MembershipNotNow when it is over, PaymentTriesExhausted."""
    row = _read(shop, membership_id)
    if row.state == MembershipState.ENDED:
        raise MembershipNotNow(extra={"state": row.state})
    kept = kept_of(shop, row.shopper_id, means)
    if means != _NO_CARD:
        _count_try(shop, membership_id)
    if row.subscription_id is None and row.trial_days == 0:
        payer = kept.payer if kept is not None else _payer(shop, row)
        return _pay(shop, membership_id, _agree(shop, row, payer, None), kept.card.token if kept else means.method, return_url, key)
    if row.subscription_id is None or row.setup_id is not None:
        return _with_card(shop, row, means, kept, return_url, key)
    return _pay(shop, membership_id, shop.billing.read(row.subscription_id), kept.card.token if kept else means.method, return_url, key)


def other_card(shop: Shop, membership_id: str, means: Means, *, return_url: str | None, key: str) -> Step:
    """From now on it is paid with this card, and so is what is open."""
    row = _read(shop, membership_id)
    if row.subscription_id is None or row.state in (MembershipState.ENDED, MembershipState.INCOMPLETE):
        raise MembershipNotNow(extra={"state": row.state})
    kept = kept_of(shop, row.shopper_id, means)
    told = shop.billing.read(row.subscription_id)
    if told.state is MembershipState.ENDED:
        raise MembershipNotNow(extra={"state": settle_now(shop, row.id, told.id).state})
    if kept is not None:
        if kept.payer != told.payer:
            raise UnknownPaymentMethod
        _count_try(shop, membership_id)
        return _pay(shop, membership_id, shop.billing.use_card(told.id, kept.card.token), kept.card.token, return_url, key)
    setup = shop.billing.open_setup(membership_id=row.id, payer=told.payer, key=derived_id("set", row.id, key))
    _note_setup(shop, row.id, setup)
    return go_on(shop, membership_id, Means(means.method), return_url=return_url, key=key)


def _with_card(shop: Shop, row: MembershipRow, means: Means, kept: Kept | None, return_url: str | None, key: str) -> Step:
    """A card is made ready first, while nothing is charged: before a trial, or instead of another."""
    kept = kept or (kept_of(shop, row.shopper_id, Means(kept_id=row.kept_id)) if row.subscription_id is None and row.setup_id is None else None)
    if kept is not None and row.subscription_id is None:
        return _done(shop, row.id, _agree(shop, row, kept.payer, kept.card.token).id)
    if row.setup_id is None:
        setup = shop.billing.open_setup(membership_id=row.id, payer=_payer(shop, row), key=derived_id("set", row.id))
        _note_setup(shop, row.id, setup)
    else:
        setup = shop.billing.read_setup(row.setup_id)
    if means.method is not None and setup.state in (SetupState.NEEDS_METHOD, SetupState.NEEDS_ACTION):
        setup = shop.billing.confirm_setup(setup.id, method=means.method, return_url=return_url, key=derived_id("cfm", row.id, key))
    if setup.state is not SetupState.SUCCEEDED or setup.token is None:
        return Step(row.id, setup=setup)
    if row.subscription_id is None:
        return _done(shop, row.id, _agree(shop, row, setup.payer, setup.token).id)
    _note_setup(shop, row.id, None)
    if shop.billing.read(row.subscription_id).state is MembershipState.ENDED:
        return _done(shop, row.id, row.subscription_id)
    told = shop.billing.use_card(row.subscription_id, setup.token)
    return _pay(shop, row.id, told, setup.token, return_url, key or setup.id)


def _agree(shop: Shop, row: MembershipRow, payer: str, token: str | None) -> Told:
    """It is agreed on at the provider, once, and recorded. Raises MembershipNotNow when it was given up meanwhile; then it is over there too."""
    terms = Terms(row.plan_id, row.plan_name, row.amount_minor, row.currency, Every(row.every))
    told = shop.billing.begin(membership_id=row.id, payer=payer, terms=terms, trial_days=row.trial_days, token=token, key=row.id)
    m = MembershipRow
    mine = update(m).where(m.id == row.id, m.state == MembershipState.STARTING, or_(m.subscription_id.is_(None), m.subscription_id == told.id))
    with shop.database.transaction() as session:
        recorded = moved(session, mine.values(subscription_id=told.id, setup_id=None))
        known = recorded or repository.fresh(session, row.id).subscription_id == told.id
    if not known:
        shop.billing.end(told.id)
        raise MembershipNotNow(extra={"state": MembershipState.ENDED.value})
    return told


def _pay(shop: Shop, membership_id: str, told: Told, token: str | None, return_url: str | None, key: str) -> Step:
    """What is open is paid with the card, if there is one; her browser may do it otherwise."""
    due, payment = told.due, None
    if due is not None and due.payment_id is not None:
        payment = shop.gateway.read_payment(due.payment_id)
        if token is not None and payment.state in WAITS:
            payment = shop.gateway.confirm_payment(due.payment_id, method=token, return_url=return_url, key=derived_id("cfm", membership_id, due.id, key))
    return _done(shop, membership_id, told.id, payment)


def _done(shop: Shop, membership_id: str, subscription_id: str, payment: Payment | None = None) -> Step:
    settle_now(shop, membership_id, subscription_id)
    return Step(membership_id, payment=payment)


def settle_now(shop: Shop, membership_id: str, subscription_id: str) -> MembershipRow:
    """Re-read it and take what is said."""
    with shop.database.transaction() as session:
        turn = repository.take_turn(session, membership_id)
    told = shop.billing.read(subscription_id)
    with shop.database.transaction() as session:
        return settling.settle(session, shop.settings.merchant, membership_id, told, turn, at=shop.now())


def look(shop: Shop, membership_id: str) -> None:
    """Bring it to where it is: gone on with what was left halfway, what went back asked for, and re-read."""
    row = _read(shop, membership_id)
    with shop.database.reading() as session:
        asked = [(one.id, one.payment_id) for one in repository.invoices(session, membership_id) if one.look and one.payment_id is not None]
    for invoice_id, payment_id in asked:
        payment = shop.gateway.read_payment(payment_id)
        with shop.database.transaction() as session:
            settling.note_refund(session, shop.settings.merchant, invoice_id, payment, at=shop.now())
    if row.state == MembershipState.ENDED:
        with shop.database.transaction() as session:
            repository.look_no_more(session, membership_id)
    elif row.subscription_id is not None and row.setup_id is None:
        settle_now(shop, membership_id, row.subscription_id)
    elif row.subscription_id is None and row.joined_at + UNBEGUN_LASTS <= shop.now():
        with shop.database.transaction() as session:
            settling.never_begun(session, membership_id, StorefrontReason.MEMBERSHIP_NOT_BEGUN, at=shop.now())
    else:
        step = go_on(shop, membership_id)
        if step.setup is not None and row.subscription_id is not None:
            settle_now(shop, membership_id, row.subscription_id)


# --- inside -----------------------------------------------------------------------------------------------------------


def _payer(shop: Shop, row: MembershipRow) -> str:
    m = MembershipRow
    hers = update(m).where(m.id == row.id, m.shopper_id == row.shopper_id).values(changed_at=shop.now())
    return payer_for(shop, row.shopper_id, lambda session: moved(session, hers))


def _note_setup(shop: Shop, membership_id: str, setup: Setup | None) -> None:
    m = MembershipRow
    with shop.database.transaction() as session:
        moved(session, update(m).where(m.id == membership_id).values(setup_id=setup.id if setup is not None else None))


def _count_try(shop: Shop, membership_id: str) -> None:
    """Nobody tries cards here one after the other."""
    m, most = MembershipRow, shop.settings.max_confirmations
    with shop.database.transaction() as session:
        if not moved(session, update(m).where(m.id == membership_id, m.tries < most).values(tries=m.tries + 1)):
            raise PaymentTriesExhausted(extra={"most": most})


def _read(shop: Shop, membership_id: str) -> MembershipRow:
    with shop.database.reading() as session:
        row = repository.fresh(session, membership_id)
        session.expunge(row)
        return row
