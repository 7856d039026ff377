"""A booking is its shopper's: her arrival is told only while she agrees, it goes with her when she signs in, and a review is proved by having been there."""

from __future__ import annotations

import pytest

from app.kernel.clock import ManualClock
from app.privacy import joining as consent_joining
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import joining, people
from app.security.principals import Principal, Role
from storefront.bookings import repository
from storefront.carts.repository import cart_of
from storefront.facade import Shop
from storefront.joining import carrier
from storefront.orders import appointments
from storefront.reviews.proving import has_it
from tests.conftest import START
from tests.storefront.bookings.studio import COURSE, booked, open_studio, rows, slot, wants
from tests.storefront.bookings.test_booking import check_in


@pytest.fixture
def studio(shop: Shop) -> Shop:
    open_studio(shop)
    return shop


def comes(shop: Shop, moment_id: str = "mom_1", place_id: str = "plc_kluuvi") -> int:
    with shop.database.transaction() as session:
        return appointments.arrived(session, "shp_jane", place_id, moment_id, at=shop.now())


def agrees(shop: Shop, *, granted: bool = True) -> None:
    with shop.database.transaction() as session:
        set_consent(session, "shp_jane", Purpose.LOCATION, granted=granted, source="test", at=shop.now())


class TestArrived:
    def test_only_while_she_agrees_where_and_when_she_is_expected(self, studio: Shop, clock: ManualClock) -> None:
        """Planted bug: her consent not asked; the store was told of somebody who had said no."""
        booked(studio, slot(studio, 21, "1900"))
        assert comes(studio) == 0
        agrees(studio)
        assert comes(studio) == 0  # five hours too early
        clock.advance(3.5 * 3600)
        agrees(studio, granted=False)
        assert comes(studio) == 0
        agrees(studio)
        assert [comes(studio, place_id="plc_kamppi"), comes(studio), comes(studio, "mom_2")] == [0, 1, 0]
        assert (rows(studio)[0].arrived_by, rows(studio)[0].moment_id) == ("moment", "mom_1")

    def test_a_moment_that_is_taken_back_takes_it_back(self, studio: Shop) -> None:
        booked(studio, slot(studio, 21, "1600"))
        agrees(studio)
        assert comes(studio) == 1
        with studio.database.transaction() as session:
            assert [repository.not_there(session, who, moment) for who, moment in (("shp_john", "mom_1"), ("shp_jane", "mom_2"), ("shp_jane", "mom_1"))] == [0, 0, 1]
        assert rows(studio)[0].arrived_at is None


class TestSigningIn:
    def test_what_is_booked_and_what_lies_in_the_cart_go_along(self, studio: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bug: bookings left out of what is renamed; signed in she could no longer move her own."""
        monkeypatch.setattr(joining, "_joiners", {})
        joining.register_joiners(joining.Joiner("storefront", carrier(studio.settings)), consent_joining.JOINER)
        with studio.database.transaction() as session:
            jane, guest = (people.register_device(session, "Phone", "ios", START) for _ in range(2))
            people.claim_account(session, Principal(Role.SHOPPER, jane.shopper_id), "jane@example.org", "hash", at=START)
        order_id = booked(studio, slot(studio, 22, "1600"), shopper_id=guest.shopper_id)
        wants(studio, slot(studio, 23, "1700"), guest.shopper_id)
        with studio.database.transaction() as session:
            people.join(session, guest.device_id, jane.shopper_id)
        with studio.database.transaction() as session:
            appointments.move(session, order_id, 1, jane.shopper_id, slot(studio, 23, "1600"), at=studio.now())
            assert [line.slot_id for line in cart_of(session, jane.shopper_id).lines] == [slot(studio, 23, "1700")]
        assert rows(studio)[0].shopper_id == jane.shopper_id


class TestReview:
    def test_is_proved_by_having_been_there(self, studio: Shop, clock: ManualClock) -> None:
        """Planted bug: what is booked counted as hers when it was paid; who never came could say how it was."""
        order_id = booked(studio, slot(studio, 21, "1600"))

        def proved() -> bool:
            with studio.database.reading() as session:
                return has_it(session, ["shp_jane"], COURSE)

        assert not proved()
        check_in(studio, order_id)
        assert proved()
