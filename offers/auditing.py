"""Are the books right? Coupon rows, ledger and counter counted independently and compared.

Owns the ledger identity: issued = live + reserved + redeemed + expired + revoked, and the money beside it. Reads only.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from offers import repository
from offers.contracts import Books, CouponState
from offers.ledger import CAMPAIGN
from offers.models import CouponRow, LedgerEntry, Redemption
from offers.reasons import ReasonCode


def _rows_by_state(session: Session, campaign_id: str) -> dict[str, int]:
    rows = session.execute(
        select(CouponRow.state, func.count()).where(CouponRow.campaign_id == campaign_id).group_by(CouponRow.state)
    )
    return dict(rows.all())


def _ledger_by_state(session: Session, campaign_id: str) -> dict[str, int]:
    entry = LedgerEntry
    balance: dict[str, int] = {}
    rows = session.execute(
        select(entry.from_state, entry.to_state, func.count())
        .where(entry.campaign_id == campaign_id)
        .group_by(entry.from_state, entry.to_state)
    )
    for from_state, to_state, count in rows:
        balance[from_state] = balance.get(from_state, 0) - count
        balance[to_state] = balance.get(to_state, 0) + count
    return balance


def books(session: Session, campaign_id: str) -> Books:
    """The identity of one campaign, with every difference named."""
    rows, ledger = _rows_by_state(session, campaign_id), _ledger_by_state(session, campaign_id)
    counter = repository.given(session, campaign_id)
    drift: list[str] = []

    def compare(what: str, expected: int, found: int) -> None:
        if expected != found:
            drift.append(f"{what}: {expected} against {found}")

    for state in CouponState:
        compare(f"{state} rows and ledger", rows.get(state, 0), ledger.get(state, 0))
    issued = -ledger.get(CAMPAIGN, 0)
    compare("issued by ledger and rows", issued, sum(rows.values()))
    if counter is not None:
        compare("issued by counter and ledger", counter.issued, issued)
        compare("redeemed by counter and rows", counter.redeemed, rows.get(CouponState.REDEEMED, 0))
        compare("revoked by counter and rows", counter.revoked, rows.get(CouponState.REVOKED, 0))
        alive = (CouponState.ISSUED, CouponState.RESERVED)
        held = session.scalar(
            select(func.coalesce(func.sum(CouponRow.bound_minor), 0)).where(
                CouponRow.campaign_id == campaign_id, CouponRow.state.in_(alive)
            )
        )
        compare("money reserved by counter and coupons", counter.budget_reserved_minor, int(held or 0))
        spent = session.scalar(
            select(func.coalesce(func.sum(Redemption.discount_minor - Redemption.returned_minor), 0)).where(
                Redemption.campaign_id == campaign_id, Redemption.undone_at.is_(None)
            )
        )
        compare("money spent by counter and redemptions", counter.budget_spent_minor, int(spent or 0))
        entry = LedgerEntry
        sums = select(
            func.coalesce(func.sum(entry.reserved_delta_minor), 0), func.coalesce(func.sum(entry.spent_delta_minor), 0)
        )
        reserved_minor, spent_minor = session.execute(sums.where(entry.campaign_id == campaign_id)).one()
        compare("money reserved by counter and ledger", counter.budget_reserved_minor, int(reserved_minor))
        compare("money spent by counter and ledger", counter.budget_spent_minor, int(spent_minor))
    return Books(
        campaign_id,
        issued,
        rows.get(CouponState.ISSUED, 0),
        rows.get(CouponState.RESERVED, 0),
        rows.get(CouponState.REDEEMED, 0),
        rows.get(CouponState.EXPIRED, 0),
        rows.get(CouponState.REVOKED, 0),
        tuple(drift),
        _overrun_minor(session, campaign_id),
    )


def _overrun_minor(session: Session, campaign_id: str) -> int:
    """What was booked on top of the budget; of a use that was taken back since, nothing."""
    entry, use = LedgerEntry, Redemption
    standing = select(use.order_id).where(use.campaign_id == campaign_id, use.undone_at.is_(None))
    total = select(func.coalesce(func.sum(entry.spent_delta_minor), 0)).where(
        entry.campaign_id == campaign_id, entry.why == ReasonCode.BUDGET_OVERRUN, entry.cause.in_(standing)
    )
    return int(session.scalar(total) or 0)
