"""Queries on memberships: the plans in force, a shopper's membership, its invoices.

Owns reading them, the mark that one must be looked at, and the turn of a look. Must not decide.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from storefront.membership_errors import UnknownMembership
from storefront.memberships.models import MembershipInvoiceRow, MembershipRow, PlansRow
from storefront.memberships.plan import Plans
from storefront.memberships.schemas import checked
from storefront.memberships.states import RUNS, MembershipState

ANY = select(MembershipRow.id).limit(1)


def newest(session: Session) -> PlansRow | None:
    return session.scalars(select(PlansRow).order_by(PlansRow.version.desc()).limit(1)).first()


def in_force(session: Session) -> Plans:
    """None at all where nobody has written any."""
    row = newest(session)
    return plans_of(row.document) if row is not None else Plans()


@lru_cache(maxsize=8)
def plans_of(document: str) -> Plans:
    """Checked once, not with every purchase."""
    return checked(json.loads(document))


def current(session: Session, shopper_id: str) -> MembershipRow | None:
    """The one she has, also while it is only beginning."""
    return session.scalars(select(MembershipRow).where(MembershipRow.seat == shopper_id).execution_options(populate_existing=True)).one_or_none()


def last(session: Session, shopper_id: str) -> MembershipRow | None:
    """The one she has, or had last."""
    m = MembershipRow
    found = select(m).where(m.shopper_id == shopper_id).order_by(m.seat.is_(None), m.joined_at.desc(), m.id.desc()).limit(1)
    return session.scalars(found.execution_options(populate_existing=True)).first()


def all_of(session: Session, shopper_id: str) -> Sequence[MembershipRow]:
    m = MembershipRow
    return session.scalars(select(m).where(m.shopper_id == shopper_id).order_by(m.joined_at.desc(), m.id.desc())).all()


def fresh(session: Session, membership_id: str) -> MembershipRow:
    """Raises UnknownMembership."""
    row = session.get(MembershipRow, membership_id, populate_existing=True)
    if row is None:
        raise UnknownMembership
    return row


def had_trial(session: Session, shopper_id: str) -> bool:
    m = MembershipRow
    return session.scalar(select(m.id).where(m.shopper_id == shopper_id, m.trial_ends_at.is_not(None)).limit(1)) is not None


def invoices(session: Session, membership_id: str) -> Sequence[MembershipInvoiceRow]:
    """Newest first."""
    i = MembershipInvoiceRow
    found = select(i).where(i.membership_id == membership_id).order_by(i.told_at.desc(), i.id.desc())
    return session.scalars(found.execution_options(populate_existing=True)).all()


def invoice(session: Session, invoice_id: str) -> MembershipInvoiceRow:
    """Raises UnknownMembership."""
    row = session.get(MembershipInvoiceRow, invoice_id, populate_existing=True)
    if row is None:
        raise UnknownMembership
    return row


def note_news(session: Session, *, at: datetime, subscription_id: str | None = None, membership_id: str | None = None) -> bool:
    """Something is told of it: it is looked at now, also if a re-read that began before is being written. What is told itself is not believed, so that no
    order of telling matters. False: it is none of ours."""
    m = MembershipRow
    named = [m.subscription_id == subscription_id] if subscription_id else []
    named += [m.id == membership_id] if membership_id else []
    return bool(named) and moved(session, update(m).where(or_(*named)).values(look_at=at, asked=m.asked + 1))


def note_payment(session: Session, payment_id: str, *, at: datetime) -> bool:
    """Something is told of the payment of an invoice: what went back of it is asked for."""
    i = MembershipInvoiceRow
    of = session.scalars(select(i.membership_id).where(i.payment_id == payment_id)).one_or_none()
    if of is None or not note_news(session, membership_id=of, at=at):  # the membership first, as whoever settles it does
        return False
    return moved(session, update(i).where(i.payment_id == payment_id).values(look=True))


def due(session: Session, at: datetime, limit: int) -> list[tuple[str, datetime, datetime]]:
    """(id, when it was to be looked at, when she joined)."""
    m = MembershipRow
    rows = session.execute(select(m.id, m.look_at, m.joined_at).where(m.look_at <= at).order_by(m.look_at, m.id).limit(limit))
    return [(row_id, look_at, joined_at) for row_id, look_at, joined_at in rows if look_at is not None]


def look_no_more(session: Session, membership_id: str) -> bool:
    """It is over, and nothing that may have gone back is left to be asked for."""
    m, i = MembershipRow, MembershipInvoiceRow
    asked = select(i.id).where(i.membership_id == membership_id, i.look).exists()
    return moved(session, update(m).where(m.id == membership_id, ~asked).values(look_at=None))


def look_later(session: Session, membership_id: str, seen: datetime, later: datetime) -> bool:
    """Claim a look: of two who see it due one gets it, and one that dies leaves it for later."""
    m = MembershipRow
    return moved(session, update(m).where(m.id == membership_id, m.look_at == seen).values(look_at=later))


def take_turn(session: Session, membership_id: str) -> int:
    """The number of a re-read that begins now."""
    m = MembershipRow
    session.execute(update(m).where(m.id == membership_id).values(asked=m.asked + 1).execution_options(synchronize_session=False))
    return session.scalars(select(m.asked).where(m.id == membership_id)).one_or_none() or 0


def figures(session: Session) -> list[tuple[str, str, int]]:
    """(plan, state, how many) of those that are not over."""
    m = MembershipRow
    rows = session.execute(select(m.plan_id, m.state, func.count()).where(m.seat.is_not(None)).group_by(m.plan_id, m.state).order_by(m.plan_id, m.state))
    return [(plan_id, state, int(count)) for plan_id, state, count in rows]


def plans_in_use(session: Session) -> set[str]:
    m = MembershipRow
    return set(session.scalars(select(m.plan_id).where(m.state.in_([*RUNS, MembershipState.STARTING, MembershipState.INCOMPLETE])).distinct()))


def newest_members(session: Session, limit: int) -> Sequence[MembershipRow]:
    m = MembershipRow
    return session.scalars(select(m).order_by(m.changed_at.desc(), m.id.desc()).limit(limit)).all()


def counts(session: Session) -> dict[tuple[str, str], int]:
    """(plan, state) -> how many memberships; those that are over too."""
    m = MembershipRow
    return {(plan_id, state): many for plan_id, state, many in session.execute(select(m.plan_id, m.state, func.count()).group_by(m.plan_id, m.state))}


def unpaid(session: Session, limit: int) -> Sequence[MembershipRow]:
    """Those of which a payment is open, whose benefits end first."""
    m = MembershipRow
    rows = select(m).where(m.state.in_((MembershipState.PAST_DUE, MembershipState.UNPAID))).order_by(m.gives_until, m.id)
    return session.scalars(rows.limit(limit)).all()
