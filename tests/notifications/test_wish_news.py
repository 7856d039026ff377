"""Something of her list is near: said as an offer is, with the same rules, once; explained by what was weighed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.privacy.purposes import Purpose
from notifications import facade, preferences
from notifications.models import WISH
from notifications.wish_news import message_id_of
from storefront.contracts import WishMatched
from storefront.facade import import_catalogue
from tests.conftest import START
from tests.notifications.conftest import FakePlaces, Room


@pytest.fixture(autouse=True)
def sold(room: Room) -> None:
    products = [{"id": f"prd_{n}", "name": name, "category": "c", "price_minor": 100, "stock": 1} for n, name in ((1, "Bonbon"), (2, "Truffle"))]
    with room.database.transaction() as session:
        import_catalogue(session, {"products": products}, at=START)


def near(room: Room, shopper_id: str, *product_ids: str, visit: str = "vis_1") -> WishMatched:
    event = WishMatched(shopper_id, "plc_1", visit, f"mom_{visit}", product_ids or ("prd_1",), room.database.clock.now())
    room.emit(event)
    room.relay.run_until_idle()
    return event


def inbox(room: Room, shopper_id: str) -> list[tuple[str, str, str, str]]:
    with room.database.reading() as session:
        return [(m.kind, m.title, m.body, m.link) for m in facade.inbox(session, shopper_id, at=room.database.clock.now())]


class TestTell:
    def test_in_her_inbox_and_on_her_phone_once(self, room: Room) -> None:
        jane = room.phone()
        event = near(room, jane.shopper_id)
        near(room, jane.shopper_id)
        assert inbox(room, jane.shopper_id) == [(WISH, "On your list, and here", "Bonbon lies on a shelf at Ooey Gooey Kamppi.", "/m/shop/prd_1")]
        assert room.states(message_id_of(event)) == {"inbox": ("sent", ()), "fcm": ("queued", ())}

    def test_several_lead_to_the_list_in_her_language(self, room: Room) -> None:
        jane = room.phone()
        with room.database.transaction() as session:
            preferences.keep(session, jane.shopper_id, language="fi", ways=(), called="", at=START)
        near(room, jane.shopper_id, "prd_1", "prd_2", "prd_gone")
        assert inbox(room, jane.shopper_id) == [(WISH, "Listallasi ja täällä", "Bonbon ja 1 muuta ovat hyllyssä: Ooey Gooey Kamppi.", "/m/wishes")]

    def test_without_her_consent_to_messages_it_is_not_said_and_why_is_kept(self, room: Room) -> None:
        """Planted bug: the course was not followed, and it stood in the inbox."""
        jane = room.phone(consent=False)
        event = near(room, jane.shopper_id)
        assert inbox(room, jane.shopper_id) == []
        with room.database.reading() as session:
            told = facade.explain_wish(session, moment_id=event.moment_id)
        assert told is not None
        assert (told.state, [r.code for r in told.reasons], [r.code for r in told.held][:1]) == ("suppressed", ["no_consent_marketing_push"], ["wish_in_stock"])
        assert told.held[0].text == "You had put it on your list, and it lay in the store you came to."

    def test_one_message_a_visit_whichever_came_first(self, room: Room) -> None:
        jane = room.phone()
        room.issue(jane.shopper_id)
        event = near(room, jane.shopper_id)
        assert [kind for kind, *_ in inbox(room, jane.shopper_id)] == ["offer"]
        with room.database.reading() as session:
            of_moment = facade.explain(session, moment_id=event.moment_id)
        assert of_moment is not None
        assert [r.code for r in of_moment.reasons] == ["visit_already_pushed"]

    def test_of_one_moment_the_offer_is_explained_first(self, room: Room) -> None:
        jane = room.phone()
        event = near(room, jane.shopper_id)
        offered = room.issue(jane.shopper_id, moment_id=event.moment_id, visit="vis_9")
        near(room, jane.shopper_id, "prd_2", visit="vis_1")
        with room.database.reading() as session:
            found = facade.explain(session, moment_id=event.moment_id)
            wish = facade.explain_wish(session, moment_id=event.moment_id)
        assert found is not None
        assert wish is not None
        assert (found.message_id, wish.coupon_id) == (offered, None)

    def test_by_night_in_the_inbox_alone(self, room: Room, places: FakePlaces) -> None:
        places.ended_at = START  # not in the store any more, which would be no night
        jane = room.phone()
        room.database.clock.advance(timedelta(hours=10).total_seconds())  # type: ignore[attr-defined]
        event = near(room, jane.shopper_id)
        assert room.states(message_id_of(event)) == {"inbox": ("sent", ()), "fcm": ("suppressed", ("quiet_hours",))}

    def test_what_waits_goes_with_her_consent(self, room: Room) -> None:
        jane = room.phone()
        event = near(room, jane.shopper_id)
        room.consent(jane.shopper_id, given=False)
        room.relay.run_until_idle()
        assert room.states(message_id_of(event))["fcm"] == ("suppressed", (f"no_consent_{Purpose.MARKETING_PUSH.value}",))
