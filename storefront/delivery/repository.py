"""Areas, what is taken of slots, and bookings: the statements.

Owns them, and that a hold is one conditional UPDATE. Must not decide what may be booked: slots.py does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.delivery.areas import Area, area_of
from storefront.delivery.models import DeliveryAreaRow, DeliveryBookingRow, DeliverySlotRow
from storefront.delivery.slots import Slot

HELD, GIVEN_BACK = "held", "given_back"


def areas(session: Session) -> list[Area]:
    """All of them, by id."""
    return [area_of(area_id, document) for area_id, document in documents(session)]


def area(session: Session, area_id: str) -> Area | None:
    """None for one that was taken away since."""
    document = session.scalar(select(DeliveryAreaRow.document).where(DeliveryAreaRow.id == area_id))
    return area_of(area_id, document) if document is not None else None


def documents(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """(id, document) as they were written, by id."""
    return [(row.id, row.document) for row in session.execute(select(DeliveryAreaRow.id, DeliveryAreaRow.document).order_by(DeliveryAreaRow.id))]


def put_area(session: Session, area_id: str, document: Mapping[str, Any], at: datetime) -> None:
    values = {"document": dict(document), "changed_at": at}
    if not insert_new(session, DeliveryAreaRow, {"id": area_id, **values}, unique=["id"]):
        moved(session, update(DeliveryAreaRow).where(DeliveryAreaRow.id == area_id).values(**values))


def drop_area(session: Session, area_id: str) -> bool:
    """What is booked stays booked; nothing more is."""
    gone = delete(DeliveryAreaRow).where(DeliveryAreaRow.id == area_id)
    return bool(cast("CursorResult[Any]", session.execute(gone)).rowcount)


# --- what is taken ----------------------------------------------------------------------------------------------------


def taken(session: Session, slot_ids: Collection[str]) -> dict[str, int]:
    """How many have been taken of each that anybody has booked."""
    rows = session.execute(select(DeliverySlotRow.id, DeliverySlotRow.taken).where(DeliverySlotRow.id.in_(slot_ids)))
    return {row.id: row.taken for row in rows}


def take(session: Session, slot: Slot) -> bool:
    """One more; False when it is full. The condition stands in the UPDATE, so that of two who want the last one gets it."""
    insert_new(session, DeliverySlotRow, {"id": slot.id, "taken": 0, "ends_at": slot.ends_at}, unique=["id"])
    free = update(DeliverySlotRow).where(DeliverySlotRow.id == slot.id, DeliverySlotRow.taken < slot.capacity)
    return moved(session, free.values(taken=DeliverySlotRow.taken + 1))


def untake(session: Session, slot_id: str) -> None:
    moved(session, update(DeliverySlotRow).where(DeliverySlotRow.id == slot_id, DeliverySlotRow.taken > 0).values(taken=DeliverySlotRow.taken - 1))


# --- bookings ---------------------------------------------------------------------------------------------------------


def booking(session: Session, order_id: str) -> DeliveryBookingRow | None:
    row = select(DeliveryBookingRow).where(DeliveryBookingRow.order_id == order_id)
    return session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()


def close_booking(session: Session, order_id: str) -> bool:
    """held -> given_back: True for the one who did it."""
    b = DeliveryBookingRow
    return moved(session, update(b).where(b.order_id == order_id, b.state == HELD).values(state=GIVEN_BACK))


def rebook(session: Session, order_id: str, left: str, slot: Slot) -> bool:
    """From the slot `left` to another, while it is held; False when somebody moved or gave it back meanwhile."""
    b = DeliveryBookingRow
    mine = update(b).where(b.order_id == order_id, b.slot_id == left, b.state == HELD)
    return moved(session, mine.values(slot_id=slot.id, starts_at=slot.starts_at, ends_at=slot.ends_at, closes_at=slot.closes_at))
