"""Bringing a membership to where it is at the provider: the one place where its state and its money become true.

Owns the writing of what a re-read said, inside the caller's transaction, and what follows: the books, the papers, the events, and what is known to those
who choose offers. Each re-read takes a number before the provider is asked; the answer of an older one that comes later than a newer changes nothing.
So it does not matter what is told when, or how often: a telling only leads to a re-read. What is over stays over.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.security.vault import seal_for
from offers import facade as offers
from storefront.balance import books
from storefront.balance.accounts import Account
from storefront.billing import papers
from storefront.contracts import ERASED
from storefront.membership_contracts import (
    MembershipEnded,
    MembershipPaused,
    MembershipPaymentFailed,
    MembershipRenewed,
    MembershipResumed,
    MembershipStarted,
)
from storefront.memberships import repository
from storefront.memberships.models import MembershipInvoiceRow, MembershipRow
from storefront.memberships.ports import InvoiceState, Told, ToldInvoice
from storefront.memberships.states import GIVES, MembershipState, PaidTime, gives_until, paid_until
from storefront.methods.cards import Card
from storefront.payments.ports import Payment
from storefront.reasons import StorefrontReason
from storefront.settings import Merchant

SEALED_AS = "storefront_membership"
A_DAY = timedelta(days=1)
SOON = timedelta(minutes=1)


def settle(session: Session, merchant: Merchant, membership_id: str, told: Told, turn: int, *, at: datetime) -> MembershipRow:
    """Take what re-read number `turn` said. Raises UnknownMembership."""
    m = MembershipRow
    newer = update(m).where(m.id == membership_id, m.heard < turn, m.state != MembershipState.ENDED)
    if not moved(session, newer.values(heard=turn, changed_at=at)):
        return repository.fresh(session, membership_id)
    row = repository.fresh(session, membership_id)
    before = MembershipState(row.state)
    renewed = [one for one in told.invoices if _write(session, merchant, row, one, at=at) and one.renews]
    row.state, row.plan_id, row.plan_name = told.state, told.terms.plan_id or row.plan_id, told.terms.name or row.plan_name
    row.amount_minor, row.currency, row.every = told.terms.amount_minor, told.terms.currency, told.terms.every
    row.trial_ends_at, row.period_ends_at, row.leaves_at = told.trial_ends_at, told.period_ends_at, told.leaves_at
    row.next_try_at = told.due.next_try_at if told.due is not None else None
    row.sealed = _sealed(row, told.card)
    _reckon(session, row, at=at)
    row.look_at = _look_at(row, turn, at)
    _tell(session, row, before, told, renewed, at=at)
    session.flush()
    return row


def never_begun(session: Session, membership_id: str, why: StorefrontReason, *, at: datetime) -> bool:
    """It is over before anything was agreed on at the provider. False: something was, or it is over already."""
    m = MembershipRow
    unbegun = update(m).where(m.id == membership_id, m.subscription_id.is_(None), m.state == MembershipState.STARTING)
    if not moved(session, unbegun.values(state=MembershipState.ENDED, seat=None, ended_at=at, end_reason=why, look_at=None, changed_at=at)):
        return False
    row = repository.fresh(session, membership_id)
    if row.shopper_id != ERASED:
        emit(session, MembershipEnded(row.id, row.shopper_id, row.plan_id, at, why), subject=row.shopper_id)
    return True


def note_refund(session: Session, merchant: Merchant, invoice_id: str, payment: Payment, *, at: datetime) -> None:
    """What the provider says has gone back of an invoice; less than is known is older and changes nothing."""
    i, m = MembershipInvoiceRow, MembershipRow
    of = repository.invoice(session, invoice_id).membership_id
    moved(session, update(m).where(m.id == of).values(changed_at=at))  # whoever writes of this membership waits here
    invoice = repository.invoice(session, invoice_id)
    more_minor = min(payment.refunded_minor, invoice.amount_minor) - invoice.refunded_minor
    moved(session, update(i).where(i.id == invoice_id).values(look=False))
    if more_minor <= 0 or invoice.state != InvoiceState.PAID:
        return
    moved(session, update(i).where(i.id == invoice_id).values(refunded_minor=i.refunded_minor + more_minor))
    invoice, row = repository.invoice(session, invoice_id), repository.fresh(session, of)
    _book(session, row, invoice, Account.RECEIVED, Account.MEMBERSHIP, more_minor, f"back {invoice.refunded_minor}", at)
    papers.issue(session, invoice, merchant, amount_minor=more_minor, at=at)
    _reckon(session, row, at=at)
    _note_member(session, row, at=at)
    session.flush()


def _write(session: Session, merchant: Merchant, row: MembershipRow, told: ToldInvoice, *, at: datetime) -> bool:
    """Whether it has become paid by this: then its money is booked and its receipt issued."""
    paid = told.state is InvoiceState.PAID
    amount_minor = told.paid_minor if paid else told.due_minor
    values = {"state": told.state, "amount_minor": amount_minor, "payment_id": told.payment_id, "starts_at": told.starts_at, "ends_at": told.ends_at, "paid_at": told.paid_at}
    first = {"id": told.id, "membership_id": row.id, "currency": told.currency, "plan_name": row.plan_name, "refunded_minor": 0, "look": False, "told_at": told.told_at}
    new = insert_new(session, MembershipInvoiceRow, first | values, unique=["id"])
    if not new:
        i = MembershipInvoiceRow
        if not moved(session, update(i).where(i.id == told.id, i.membership_id == row.id, i.state != InvoiceState.PAID).values(**values)):
            return False
    if paid and amount_minor:
        invoice = repository.invoice(session, told.id)
        _book(session, row, invoice, Account.MEMBERSHIP, Account.RECEIVED, amount_minor, "paid", at)
        papers.issue(session, invoice, merchant, amount_minor=amount_minor, at=at)
    return paid


def _book(session: Session, row: MembershipRow, invoice: MembershipInvoiceRow, source: Account, target: Account, amount_minor: int, what: str, at: datetime) -> None:
    movement = derived_id("bal", invoice.id, what)
    books.enter(session, source, target, amount_minor, invoice.currency, shopper_id=row.shopper_id, movement=movement, at=at)


def _reckon(session: Session, row: MembershipRow, *, at: datetime) -> None:
    """Until when it is paid, and gives something."""
    known = [PaidTime(i.ends_at, i.state == InvoiceState.PAID, i.amount_minor, i.refunded_minor) for i in repository.invoices(session, row.id)]
    row.paid_until = paid_until(row.trial_ends_at, known)
    grace = repository.in_force(session).grace_days
    row.gives_until = gives_until(MembershipState(row.state), row.paid_until, leaves=row.leaves_at is not None, grace_days=grace)
    row.changed_at = at


def _look_at(row: MembershipRow, turn: int, at: datetime) -> datetime | None:
    """Once a day, and just after something should have happened there: what is told usually comes sooner. At once when something was told since this
    re-read began."""
    if row.state == MembershipState.ENDED:
        return None
    if row.asked > turn:
        return at
    awaited = [when + SOON for when in (row.period_ends_at, row.next_try_at) if when is not None]
    return min([one for one in awaited if one > at] + [at + A_DAY])


def _tell(session: Session, row: MembershipRow, before: MembershipState, told: Told, renewed: list[ToldInvoice], *, at: datetime) -> None:
    said = (row.id, row.shopper_id, row.plan_id, at)
    known, now = row.shopper_id != ERASED, MembershipState(row.state)
    if now in GIVES and row.started_at is None:
        row.started_at = at
        if known:
            emit(session, MembershipStarted(*said), subject=row.shopper_id)
    if now is MembershipState.ENDED:
        row.seat, row.ended_at, row.end_reason = None, told.ended_at or at, told.end_reason or StorefrontReason.MEMBERSHIP_LEFT
    if not known:
        return
    for one in renewed:
        emit(session, MembershipRenewed(*said, one.id, one.ends_at), subject=row.shopper_id)
    if now is MembershipState.PAST_DUE and before is not now and told.due is not None:
        emit(session, MembershipPaymentFailed(*said, told.due.id, row.gives_until or at), subject=row.shopper_id)
    if now is MembershipState.PAUSED and before is not now:
        emit(session, MembershipPaused(*said), subject=row.shopper_id)
    if now in (MembershipState.ACTIVE, MembershipState.TRIALING) and before in (MembershipState.PAUSED, MembershipState.PAST_DUE, MembershipState.UNPAID):
        emit(session, MembershipResumed(*said), subject=row.shopper_id)
    if now is MembershipState.ENDED:
        emit(session, MembershipEnded(*said, row.end_reason or ""), subject=row.shopper_id)
    _note_member(session, row, at=at)


def _note_member(session: Session, row: MembershipRow, *, at: datetime) -> None:
    """What audiences may ask: of which plan she is a member, until then."""
    if row.shopper_id != ERASED:
        offers.note_member(session, shopper_id=row.shopper_id, plan_id=row.plan_id, until=row.gives_until, at=at)


def _sealed(row: MembershipRow, card: Card | None) -> bytes | None:
    if card is None or row.shopper_id == ERASED:
        return None
    held = {"brand": card.brand, "last4": card.last4, "exp_month": card.exp_month, "exp_year": card.exp_year}
    return seal_for(row.shopper_id, SEALED_AS, json.dumps(held).encode(), row.id.encode())
