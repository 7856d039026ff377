"""What time and late truth do to coupons: due ones expire, lapsed reservations come back, retracted moments void theirs.

Owns the moves nobody asked for. A sweep passes over coupons that somebody is moving, and counters come last (ledger.Books),
so that it never waits in a circle with another sweep or with a redemption of one.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from offers import moves, redemption, repository
from offers.contracts import CouponState
from offers.ledger import Books, held_minor
from offers.models import CouponRow
from offers.reasons import ReasonCode


def _due(session: Session, state: CouponState, column: object, at: datetime, limit: int) -> list[CouponRow]:
    """Locked, as far as nobody else is moving them: a sweep holds many coupons, so it must wait for none (the next one finds it)."""
    statement = select(CouponRow).where(CouponRow.state == state, column <= at).order_by(CouponRow.id).limit(limit)  # type: ignore[operator]
    statement = statement.with_for_update(skip_locked=True)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def expire_due(session: Session, at: datetime, limit: int = 500) -> int:
    """reserved -> home for reservations that ran out, issued -> expired for coupons whose time is over; at most `limit` of each.

    Returns how many moved.
    """
    books = Books(session, at)
    count = _lapse(session, at, limit, books) + _expire(session, at, limit, books)
    books.close()
    return count


def _lapse(session: Session, at: datetime, limit: int, books: Books) -> int:
    due = _due(session, CouponState.RESERVED, CouponRow.reserved_until, at, limit)
    return sum(redemption.lapse(session, coupon, at, books) for coupon in due)


def _expire(session: Session, at: datetime, limit: int, books: Books) -> int:
    """Frees what they held of the budget."""
    count = 0
    for coupon in _due(session, CouponState.ISSUED, CouponRow.expires_at, at, limit):
        if moves.move(session, coupon, CouponState.ISSUED, CouponState.EXPIRED, at):
            books.enter(coupon, CouponState.ISSUED, CouponState.EXPIRED, reserved_minor=-held_minor(coupon))
            count += 1
    return count


def revoke_of_moment(session: Session, moment_id: str, at: datetime, why: str = ReasonCode.MOMENT_RETRACTED) -> bool:
    """Late truth: the moment never was. Its coupon is revoked unless used; a reserved one when it comes back. One that has expired
    is revoked, too: what was given for nothing counts toward no cap. True if one was touched."""
    touched = [_revoke(session, coupon_id, at, why) for coupon_id in _of_moment(session, moment_id)]
    return any(touched)


def stands_again(session: Session, moment_id: str, at: datetime) -> bool:
    """The moment is true after all: a coupon of it that is used, or part of an order, is no longer to be withdrawn. True if
    there is one."""
    kept = False
    for coupon_id in _of_moment(session, moment_id):
        coupon = repository.coupon_row(session, coupon_id)
        if coupon is not None and coupon.state in (CouponState.RESERVED, CouponState.REDEEMED):
            if not moves.move(session, coupon, coupon.state, coupon.state, at, retracted_at=None):
                raise RuntimeError("the coupon of a moment moved while it was told again; the event will be delivered again")
            kept = True
    return kept


def _of_moment(session: Session, moment_id: str) -> list[str]:
    """By id: the order in which coupons are locked. More than one only where the moment was taken back and told again."""
    return list(session.scalars(select(CouponRow.id).where(CouponRow.moment_id == moment_id).order_by(CouponRow.id)))


def _revoke(session: Session, coupon_id: str, at: datetime, why: str) -> bool:
    for _ in range(moves.MOST_TRIES):
        coupon = repository.coupon_row(session, coupon_id)
        if coupon is None or coupon.retracted_at is not None or coupon.state == CouponState.REVOKED:
            return False
        books = Books(session, at)
        done = moves.revoked_or_marked(session, coupon, at, why, books)
        books.close()
        if done:
            return True
    return False
