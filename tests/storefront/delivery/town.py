"""What the tests of delivery share: an area of the demo's zone with one window a day, addresses in it and outside, and orders at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from storefront.addresses import repository as addresses
from storefront.addresses.formats import Address
from storefront.checkout import choose_delivery
from storefront.delivery import repository
from storefront.delivery.models import DeliveryBookingRow
from storefront.delivery.schemas import AreaIn, stored
from storefront.facade import Shop
from storefront.slots.models import SlotRow
from tests.conftest import START
from tests.storefront.floor import fill, order

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
HOME = Address("Jane Doe", ("Mannerheimintie 5",), "00100", "Helsinki", "", "FI")
FAR = Address("Jane Doe", ("Tie 1",), "99800", "Ivalo", "", "FI")
TODAY, TOMORROW, DEAR = "bike.20261121.1800", "bike.20261122.1800", "bike.20261122.2000"
"""START is 14:00 there; a slot closes an hour before it begins."""


def document(capacity: int = 3, **other: Any) -> dict[str, Any]:
    return {
        "way": "home", "name": "Helsinki by bike", "timezone": "Europe/Helsinki", "ahead_days": 2,
        "serves": [{"country": "FI", "first": "00100", "last": "00990"}],
        "windows": [
            {"days": DAYS, "begins": "18:00", "ends": "20:00", "capacity": capacity, "closes_min_before": 60, "prices_minor": {"EUR": 290}},
            {"days": DAYS, "begins": "20:00", "ends": "22:00", "capacity": capacity, "closes_min_before": 60},
        ],
    } | other  # fmt: skip


def open_area(shop: Shop, capacity: int = 3, area_id: str = "bike", **other: Any) -> None:
    with shop.database.transaction() as session:
        repository.put_area(session, area_id, stored(AreaIn.model_validate(document(capacity, **other)), "Europe/Helsinki"), START)


def lives(shop: Shop, shopper_id: str = "shp_jane", at: Address = HOME) -> str:
    with shop.database.transaction() as session:
        return addresses.add(session, shopper_id, at, default=True, at=START)


def wants(shop: Shop, slot_id: str | None = TODAY, shopper_id: str = "shp_jane", *, product_id: str = "prd_bonbon") -> Any:
    """A bonbon at that time; the quote she sees."""
    fill(shop, shopper_id, **{product_id: 1})
    with shop.database.transaction() as session:
        return choose_delivery(session, shop, shopper_id, "home", place_id=None, at=shop.now(), slot_id=slot_id)


def ordered(shop: Shop, key: str = "k1", *, slot_id: str = TODAY, shopper_id: str = "shp_jane", method: str | None = "pm_card_visa") -> str:
    wants(shop, slot_id, shopper_id)
    return order(shop, key, shopper_id=shopper_id, method=method)[0]


def taken(shop: Shop) -> dict[str, int]:
    """Slot -> how many, where there are any; checks that they are what the held bookings say."""
    with shop.database.reading() as session:
        rows = {row.id: row.taken for row in session.scalars(select(SlotRow)) if row.taken}
        held = [row.slot_id for row in session.scalars(select(DeliveryBookingRow)) if row.state == "held"]
    assert {slot_id: held.count(slot_id) for slot_id in set(held)} == rows
    return rows


def later(shop: Shop, hours: float) -> None:
    shop.database.clock.advance(hours * 3600)  # type: ignore[attr-defined]
