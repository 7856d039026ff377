"""A time she has booked with an order: shown to her, moved or cancelled by her in time, and given at the store against the code on her phone.

Owns these steps, each begun with the order's row locked where it must still stand. A clerk acts for her stores; another's booking is as none. Whether our
own geofence may tell the store that she is there is asked of her consent each time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.verdict import Fail
from app.privacy import gate
from app.privacy.purposes import Purpose
from storefront.addresses import repository as addresses
from storefront.booking_contracts import BookingAtStore, BookingView
from storefront.bookings import booking, repository
from storefront.bookings.booking import OtherTime
from storefront.bookings.errors import BookingFixed, BookingNotOpen, CheckInRefused, UnknownBooking
from storefront.bookings.models import BookingRow
from storefront.bookings.repository import ATTENDED, BOOKED, BY_HERSELF, BY_MOMENT, GIVEN_BACK, HELD, MISSED
from storefront.bookings.showing import views
from storefront.collection import proof
from storefront.contracts import OrderState
from storefront.orders import returning
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.orders.repository import locked, owned, stands

EARLY, LATE = timedelta(hours=2), timedelta(hours=12)
"""So long before it begins she may be expected, and so long after it ended she can still be checked in: a clerk has time to make good what was forgotten."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """`others`: where it may be moved to now. `cancellable`: by herself, with all her money back."""

    booking: BookingView
    others: tuple[OtherTime, ...]
    cancellable: bool


def appointments(session: Session, order_id: str, shopper_id: str, at: datetime) -> list[Appointment]:
    """Of her order, by line. Raises UnknownOrder, also for another's."""
    order = owned(session, order_id, shopper_id)
    rows = repository.of_order(session, order_id)
    shown = views(session, rows, {line_no: name for (_, line_no), name in _names(session, rows).items()})
    out: list[Appointment] = []
    for row, view in zip(rows, shown, strict=True):
        waits = _waits(order) and row.state in (HELD, BOOKED)
        out.append(Appointment(view, tuple(booking.others(session, row, at)) if waits else (), stands(order) and row.state == BOOKED and row.free_until > at))
    return out


def move(session: Session, order_id: str, line_no: int, shopper_id: str, slot_id: str, *, at: datetime) -> None:
    """Raises UnknownOrder, UnknownBooking, BookingFixed, UnknownSlot, SlotDearer, SlotFull."""
    order, row = _hers(session, order_id, line_no, shopper_id)
    if not _waits(order):
        raise BookingFixed
    booking.move(session, row, slot_id, at=at)


def cancel(session: Session, order_id: str, line_no: int, shopper_id: str, *, at: datetime) -> bool:
    """Her places are free, and what she paid for them is due: the same as if they had come back in the store, so that it is exact to the cent and happens once.
    False: it was cancelled before. Raises UnknownOrder, UnknownBooking, BookingFixed, and what a return is refused with."""
    order, row = _hers(session, order_id, line_no, shopper_id)
    if row.state == GIVEN_BACK:
        return False
    if not stands(order) or row.state != BOOKED or row.free_until <= at:
        raise BookingFixed
    returning.ask_return(session, order_id, {line_no: row.places}, refund_id=derived_id("rfd", row.id), restock=False, asked_by="shopper", at=at)
    return True


def proof_for(session: Session, order_id: str, line_no: int, shopper_id: str, at: datetime) -> proof.LiveProof | None:
    """The code she shows; None while there is nothing to be given. Raises UnknownOrder, UnknownBooking."""
    order = owned(session, order_id, shopper_id)
    row = repository.of_line(session, order_id, line_no)
    if row is None:
        raise UnknownBooking
    return proof.live(row.id, at) if row.state == BOOKED and stands(order) else None


def here(session: Session, order_id: str, line_no: int, shopper_id: str, *, at: datetime) -> bool:
    """She says that she is there. True when that is new. Raises UnknownOrder, UnknownBooking, BookingNotOpen."""
    order = owned(session, order_id, shopper_id)
    row = repository.of_line(session, order_id, line_no)
    if row is None:
        raise UnknownBooking
    if row.state != BOOKED or not stands(order) or not _now(row, at):
        raise BookingNotOpen
    return repository.arrive(session, row.id, at, BY_HERSELF)


