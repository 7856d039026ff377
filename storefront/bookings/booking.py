"""Holding times for an order, booking them when it is paid, giving them back, moving them: what is taken and who took it change together.

Owns these moves. The caller is in the transaction that moves the order, and holds the order's row (or is about to write it); then come products, the slot of
its delivery, then these slots by id, then coupons. Must not know an order's states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from storefront.booking_contracts import BookingConfirmed, BookingEnded, BookingNeared
from storefront.bookings import repository
from storefront.bookings.choosing import Time
from storefront.bookings.errors import BookingFixed
from storefront.bookings.models import BookingRow
from storefront.bookings.repository import BOOKED, GIVEN_BACK, HELD
from storefront.errors import SlotDearer, SlotFull, UnknownSlot
from storefront.slots import calendar, places
from storefront.slots.calendar import Slot

REMIND_BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OtherTime:
    """Where a booking could go. `left`: how many places."""

    slot: Slot
    left: int


def hold(session: Session, times: Mapping[str, Time]) -> None:
    """Take the places that were chosen. Raises SlotFull; the caller's transaction then comes to nothing."""
    for slot, count in sorted(((time.slot, time.quantity) for time in times.values() if time.slot is not None), key=lambda one: one[0].id):
        if not places.take(session, slot, count):
            raise SlotFull(extra={"slot_id": slot.id})


def write(session: Session, order_id: str, shopper_id: str, times: Mapping[str, Time], numbers: Mapping[str, int]) -> None:
    """After `hold`, when the order stands: what it has taken. `numbers`: line of the cart -> line of the order."""
    for line_id, time in times.items():
        if time.slot is None or time.service is None:
            continue
        line_no, slot, of = numbers[line_id], time.slot, time.service
        session.add(
            BookingRow(
                id=derived_id("bkg", order_id, line_no), order_id=order_id, line_no=line_no, shopper_id=shopper_id, product_id=of.product_id, service_id=of.id,
                place_id=of.place_id, slot_id=slot.id, places=time.quantity, state=HELD, timezone=of.calendar.timezone, currency=time.currency,
                price_minor=time.price_minor, base_minor=time.base_minor, starts_at=slot.starts_at, ends_at=slot.ends_at, free_until=of.free_until(slot),
            )
        )  # fmt: skip
    session.flush()


def book(session: Session, order_id: str, at: datetime) -> None:
    """The order is paid."""
    for row in repository.of_order(session, order_id):
        if repository.become(session, row.id, BOOKED, of=(HELD,), remind_at=_remind_at(row.starts_at, at)):
            emit(session, _confirmed(row), subject=row.shopper_id)


def give_back(session: Session, order_id: str, at: datetime) -> None:
    """The order is given up, or all its money goes back: what was not given yet is free for others."""
    for row in _by_slot(repository.of_order(session, order_id)):
        _release(session, row, row.places, at)


def release(session: Session, order_id: str, pieces: Mapping[int, int], at: datetime) -> None:
    """So many places (line number -> how many) are given back by themselves; of lines that are no times, and of what was given, nothing."""
    for row in _by_slot(repository.of_order(session, order_id)):
        if count := pieces.get(row.line_no, 0):
            _release(session, row, count, at)


def others(session: Session, row: BookingRow, at: datetime) -> list[OtherTime]:
    """Where it may be moved to: in the same store, no dearer than what was paid, with room for all; none once the time to move is over."""
    if not _hers(row, at):
        return []
    found = repository.service(session, row.service_id)
    free = [] if found is None else calendar.bookable(found.id, found.calendar, at)
    gone = places.taken(session, [slot.id for slot in free])
    left = [OtherTime(slot, slot.capacity - gone.get(slot.id, 0)) for slot in free if slot.id != row.slot_id and not _dearer(slot, row)]
    return [one for one in left if one.left >= row.places]


