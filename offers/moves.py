"""The moves every use case shares: the conditional UPDATE itself, where a coupon goes home to, and taking a use back.

Owns the statement by which all races are decided. A move names the state and the revision it was seen in: of any number of
racers exactly one changes the row, the others change nothing and look again. Must not decide who may move what.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Update, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel.bulk import Rows
from app.kernel.db import moved
from app.kernel.outbox import emit, emit_if_owed
from offers import chunks, ledger, repository
from offers.contracts import CouponMoved, CouponReleased, CouponState
from offers.ledger import Books, held_minor
from offers.models import Counter, CouponRow, Redemption

MOST_TRIES = 8
"""A loser of a race looks again; what it finds then is an answer. More tries than states a coupon can go through."""


_coupons = cast("Any", CouponRow.__table__)
FREE: tuple[ColumnElement[bool], ...] = (_coupons.c.expires_at > bindparam("changed_at"), _coupons.c.retracted_at.is_(None))
"""A condition of `move`: usable at the instant of the move."""
OF_USE: tuple[ColumnElement[bool], ...] = (_coupons.c.redemption_id == bindparam("of_use"),)
"""A condition of `move`: in that use, and no other."""


@cache
def _moving(conditions: tuple[ColumnElement[bool], ...], names: tuple[str, ...]) -> Update:
    """Built once for each kind of move: building it costs several times what running it does."""
    seen = (_coupons.c.id == bindparam("of_coupon"), _coupons.c.state == bindparam("from_state"), _coupons.c.revision == bindparam("seen"))
    given = {name: bindparam(name) for name in names}
    return update(_coupons).where(*seen, *conditions).values(revision=_coupons.c.revision + 1, **given)


def move(
    session: Session,
    coupon: CouponRow,
    from_state: str,
    to_state: str,
    at: datetime,
    *conditions: ColumnElement[bool],
    of_use: str | None = None,
    **values: Any,
) -> bool:
    """`coupon` as it was read: True if its row was still so and is now `to_state` with `values`.

    `conditions` is FREE, or OF_USE with `of_use`.
    """
    changed = {"state": str(to_state), "changed_at": at, **values}
    known = {"of_coupon": coupon.id, "from_state": str(from_state), "seen": coupon.revision}
    if of_use is not None:
        known["of_use"] = of_use
    if not moved(session, _moving(conditions, tuple(changed)), known | changed):
        return False
    if from_state != to_state:
        emit_if_owed(session, CouponMoved(coupon.id, coupon.shopper_id, at), subject=coupon.shopper_id)
    return True


_OF_USE = tuple(column.key for column in Redemption.__table__.columns)


def kept(use: Redemption) -> Rows:
    """A use as it is written down, of which nothing has come back; the object itself stays outside the session."""
    use.returned_minor = 0
    return Redemption, _OF_USE, [[getattr(use, name) for name in _OF_USE]]


def lapsed(coupon: CouponRow, at: datetime) -> bool:
    """Reserved, and the time for it has run out."""
    return coupon.state == CouponState.RESERVED and coupon.reserved_until is not None and coupon.reserved_until <= at


def locked(session: Session, coupon_ids: Iterable[str]) -> list[CouponRow]:
    """The coupons by id. Several are locked first, in that order: two who move some of the same never wait for each other in a
    circle. One needs none: its move is the lock."""
    ids = sorted(set(coupon_ids))
    statement = select(CouponRow).where(CouponRow.id.in_(ids)).order_by(CouponRow.id).execution_options(populate_existing=True)
    if len(ids) < 2:
        return list(session.scalars(statement))
    return list(session.scalars(statement.with_for_update()))


def home_state(coupon: CouponRow, at: datetime) -> CouponState:
    """Where a coupon that comes back from an order or a till belongs."""
    if coupon.retracted_at is not None:
        return CouponState.REVOKED
    return CouponState.EXPIRED if coupon.expires_at <= at else CouponState.ISSUED


def unuse(session: Session, coupon: CouponRow, use: Redemption, at: datetime, why: str) -> bool:
    """redeemed -> home, the money out of `spent`; marks the redemption undone. False if the coupon is not in that use."""
    if not undo(session, use, at, why):
        return False
    home = _home_from_use(session, coupon, use, at)
    books = Books(session, at)
    spent_minor = use.spent_minor
    again_minor = 0
    if home == CouponState.ISSUED and coupon.bound_minor is not None:
        again_minor = min(coupon.bound_minor, spent_minor)
        if again_minor < coupon.bound_minor:
            _ask_for_all(session, coupon, again_minor, at, use.id, why)
    books.enter(
        coupon,
        CouponState.REDEEMED,
        home,
        reserved_minor=again_minor,
        spent_minor=-spent_minor,
        cause=use.id,
        why=why,
    )
    books.close()
    emit(session, CouponReleased(coupon.id, coupon.campaign_id, coupon.shopper_id, why, at), subject=coupon.shopper_id)
    return True


def _home_from_use(session: Session, coupon: CouponRow, use: Redemption, at: datetime) -> CouponState:
    """Meanwhile its moment may have been taken back, or stand again: then the coupon is still in that use, and its home another."""
    for _ in range(MOST_TRIES):
        home = home_state(coupon, at)
        if move(session, coupon, CouponState.REDEEMED, home, at, *OF_USE, of_use=use.id, order_id=None, redemption_id=None):
            return home
        session.refresh(coupon)
    raise RuntimeError("a standing redemption whose coupon is not redeemed")


def _ask_for_all(session: Session, coupon: CouponRow, again_minor: int, at: datetime, cause: str, why: str) -> None:
    """The use cost less than the coupon is good for. It comes back worth what it cost, which the budget still has; at the end of
    the transaction the budget is asked for the difference, and if that has gone to others meanwhile, it stays at that."""
    whole_minor, revision = coupon.bound_minor or 0, coupon.revision + 1
    bound = update(CouponRow).where(CouponRow.id == coupon.id)
    session.execute(bound.values(bound_minor=again_minor))

    def ask() -> None:
        now, extra_minor = repository.coupon_row(session, coupon.id), whole_minor - again_minor
        if now is None or now.revision != revision:
            return  # it has moved on in the same transaction
        if claim(session, coupon, extra_minor, Counter.budget_reserved_minor):
            session.execute(bound.values(bound_minor=whole_minor))
            books = Books(session, at)
            books.enter(
                coupon, now.state, now.state, reserved_minor=extra_minor, claimed_minor=extra_minor, cause=cause, why=why
            )
            books.close()

    ledger.last(session, coupon.campaign_id, ask)


def undo(session: Session, use: Redemption, at: datetime, why: str) -> bool:
    """Mark a use as taken back, with what it costs by now; True for the one who did it."""
    row = update(Redemption).where(
        Redemption.id == use.id, Redemption.undone_at.is_(None), Redemption.returned_minor == use.returned_minor
    )
    return moved(session, row.values(undone_at=at, undone_why=why))


def claim(session: Session, coupon: CouponRow, amount_minor: int, part: InstrumentedAttribute[int]) -> bool:
    """Take money from the budget of the coupon's campaign into `part` of its counter, reserved or spent; False when the budget
    does not have it. Only at the end of a transaction (`ledger.last`): a counter is locked after all coupons."""
    take = update(Counter).where(Counter.campaign_id == coupon.campaign_id)
    budget_minor = repository.budget_minor(session, coupon.campaign_id)
    if budget_minor is not None:
        take = take.where(Counter.budget_reserved_minor + Counter.budget_spent_minor + amount_minor <= budget_minor)
    return chunks.claim(session, coupon.campaign_id, take.values({part: part + amount_minor}))


def revoked_or_marked(session: Session, coupon: CouponRow, at: datetime, why: str, books: Books) -> bool:
    """issued or expired -> revoked at once; a reserved one is marked and revoked when it comes back. False if neither was possible."""
    from_state = coupon.state
    if from_state in (CouponState.ISSUED, CouponState.EXPIRED) and move(
        session, coupon, from_state, CouponState.REVOKED, at, retracted_at=at
    ):
        freed_minor = held_minor(coupon) if from_state == CouponState.ISSUED else 0
        books.enter(coupon, from_state, CouponState.REVOKED, reserved_minor=-freed_minor, why=why)
        return True
    return coupon.state in (CouponState.RESERVED, CouponState.REDEEMED) and move(
        session, coupon, coupon.state, coupon.state, at, retracted_at=at
    )
