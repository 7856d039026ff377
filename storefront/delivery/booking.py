"""Holding a slot for an order, giving it back, moving to another: what is taken and who took it change together.

Owns these three. The caller is in the transaction that moves the order, and holds the order's row (or is about to write it); then
come products, then slots (two of them by id), then coupons. Must not know an order's states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.addresses import repository as addresses
from storefront.addresses.formats import label
from storefront.collection import repository as collections
from storefront.contracts import DeliveryView
from storefront.delivery import repository
from storefront.delivery.choosing import Chosen
from storefront.delivery.models import DeliveryBookingRow
from storefront.delivery.repository import HELD
from storefront.errors import SlotDearer, SlotFixed, SlotFull, UnknownSlot
from storefront.slots import calendar, places
from storefront.slots.calendar import Slot


@dataclass(frozen=True, slots=True)
class OtherSlot:
    """Where a booking could go. `left`: how many still fit in."""

    slot: Slot
    left: int


def hold(session: Session, chosen: Chosen) -> None:
    """Take the slot that was chosen, if it is that kind of way. Raises SlotFull; the caller's transaction then comes to nothing."""
    if chosen.slot is not None and not places.take(session, chosen.slot):
        raise SlotFull(extra={"slot_id": chosen.slot.id})


def write(session: Session, order_id: str, shopper_id: str, chosen: Chosen, at: datetime) -> None:
    """After `hold`, when the order stands: what it has booked and where it goes, or where it is fetched."""
    slot, area, kept = chosen.slot, chosen.area, chosen.kept
    if chosen.stores and area is not None and area.place_id is not None:
        collections.write(session, order_id, shopper_id, area.place_id, area.kept_days, at)
    if slot is None or area is None or kept is None:
        return
    session.add(
        DeliveryBookingRow(
            order_id=order_id, shopper_id=shopper_id, area_id=area.id, slot_id=slot.id, state=HELD, sealed=addresses.sealed(shopper_id, kept.address, order_id),
            timezone=area.calendar.timezone, currency=chosen.currency, price_minor=chosen.price_minor, base_minor=chosen.base_minor, starts_at=slot.starts_at, ends_at=slot.ends_at, closes_at=slot.closes_at,
        )
    )  # fmt: skip
    session.flush()


def again(session: Session, before_id: str, order_id: str, shopper_id: str, at: datetime) -> None:
    """Another order that goes the way `before_id` went, at no price: to the same address in the soonest free slot, which may be moved to any that cost no
    more than was paid then; or kept in the same store. With no slot free, or no way to know, it is handed over like one that is brought to nobody."""
    fetched = collections.of_order(session, before_id)
    if fetched is not None:
        collections.write(session, order_id, shopper_id, fetched.place_id, fetched.kept_days, at)
    found = repository.booking(session, before_id)
    opened = addresses.opened([(found.sealed, before_id)])[0] if found is not None else None
    area = repository.area(session, found.area_id) if found is not None else None
    if found is None or opened is None or area is None:
        return
    slot = next((slot for slot in calendar.bookable(area.id, area.calendar, at) if places.take(session, slot)), None)
    if slot is None:
        return
    session.add(
        DeliveryBookingRow(
            order_id=order_id, shopper_id=shopper_id, area_id=area.id, slot_id=slot.id, state=HELD, sealed=addresses.sealed(shopper_id, opened, order_id),
            timezone=area.calendar.timezone, currency=found.currency, price_minor=found.price_minor, base_minor=found.base_minor, starts_at=slot.starts_at,
            ends_at=slot.ends_at, closes_at=slot.closes_at,
        )
    )  # fmt: skip
    session.flush()


def give_back(session: Session, order_id: str) -> bool:
    """The order is not to be brought: its slot is free for others. True for the one who did it, False for everybody after, and without a booking."""
    found = repository.booking(session, order_id)
    if found is None or not repository.close_booking(session, order_id):
        return False
    places.untake(session, found.slot_id)
    return True


def others(session: Session, order_id: str, at: datetime) -> list[OtherSlot]:
    """Where it may be moved to: of the same area, no dearer than what was paid; none once its own is closed."""
    found = repository.booking(session, order_id)
    if found is None or found.state != HELD or found.closes_at <= at:
        return []
    area = repository.area(session, found.area_id)
    free = [] if area is None else calendar.bookable(area.id, area.calendar, at)
    gone = places.taken(session, [slot.id for slot in free])
    return [OtherSlot(slot, slot.capacity - gone.get(slot.id, 0)) for slot in free if slot.id != found.slot_id and not _dearer(slot, found)]


def move(session: Session, order_id: str, slot_id: str, *, at: datetime) -> None:
    """To another slot of the same area, until the cut-off of its own. Asked twice, the second changes nothing.

    Raises SlotFixed, UnknownSlot, SlotDearer, SlotFull; nothing is changed then."""
    found = repository.booking(session, order_id)
    if found is None or found.state != HELD or found.closes_at <= at:
        raise SlotFixed
    if found.slot_id == slot_id:
        return
    area = repository.area(session, found.area_id)
    slot = calendar.find(area.id, area.calendar, slot_id, at) if area is not None else None
    if slot is None:
        raise UnknownSlot
    if _dearer(slot, found):
        raise SlotDearer
    before = found.slot_id
    if not places.swap(session, before, slot):
        raise SlotFull(extra={"slot_id": slot.id})
    if not repository.rebook(session, order_id, before, slot):
        raise SlotFixed  # moved or given back by another meanwhile; the transaction takes back what was taken here


def view(session: Session, order_id: str) -> DeliveryView | None:
    """What is booked, without saying where it goes."""
    found = repository.booking(session, order_id)
    if found is None:
        return None
    area = repository.area(session, found.area_id)
    return DeliveryView(
        found.slot_id, area.name if area is not None else found.area_id, found.starts_at, found.ends_at, found.closes_at, found.timezone, found.state == HELD
    )


def address_of(session: Session, order_id: str) -> tuple[str, ...]:
    """Where it is brought, as on a label; nothing without a booking, and nothing once she is erased."""
    found = repository.booking(session, order_id)
    opened = addresses.opened([(found.sealed, order_id)])[0] if found is not None else None
    return label(opened) if opened is not None else ()


def forget(session: Session, shopper_id: str) -> int:
    """She is erased: what waits to be brought to her has nowhere to go, and its slot is free. Returns how many bookings."""
    b = DeliveryBookingRow
    ids: Sequence[str] = session.scalars(select(b.order_id).where(b.shopper_id == shopper_id).order_by(b.slot_id)).all()
    for order_id in ids:
        give_back(session, order_id)
    session.execute(delete(b).where(b.order_id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _dearer(slot: Slot, found: DeliveryBookingRow) -> bool:
    """Money that was paid is not asked for again, nor given back for a cheaper hour: it may be moved where it costs no more."""
    return slot.price_minor(found.currency, found.base_minor) > found.price_minor
