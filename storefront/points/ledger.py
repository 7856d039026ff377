"""The points book: what a cause is worth by now, minus what was booked for it, is what is booked next.

Owns the entries, always two that add up to nothing, and what each shopper has. A cause (an order, a day in a store, a gift) is brought to what it is worth
as often as one likes: a second time books nothing. The caller makes sure that nobody else brings the same cause anywhere meanwhile: of an order by
holding its row (orders/worth.py), of all else by holding the shopper's standing (loyalty/weighing.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.ids import new_id
from storefront import double_entry
from storefront.contracts import ERASED, PointsView
from storefront.points.models import SHOP, SHOPPER, PointsEntry, PointsRow

EXCHANGED, LAPSED = "exchanged", "lapsed"
"""Why points went although what they were for stands."""


@dataclass(frozen=True, slots=True)
class Lot:
    """What stands of one cause, and when it came."""

    cause: str
    why: str
    came_at: datetime
    points: int


def settle(session: Session, *, shopper_id: str, cause: str, worth: int, why: str, at: datetime, order_id: str | None = None) -> int:
    """Book what is missing of `worth`, or was too much; returns the difference in points."""
    points = worth - of_cause(session, cause)
    if points:
        _enter(session, shopper_id, points, cause, why, at, order_id)
        _add(session, shopper_id, points, at)
    return points


def take(session: Session, shopper_id: str, points: int, cause: str, why: str, *, at: datetime) -> bool:
    """So many of hers are used up; False when she has fewer."""
    p = PointsRow
    enough = update(p).where(p.shopper_id == shopper_id, p.points >= points)
    if not moved(session, enough.values(points=p.points - points, changed_at=at)):
        return False
    _enter(session, shopper_id, -points, cause, why, at, None)
    return True


def _enter(session: Session, shopper_id: str, points: int, cause: str, why: str, at: datetime, order_id: str | None) -> None:
    pair = {"movement": new_id("pts"), "shopper_id": shopper_id, "cause": cause, "order_id": order_id, "why": why, "at": at}
    rows = [pair | {"account": SHOPPER, "points": points}, pair | {"account": SHOP, "points": -points}]
    session.execute(insert(PointsEntry), rows)


def _add(session: Session, shopper_id: str, points: int, at: datetime) -> None:
    """Of somebody who is no longer known nobody has them."""
    if shopper_id == ERASED:
        return
    p = PointsRow
    insert_new(session, p, {"shopper_id": shopper_id, "points": 0, "changed_at": at}, unique=["shopper_id"])
    moved(session, update(p).where(p.shopper_id == shopper_id).values(points=p.points + points, changed_at=at))


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> int:
    """What somebody had before she signed in is hers; returns how many points."""
    points = balance(session, before)
    e, p = PointsEntry, PointsRow
    session.execute(update(e).where(e.shopper_id == before).values(shopper_id=into).execution_options(synchronize_session=False))
    if points:
        _add(session, into, points, at)
    session.execute(delete(p).where(p.shopper_id == before).execution_options(synchronize_session=False))
    return points


def of_cause(session: Session, cause: str) -> int:
    """Points that stand for it."""
    mine = select(func.sum(PointsEntry.points)).where(PointsEntry.cause == cause, PointsEntry.account == SHOPPER)
    return int(session.scalar(mine) or 0)


def lots(session: Session, shopper_id: str) -> list[Lot]:
    """All causes of hers with what stands of each, the oldest first."""
    e = PointsEntry
    rows = session.execute(select(e.cause, e.why, e.at, e.points).where(e.shopper_id == shopper_id, e.account == SHOPPER).order_by(e.at, e.movement))
    found: dict[str, Lot] = {}
    for cause, why, at, points in rows:
        before = found.get(cause, Lot(cause, why, at, 0))
        found[cause] = Lot(cause, before.why, before.came_at, before.points + points)
    return list(found.values())


def entries(session: Session, shopper_id: str, *, limit: int = 100) -> list[PointsView]:
    """Her movements, newest first."""
    e = PointsEntry
    rows = select(e.order_id, e.points, e.why, e.at, e.cause).where(e.shopper_id == shopper_id, e.account == SHOPPER)
    return [PointsView(*row) for row in session.execute(rows.order_by(e.at.desc(), e.movement.desc()).limit(limit))]


def balance(session: Session, shopper_id: str) -> int:
    """What she has."""
    return session.scalar(select(PointsRow.points).where(PointsRow.shopper_id == shopper_id)) or 0


def drift(session: Session) -> dict[str, int]:
    """What does not agree, and must be empty: entries that do not add up to nothing, movements that are not two, and what somebody has against her entries."""
    e, p = PointsEntry, PointsRow
    found = {"sum": int(session.scalar(select(func.sum(e.points))) or 0), "uneven movements": double_entry.uneven(session, e.movement, e.points)}
    told = {shopper_id: int(points) for shopper_id, points in session.execute(select(e.shopper_id, func.sum(e.points)).where(e.account == SHOPPER, e.shopper_id != ERASED).group_by(e.shopper_id))}
    for shopper_id, points in session.execute(select(p.shopper_id, p.points)):
        found[f"points {shopper_id}"] = points - told.pop(shopper_id, 0)
    found |= {f"points {shopper_id}": -points for shopper_id, points in told.items()}
    return {name: difference for name, difference in found.items() if difference}
