"""Told of a time she has booked: that it is booked or moved, and the day before; only what is still so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.kernel.clock import ManualClock
from geofences import facade as geofences
from notifications import preferences
from storefront.bookings import booking, repository
from storefront.bookings.models import BookingRow
from storefront.orders.models import OrderLineRow
from tests.conftest import START
from tests.notifications.conftest import Phone, Room
from tests.notifications.test_order_news import ORDER, Counter

BEGINS = START + timedelta(hours=50)
PAGE = f"/m/orders/{ORDER}"


@pytest.fixture
def counter(room: Room, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Counter:
    one = geofences.place
    monkeypatch.setattr(geofences, "places_by_ids", lambda session, ids: {i: found for i in ids if (found := one(session, i)) is not None})
    return Counter(room, clock)


def booked(counter: Counter, *, agreed: bool = True) -> Phone:
    """A course on Monday at 16:00, paid just now."""
    phone = counter.shopper(agreed=agreed)
    with counter.database.transaction() as session:
        session.add(OrderLineRow(order_id=ORDER, line_no=1, product_id="p", name="Praline course", unit_minor=100, quantity=1, discount_minor=0, total_minor=100))
        session.flush()
        session.add(
            BookingRow(
                id="bkg_1", order_id=ORDER, line_no=1, shopper_id=phone.shopper_id, product_id="p", service_id="svc_1", place_id="plc_1", slot_id="svc_1.20261123.1600",
                places=1, state="held", timezone="Europe/Helsinki", currency="EUR", price_minor=100, base_minor=100, starts_at=BEGINS, ends_at=BEGINS + timedelta(minutes=45),
                free_until=BEGINS,
            )
        )  # fmt: skip
        session.flush()
        booking.book(session, ORDER, counter.clock.now())
    return phone


def near(counter: Counter) -> None:
    with counter.database.transaction() as session:
        for row in repository.to_remind(session, counter.clock.now(), 10):
            booking.remind(session, row)
    counter.room.relay.run_until_idle()


class TestBooked:
    def test_with_when_and_where_in_her_language(self, counter: Counter) -> None:
        jane = booked(counter)
        with counter.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="sv", ways=(), called="", at=START)
        counter.room.relay.run_until_idle()
        [(title, body, page)] = counter.told(jane.shopper_id)
        assert (title, body.partition(". Koden")[0], page) == ("Bokat: Praline course", "23 nov. 2026, 16:00, Ooey Gooey Kamppi", PAGE)
        assert counter.send() == [("sent", ())]

    def test_what_was_given_up_meanwhile_is_not_told(self, counter: Counter) -> None:
        """Planted bug: its state not looked at; who had given it up was told a moment later that it is booked."""
        jane = booked(counter)
        with counter.database.transaction() as session:
            booking.give_back(session, ORDER, counter.clock.now())
        counter.room.relay.run_until_idle()
        assert counter.told(jane.shopper_id) == []


class TestNear:
    def test_a_day_before_and_once(self, counter: Counter) -> None:
        jane = booked(counter)
        counter.room.relay.run_until_idle()
        counter.clock.advance(26 * 3600)
        for _ in range(2):
            near(counter)
        titles = [title for title, _, _ in counter.told(jane.shopper_id)]
        assert titles.count("Praline course, Nov 23, 2026, 4:00 PM") == 1

    def test_by_night_it_is_in_the_inbox_and_the_phone_waits(self, counter: Counter) -> None:
        jane = booked(counter)
        counter.room.relay.run_until_idle()
        assert counter.send() == [("sent", ())]
        counter.clock.advance(34 * 3600)  # 00:00 there
        near(counter)
        assert (len(counter.told(jane.shopper_id)), counter.send()) == (2, [("sent", ()), ("queued", ("quiet_hours",))])
        counter.clock.advance(9 * 3600)
        assert counter.send() == [("sent", ()), ("sent", ())]
