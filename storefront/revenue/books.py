"""The books of what partners owe: every movement as two entries, and what does not agree with them.

Owns the accounts and these statements. Must not know an order's state. A sold line is brought to what it is worth as often as one likes: a second time
books nothing. The caller holds the order's row, so that nobody else brings the same line anywhere meanwhile.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.ids import new_id
from storefront import double_entry
from storefront.revenue.models import CommissionRow, PlacementRow, RevenueEntry, StatementRow
from storefront.revenue.partners import commission_minor

E, C, S = RevenueEntry, CommissionRow, StatementRow


class Account(StrEnum):
    """`commission` and `placements`: what was earned (below nothing). `owed`: by partners, in no statement yet. `stated`: in a closed statement."""

    COMMISSION = "commission"
    PLACEMENTS = "placements"
    OWED = "owed"
    STATED = "stated"


EARNED = (Account.COMMISSION, Account.PLACEMENTS)
CLOSED = "closed"
"""Why, when what is owed goes into a statement."""


def enter(
    session: Session, source: Account, target: Account, amount_minor: int, currency: str, why: str, *, partner_id: str, cause: str, at: datetime,
    line_no: int = 0, product_id: str = "", rate_bp: int = 0, base_minor: int = 0, statement_id: str | None = None,
) -> None:  # fmt: skip
    """One movement: `amount_minor` from `source` to `target` (below nothing: back)."""
    both = {
        "movement": new_id("rev"), "partner_id": partner_id, "currency": currency, "base_minor": base_minor, "cause": cause, "line_no": line_no, "product_id": product_id,
        "rate_bp": rate_bp, "why": why, "statement_id": statement_id, "at": at,
    }  # fmt: skip
    double_entry.enter(session, E, source, target, amount_minor, both)


def settle(session: Session, sold: CommissionRow, kept_minor: int, why: str, *, at: datetime) -> None:
    """Bring one sold line to what is kept of it."""
    before_minor = sold.kept_minor
    line = update(C).where(C.order_id == sold.order_id, C.line_no == sold.line_no, C.kept_minor == before_minor)
    if kept_minor == before_minor or not moved(session, line.values(kept_minor=kept_minor)):
        return
    differs_minor = commission_minor(kept_minor, sold.rate_bp) - commission_minor(before_minor, sold.rate_bp)
    enter(
        session, Account.COMMISSION, Account.OWED, differs_minor, sold.currency, why, partner_id=sold.partner_id, cause=sold.order_id, at=at,
        line_no=sold.line_no, product_id=sold.product_id, rate_bp=sold.rate_bp, base_minor=kept_minor - before_minor,
    )  # fmt: skip


def sums(session: Session) -> dict[str, dict[str, int]]:
    """Currency -> account -> minor units."""
    return double_entry.sums(session, E)


def drift(session: Session) -> dict[str, int]:
    """What does not agree, and must be empty: entries that do not add up, sold lines and placements beside what was booked for them, and statements beside theirs."""
    found = double_entry.drift(session, E)
    of_line = select(E.cause, E.line_no, func.sum(E.amount_minor)).where(E.account == Account.COMMISSION).group_by(E.cause, E.line_no)
    booked = {(order_id, line_no): -int(minor) for order_id, line_no, minor in session.execute(of_line)}
    for order_id, line_no, kept_minor, rate_bp in session.execute(select(C.order_id, C.line_no, C.kept_minor, C.rate_bp)):
        found[f"line {order_id} {line_no}"] = commission_minor(kept_minor, rate_bp) - booked.get((order_id, line_no), 0)
    of_statement = select(E.statement_id, func.sum(E.amount_minor)).where(E.account == Account.STATED).group_by(E.statement_id)
    stated = {statement_id: int(minor) for statement_id, minor in session.execute(of_statement)}
    for statement_id, total_minor in session.execute(select(S.id, S.total_minor)):
        found[f"statement {statement_id}"] = total_minor - stated.get(statement_id, 0)
    still = select(E.statement_id, func.sum(E.amount_minor)).where(E.account == Account.OWED, E.statement_id.is_not(None)).group_by(E.statement_id)
    found |= {f"still owed of {statement_id}": int(minor) for statement_id, minor in session.execute(still)}
    of_placement = select(E.cause, func.sum(E.amount_minor)).where(E.account == Account.PLACEMENTS).group_by(E.cause)
    charged = {placement_id: -int(minor) for placement_id, minor in session.execute(of_placement)}
    for placement_id, spent_minor in session.execute(select(PlacementRow.id, PlacementRow.spent_minor)):
        found[f"placement {placement_id}"] = spent_minor - charged.get(placement_id, 0)
    return {what: minor for what, minor in found.items() if minor}
