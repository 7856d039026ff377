"""The points book: what an order is worth by now, minus what was booked for it, is what is booked next.

Owns the entries, always two that add up to nothing. An order is brought to what it is worth as often as one likes: a second time
books nothing. The caller holds the order's row and says what it is worth (orders/worth.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from storefront.contracts import PointsView
from storefront.points.models import SHOP, SHOPPER, PointsEntry


def settle(session: Session, *, shopper_id: str, order_id: str, worth: int, why: str, at: datetime) -> int:
    """Book what is missing of `worth`, or was too much; returns the difference in points."""
    points = worth - of_order(session, order_id)
    if points:
        pair = {"movement": new_id("pts"), "shopper_id": shopper_id, "order_id": order_id, "why": why, "at": at}
        rows = [pair | {"account": SHOPPER, "points": points}, pair | {"account": SHOP, "points": -points}]
        session.execute(insert(PointsEntry), rows)
    return points


def of_order(session: Session, order_id: str) -> int:
    """Points that stand for one order."""
    mine = select(func.sum(PointsEntry.points)).where(PointsEntry.order_id == order_id, PointsEntry.account == SHOPPER)
    return int(session.scalar(mine) or 0)


def entries(session: Session, shopper_id: str, *, limit: int = 100) -> list[PointsView]:
    """Her movements, newest first."""
    e = PointsEntry
    rows = select(e.order_id, e.points, e.why, e.at).where(e.shopper_id == shopper_id, e.account == SHOPPER)
    return [PointsView(*row) for row in session.execute(rows.order_by(e.at.desc(), e.movement.desc()).limit(limit))]


def balance(session: Session, shopper_id: str) -> int:
    """What she has."""
    hers = select(func.sum(PointsEntry.points)).where(PointsEntry.shopper_id == shopper_id, PointsEntry.account == SHOPPER)
    return int(session.scalar(hers) or 0)
