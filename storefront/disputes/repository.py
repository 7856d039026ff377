"""Disputes, read and written, and their sums in the books.

Owns the statements. The caller holds the order's row. Must not decide which statement counts: states.py does.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.balance import books
from storefront.balance.accounts import Account
from storefront.dispute_contracts import DisputeView
from storefront.disputes.models import DisputeRow
from storefront.disputes.states import FINAL, STANDS, WAITING, DisputeState, DisputeTold, lies_in, weight
from storefront.errors import UnknownDispute

D = DisputeRow


def take_in(session: Session, order_id: str, told: DisputeTold, *, at: datetime) -> bool:
    """Bring the dispute to what is told, and its sum to where it lies then; False when something heavier was told before, or the same.

    The sum is booked as the first statement that moves money has it; one more pair of entries for each move, never one for the same twice.
    """
    first = {
        "id": told.id, "order_id": order_id, "state": told.state, "account": Account.RECEIVED, "amount_minor": told.amount_minor, "currency": told.currency,
        "reason": told.reason, "due_at": told.due_at, "opened_at": told.opened_at, "told_at": told.told_at, "closed_at": None,
    }  # fmt: skip
    new = insert_new(session, D, first, unique=["id"])
    row = session.get_one(D, told.id, populate_existing=True)
    if row.order_id != order_id or (not new and weight(told.state, told.told_at) <= weight(DisputeState(row.state), row.told_at)):
        return False
    source, target = Account(row.account), lies_in(told.state)
    seen = update(D).where(D.id == row.id, D.state == row.state, D.told_at == row.told_at)
    closed_at = at if told.state in FINAL else None
    before = row.state
    if not moved(session, seen.values(state=told.state, account=target, told_at=told.told_at, due_at=told.due_at or row.due_at, closed_at=closed_at)):
        return False
    if target is not source:
        books.enter(session, source, target, row.amount_minor, row.currency, order_id=order_id, at=at)
    return new or before != told.state


def stands(session: Session, order_id: str) -> bool:
    """The bank has the money of this order for now, or for good."""
    return session.scalar(select(D.id).where(D.order_id == order_id, D.account != Account.RECEIVED).limit(1)) is not None


def lost_minor(session: Session, order_id: str) -> int:
    """What banks have taken back of it for good."""
    return int(session.scalar(select(func.sum(D.amount_minor)).where(D.order_id == order_id, D.account == Account.LOST)) or 0)


def of_order(session: Session, order_id: str) -> tuple[DisputeView, ...]:
    return tuple(view(row) for row in session.scalars(select(D).where(D.order_id == order_id).order_by(D.opened_at, D.id)))


def disputes(session: Session, *, limit: int = 100) -> list[DisputeView]:
    """What waits for our word first, the nearest deadline first; then the newest."""
    waits = case((D.state.in_([*WAITING]), 0), (D.state.in_([*STANDS]), 1), else_=2)
    soonest = case((D.state.in_([*WAITING]), D.due_at), else_=None)
    return [view(row) for row in session.scalars(select(D).order_by(waits, soonest, D.opened_at.desc(), D.id.desc()).limit(limit))]


def dispute(session: Session, dispute_id: str) -> DisputeView:
    """Raises UnknownDispute."""
    row = session.get(D, dispute_id, populate_existing=True)
    if row is None:
        raise UnknownDispute
    return view(row)


def note_evidence(session: Session, dispute_id: str, *, at: datetime) -> None:
    """The packet was taken out."""
    moved(session, update(D).where(D.id == dispute_id).values(evidence_at=at))


def sums(session: Session) -> dict[str, dict[str, int]]:
    """Currency -> account -> minor units, of everything that was ever disputed."""
    found: dict[str, dict[str, int]] = {}
    for currency, account, minor in session.execute(select(D.currency, D.account, func.sum(D.amount_minor)).group_by(D.currency, D.account)):
        found.setdefault(currency, {})[account] = int(minor)
    return found


def view(row: DisputeRow) -> DisputeView:
    waiting = DisputeState(row.state) in WAITING
    return DisputeView(
        row.id, row.order_id, row.state, row.amount_minor, row.currency, row.reason, row.due_at if waiting else None, row.opened_at, row.closed_at, row.evidence_at
    )