def move(session: Session, row: BookingRow, slot_id: str, *, at: datetime) -> None:
    """To another time. Asked twice, the second changes nothing. Raises BookingFixed, UnknownSlot, SlotDearer, SlotFull; nothing is changed then."""
    if not _hers(row, at):
        raise BookingFixed
    if row.slot_id == slot_id:
        return
    found = repository.service(session, row.service_id)
    slot = calendar.find(found.id, found.calendar, slot_id, at) if found is not None else None
    if found is None or slot is None:
        raise UnknownSlot
    if _dearer(slot, row):
        raise SlotDearer
    if not places.swap(session, row.slot_id, slot, row.places):
        raise SlotFull(extra={"slot_id": slot.id})
    remind_at = _remind_at(slot.starts_at, at) if row.state == BOOKED else None
    if not repository.rebook(session, row.id, row.slot_id, slot, free_until=found.free_until(slot), remind_at=remind_at):
        raise BookingFixed  # moved or given back by another meanwhile; the transaction takes back what was taken here
    moved = repository.found(session, row.id)
    if moved is not None and moved.state == BOOKED:
        emit(session, _confirmed(moved), subject=moved.shopper_id)


def remind(session: Session, row: BookingRow) -> bool:
    """It is a day away: whoever tells her may do so, once."""
    if not repository.reminded(session, row.id):
        return False
    emit(session, BookingNeared(row.id, row.order_id, row.shopper_id, row.starts_at), subject=row.shopper_id)
    return True


def end(session: Session, row: BookingRow, state: str, *, by: str, at: datetime) -> bool:
    """booked -> attended or missed: True for the one who did it."""
    if not repository.become(session, row.id, state, of=(BOOKED,), ended_at=at, ended_by=by, remind_at=None):
        return False
    emit(session, BookingEnded(row.id, row.order_id, row.shopper_id, state, row.places, at), subject=row.shopper_id)
    return True


def forget(session: Session, shopper_id: str, at: datetime) -> int:
    """She is erased: nobody comes any more, and her places are free. Returns how many bookings."""
    rows = list(session.scalars(select(BookingRow).where(BookingRow.shopper_id == shopper_id).order_by(BookingRow.slot_id)))
    for row in rows:
        _release(session, row, row.places, at)
    session.execute(delete(BookingRow).where(BookingRow.id.in_([row.id for row in rows])).execution_options(synchronize_session=False))
    return len(rows)


def _release(session: Session, row: BookingRow, count: int, at: datetime) -> None:
    if not repository.fewer(session, row.id, count):
        return
    places.untake(session, row.slot_id, count)
    if row.places == count:
        repository.become(session, row.id, GIVEN_BACK, of=(HELD, BOOKED), ended_at=at, remind_at=None)
    if row.state == BOOKED:
        emit(session, BookingEnded(row.id, row.order_id, row.shopper_id, GIVEN_BACK, count, at), subject=row.shopper_id)


def _by_slot(rows: Sequence[BookingRow]) -> list[BookingRow]:
    """Two slots are always locked by their ids."""
    return sorted(rows, key=lambda row: row.slot_id)


def _hers(row: BookingRow, at: datetime) -> bool:
    return row.state in (HELD, BOOKED) and row.free_until > at


def _dearer(slot: Slot, row: BookingRow) -> bool:
    """Money that was paid is not asked for again, nor given back for a cheaper hour: it may be moved where it costs no more."""
    return slot.price_minor(row.currency, row.base_minor) > row.price_minor


def _remind_at(starts_at: datetime, at: datetime) -> datetime | None:
    """None where she has booked it less than a day before: she knows."""
    return starts_at - REMIND_BEFORE if starts_at - REMIND_BEFORE > at else None


def _confirmed(row: BookingRow) -> BookingConfirmed:
    return BookingConfirmed(row.id, row.order_id, row.shopper_id, row.product_id, row.place_id, row.places, row.starts_at, row.moves)
