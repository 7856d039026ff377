"""What the tests of bookings share: a course in Kluuvi twice a day, people who book it, and what must always be true of its places."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy import select

from storefront.booking_desk import put
from storefront.bookings import repository
from storefront.bookings.models import BookingRow
from storefront.carts import repository as carts
from storefront.catalog.repository import product
from storefront.facade import Shop, import_catalogue
from storefront.slots.models import SlotRow
from tests.conftest import START
from tests.storefront.floor import order

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
COURSE = "prd_course"
GOODS = [
    {"id": COURSE, "name": "Praline course", "category": "courses", "kind": "service", "price_minor": 4500, "currency": "EUR", "stock": 1},
    {"id": "prd_recipes", "name": "Recipes", "category": "books", "kind": "digital", "price_minor": 900, "currency": "EUR", "stock": 9},
]


def document(capacity: int = 2, **other: Any) -> dict[str, Any]:
    """Every day 16:00-16:45 and 17:00-17:45 at 45.00, and at 19:00 for 30.00; START is 14:00 there."""
    return {
        "duration_min": 45, "pause_min": 15, "capacity": capacity, "closes_min_before": 60, "free_min_before": 240, "ahead_days": 3,
        "open": [
            {"days": DAYS, "begins": "16:00", "ends": "18:00"},
            {"days": DAYS, "begins": "19:00", "ends": "19:45", "prices_minor": {"EUR": 3000}},
        ],
    } | other  # fmt: skip


def open_studio(shop: Shop, capacity: int = 2, place_id: str = "plc_kluuvi", **other: Any) -> None:
    with shop.database.transaction() as session:
        import_catalogue(session, {"products": GOODS}, at=START)
        put(session, {"services": [{"product_id": COURSE, "place_id": place_id, **document(capacity, **other)}]}, at=START)


def slot(shop: Shop, day: int, clock: str, place_id: str = "plc_kluuvi") -> str:
    """The name of the time that begins so on that day of November."""
    with shop.database.reading() as session:
        [one] = [s for s in repository.services(session, [COURSE])[COURSE] if s.place_id == place_id]
    return f"{one.id}.202611{day:02}.{clock}"


def wants(shop: Shop, slot_id: str | None, shopper_id: str = "shp_jane", places: int = 1) -> None:
    with shop.database.transaction() as session:
        item = product(session, COURSE)
        assert item is not None
        carts.add(session, shopper_id, item, places, max_lines=50, at=shop.now(), slot_id=slot_id)


def booked(shop: Shop, slot_id: str, key: str = "k1", *, shopper_id: str = "shp_jane", places: int = 1, method: str | None = "pm_card_visa") -> str:
    wants(shop, slot_id, shopper_id, places)
    return order(shop, key, shopper_id=shopper_id, method=method)[0]


def rows(shop: Shop, order_id: str | None = None) -> list[BookingRow]:
    with shop.database.reading() as session:
        found = select(BookingRow).order_by(BookingRow.order_id, BookingRow.line_no)
        out = list(session.scalars(found if order_id is None else found.where(BookingRow.order_id == order_id)))
        session.expunge_all()
        return out


def taken(shop: Shop) -> dict[str, int]:
    """Slot -> how many places, where there are any; checks that they are what the bookings say."""
    with shop.database.reading() as session:
        counted = {row.id: row.taken for row in session.scalars(select(SlotRow)) if row.taken}
    said = Counter[str]()
    for row in rows(shop):
        said[row.slot_id] += row.places
        assert (row.places == 0) is (row.state == "given_back")
    assert {slot_id: count for slot_id, count in said.items() if count} == counted
    return counted
