"""Collections: the statements. Each change of state is one conditional UPDATE.

Owns them. Must not decide who may do what.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved, touched
from storefront.collection.models import CollectionRow

OPEN, READY, HANDED_OVER = "open", "ready", "handed_over"
BY_MOMENT, BY_HERSELF = "moment", "herself"
C = CollectionRow
ANY_READY = select(C.order_id).where(C.state == READY).limit(1)
"""Whether anything waits for anybody: if not, nobody who comes in matters here."""


def write(session: Session, order_id: str, shopper_id: str, place_id: str, kept_days: int, at: datetime) -> None:
    """With the order: it is to be picked there."""
    session.add(C(order_id=order_id, shopper_id=shopper_id, place_id=place_id, state=OPEN, kept_days=kept_days, placed_at=at))
    session.flush()


def of_order(session: Session, order_id: str) -> CollectionRow | None:
    return session.execute(select(C).where(C.order_id == order_id).execution_options(populate_existing=True)).scalar_one_or_none()


def of_places(session: Session, place_ids: Collection[str], limit: int = 100) -> list[CollectionRow]:
    """What is to be picked, waits or is being waited for; who has arrived first, then what is to be picked, the oldest first."""
    rows = select(C).where(C.place_id.in_(place_ids), C.state.in_((OPEN, READY))).order_by(C.arrived_at.is_(None), C.arrived_at, C.state, C.placed_at)
    return list(session.scalars(rows.limit(limit)))


def make_ready(session: Session, order_id: str, at: datetime, until: datetime) -> bool:
    return moved(session, update(C).where(C.order_id == order_id, C.state == OPEN).values(state=READY, ready_at=at, ready_until=until))


def arrive(session: Session, order_id: str, at: datetime, by: str, moment_id: str | None = None) -> bool:
    """She is there; the first to say so counts."""
    here = update(C).where(C.order_id == order_id, C.state == READY, C.arrived_at.is_(None))
    return moved(session, here.values(arrived_at=at, arrived_by=by, moment_id=moment_id))


def waiting_at(session: Session, shopper_id: str, place_id: str) -> list[str]:
    """Her orders that are ready there and of which nobody has said that she is there."""
    rows = select(C.order_id).where(C.shopper_id == shopper_id, C.place_id == place_id, C.state == READY, C.arrived_at.is_(None))
    return list(session.scalars(rows.order_by(C.order_id)))


def not_there(session: Session, shopper_id: str, moment_id: str) -> int:
    """The moment was taken back: nobody has come by it. Returns how many orders were told so."""
    mine = select(C.order_id).where(C.shopper_id == shopper_id, C.moment_id == moment_id, C.state == READY)
    took = list(session.scalars(mine.order_by(C.order_id)))
    for order_id in took:
        moved(session, update(C).where(C.order_id == order_id, C.moment_id == moment_id, C.state == READY).values(arrived_at=None, arrived_by=None, moment_id=None))
    return len(took)


def hand_over(session: Session, order_id: str, at: datetime, by: str) -> bool:
    """ready -> handed_over: True for the one who did it."""
    return moved(session, update(C).where(C.order_id == order_id, C.state == READY).values(state=HANDED_OVER, handed_at=at, handed_by=by))


def forget(session: Session, shopper_id: str) -> int:
    """She is erased: nobody fetches it any more."""
    return touched(session, delete(C).where(C.shopper_id == shopper_id))
