"""Areas and what orders have booked of them: the statements.

Owns them. Must not decide what may be booked: storefront/slots/calendar.py does; nor how many fit in: storefront/slots/places.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.delivery.areas import Area, area_of
from storefront.delivery.models import DeliveryAreaRow, DeliveryBookingRow
from storefront.slots.calendar import Slot

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
