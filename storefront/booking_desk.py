"""Booking a service: when stores give it, when it can be had, what she has booked, and giving it up; for routes, pages and commands.

Owns joining catalogue, times, orders and their money, said with plain arguments. Must not hold a rule: bookings and orders/appointments do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.http import Stage
from geofences import facade as geofences
from storefront.bookings import repository
from storefront.bookings.choosing import FreeTime, free_times
from storefront.bookings.errors import UnknownBooking, UnknownService
from storefront.bookings.hours import Service
from storefront.bookings.invitation import Invitation, written
from storefront.bookings.repository import GIVEN_BACK, drop
from storefront.bookings.schemas import ServicesIn
from storefront.bookings.writing import write_service
from storefront.carts.repository import cart_of
from storefront.catalog.importing import checked
from storefront.catalog.models import ProductRow
from storefront.catalog.repository import in_currency, product
from storefront.contracts import ProductView
from storefront.errors import UnknownProduct
from storefront.orders import appointments
from storefront.orders.appointments import at_stores, check_in, here, miss, move, proof_for
from storefront.orders.repository import owned
from storefront.payments import collecting
from storefront.payments.answers import settle_and_finish
from storefront.payments.shop import Shop
from storefront.slots import calendar, places

__all__ = [
    "Given", "StoreTimes", "appointments_of", "at_stores", "cancel", "check_in", "drop_service", "export", "given", "here", "invitation", "miss", "move", "proof_for", "put", "times_of",
    "write_service", "zone_of",
]  # fmt: skip

appointments_of = appointments.appointments


@dataclass(frozen=True, slots=True)
class StoreTimes:
    """A store that gives it, with what can be booked there."""

    service: Service
    name: str
    times: list[FreeTime]


@dataclass(frozen=True, slots=True)
class Given:
    """A service of a store as those who run it see it: its document, and of each coming time (start, end, taken, capacity)."""

    product_id: str
    product: str
    place_id: str
    place: str
    document: dict[str, Any]
    times: tuple[tuple[datetime, datetime, int, int], ...]


def times_of(session: Session, product_id: str, at: datetime, *, shopper_id: str | None = None, place_id: str | None = None) -> tuple[ProductView, list[StoreTimes]]:
    """When it can be booked, in the currency of her cart; no stores: it is no service that is given at times. Raises UnknownProduct."""
    item = product(session, product_id)
    if item is None:
        raise UnknownProduct
    currency = cart_of(session, shopper_id).currency if shopper_id is not None else None
    item = in_currency(item, currency)
    found = [(one, free) for one, free in free_times(session, item, at) if place_id in (None, one.place_id)]
    known = geofences.places_by_ids(session, [one.place_id for one, _ in found])
    return item, [StoreTimes(one, known[one.place_id].name if one.place_id in known else one.place_id, free) for one, free in found]


def cancel(shop: Shop, stage: Stage, shopper_id: str, order_id: str, line_no: int) -> None:
    """Her places are given up and her money goes back, as far as the provider answers now; the rest follows by itself. Raises what appointments.cancel raises."""
    with shop.database.reading() as session:
        owned(session, order_id, shopper_id)
    payment = collecting.send_due(shop, order_id)
    with shop.database.transaction() as session:
        appointments.cancel(session, order_id, line_no, shopper_id, at=shop.now())
    settle_and_finish(shop, stage, order_id, collecting.send_due(shop, order_id) or payment)


def invitation(session: Session, order_id: str, line_no: int, shopper_id: str, page: str, at: datetime) -> str:
    """The file for her calendar. Raises UnknownOrder, UnknownBooking also for what is not booked any more."""
    found = next((one.booking for one in appointments_of(session, order_id, shopper_id, at) if one.booking.line_no == line_no), None)
    row = repository.of_line(session, order_id, line_no)
    if found is None or row is None or found.state == GIVEN_BACK:
        raise UnknownBooking
    return written(Invitation(found.id, found.name, found.place_name, found.starts_at, found.ends_at, row.moves, page), at)


# --- for those who run it ---------------------------------------------------------------------------------------------


def zone_of(one: Given) -> ZoneInfo:
    """The store's clock."""
    return ZoneInfo(one.document["timezone"])


def put(session: Session, document: Any, *, at: datetime) -> int:
    """`{"services": [...]}`: when stores give them from now on, all or none; raises Invalid naming the wrong field."""
    told = checked(ServicesIn, document).services
    for one in told:
        write_service(session, one.product_id, one.place_id, one, at=at)
    return len(told)


def drop_service(session: Session, product_id: str, place_id: str) -> None:
    """Nothing more is booked there. Raises UnknownService."""
    if not drop(session, product_id, place_id):
        raise UnknownService


def export(session: Session) -> dict[str, Any]:
    """As `put` takes it."""
    return {"services": [{"product_id": product_id, "place_id": place_id, **document} for product_id, place_id, document in repository.documents(session)]}


def given(session: Session, at: datetime, *, days: int = 7, product_id: str | None = None) -> Sequence[Given]:
    """Every service of every store, with what is booked of the coming days."""
    rows = [one for one in repository.documents(session) if product_id in (None, one[0])]
    names = {row.id: row.name for row in session.execute(select(ProductRow.id, ProductRow.name).where(ProductRow.id.in_({one[0] for one in rows})))}
    known = geofences.places_by_ids(session, sorted({one[1] for one in rows}))
    services = {(one.product_id, one.place_id): one for found in repository.services(session, {one[0] for one in rows}).values() for one in found}
    out: list[Given] = []
    for of, place_id, document in rows:
        one = services[of, place_id]
        today = at.astimezone(calendar.zone_of(one.calendar)).date()
        slots = [slot for ahead in range(days) for slot in calendar.of_day(one.id, one.calendar, today + timedelta(days=ahead))]
        gone = places.taken(session, [slot.id for slot in slots])
        times = tuple((slot.starts_at, slot.ends_at, gone.get(slot.id, 0), slot.capacity) for slot in slots)
        out.append(Given(of, names.get(of, of), place_id, known[place_id].name if place_id in known else place_id, document, times))
    return out