def arrived(session: Session, shopper_id: str, place_id: str, moment_id: str, *, at: datetime) -> int:
    """Our own geofence has seen her come. Told to the store only while she agrees to the use of her location; returns of how many bookings."""
    expected = repository.expected_at(session, shopper_id, place_id, at, EARLY)
    if not expected or isinstance(gate.may(session, shopper_id, Purpose.LOCATION, at), Fail):
        return 0
    return sum(repository.arrive(session, booking_id, at, BY_MOMENT, moment_id) for booking_id in expected)


# --- at the store -----------------------------------------------------------------------------------------------------


def at_stores(session: Session, place_ids: Collection[str], at: datetime) -> list[BookingAtStore]:
    """Today's in these stores, by each store's own clock, and what begins soon after midnight or goes on over it; who has arrived and is not checked in first, then by when they begin."""
    rows = repository.between(session, place_ids, at - timedelta(days=1), at + timedelta(days=1))
    rows = [row for row in rows if _today(row, at)]
    standing = {o.id for o in session.scalars(select(OrderRow).where(OrderRow.id.in_([row.order_id for row in rows]))) if stands(o)}
    rows = [row for row in rows if row.order_id in standing or row.state != BOOKED]
    names, called = _names(session, rows), addresses.defaults(session, {row.shopper_id for row in rows})
    rows.sort(key=lambda row: (row.arrived_at is None or row.state != BOOKED, row.starts_at, row.id))
    return [
        BookingAtStore(
            row.id, row.order_id, row.place_id, names[row.order_id, row.line_no], told.name.split()[0] if (told := called.get(row.shopper_id)) is not None else "Somebody",
            row.places, row.state, row.starts_at, row.ends_at, row.timezone, row.arrived_at, row.state == BOOKED and row.starts_at <= at,
        )
        for row in rows
    ]  # fmt: skip


def check_in(session: Session, booking_id: str, typed: str, place_ids: Collection[str], *, by: str, at: datetime) -> None:
    """Against the code her phone shows now, once. Raises UnknownBooking, BookingNotOpen, CheckInRefused."""
    row = _of_store(session, booking_id, place_ids)
    if wrong := proof.against(booking_id, typed, at, what="booking"):
        raise CheckInRefused(wrong)
    if row.state == ATTENDED:
        raise CheckInRefused("It was checked in already.")
    if not _now(row, at) or not booking.end(session, row, ATTENDED, by=by, at=at):
        raise BookingNotOpen


def miss(session: Session, booking_id: str, place_ids: Collection[str], *, by: str, at: datetime) -> None:
    """Nobody came, though it has begun; her money stays where it is. Asked twice, nothing changes. Raises UnknownBooking, BookingNotOpen."""
    row = _of_store(session, booking_id, place_ids)
    if row.state == MISSED:
        return
    if row.starts_at > at or not booking.end(session, row, MISSED, by=by, at=at):
        raise BookingNotOpen


def _of_store(session: Session, booking_id: str, place_ids: Collection[str]) -> BookingRow:
    """With the order's row locked, so that it is not given back meanwhile."""
    known = repository.found(session, booking_id)
    if known is None or known.place_id not in place_ids:
        raise UnknownBooking
    order = locked(session, known.order_id)
    row = repository.found(session, booking_id)
    if order is None or row is None:
        raise UnknownBooking
    if row.state == BOOKED and not stands(order):
        raise BookingNotOpen
    return row


def _hers(session: Session, order_id: str, line_no: int, shopper_id: str) -> tuple[OrderRow, BookingRow]:
    owned(session, order_id, shopper_id)
    order = locked(session, order_id)
    row = repository.of_line(session, order_id, line_no)
    if order is None or row is None:
        raise UnknownBooking
    return order, row


def _waits(order: OrderRow) -> bool:
    """It is to be given: paid, or still being paid."""
    return order.state in (OrderState.PENDING, OrderState.PAID) and order.refund_state == "none"


def _now(row: BookingRow, at: datetime) -> bool:
    return row.starts_at - EARLY <= at < row.ends_at + LATE


def _today(row: BookingRow, at: datetime) -> bool:
    zone = ZoneInfo(row.timezone)
    return row.starts_at.astimezone(zone).date() == at.astimezone(zone).date() or row.starts_at - EARLY <= at < row.ends_at


def _names(session: Session, rows: Sequence[BookingRow]) -> Mapping[tuple[str, int], str]:
    line = OrderLineRow
    known = session.execute(select(line.order_id, line.line_no, line.name).where(line.order_id.in_({row.order_id for row in rows}))) if rows else ()
    return {(order_id, line_no): name for order_id, line_no, name in known}
