"""From an issued coupon to a message, or to the recorded reasons why not."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy.purposes import Purpose
from notifications import facade
from notifications.announce import Announcer
from notifications.models import Message
from notifications.settings import NotificationSettings
from tests.notifications.conftest import FakePlaces, Room


class TestAnnounce:
    def test_said_in_the_inbox_and_queued_for_the_phone(self, room: Room) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        assert room.states(message_id) == {"inbox": ("sent", ()), "fcm": ("queued", ())}
        with room.database.reading() as session:
            (message,) = facade.inbox(session, jane.shopper_id)
        assert (message.title, message.link, message.collapse_key) == (
            "Bonbon of the month",
            "/m/coupons/cpn_1",
            "vis_1",
        )
        assert [(e["channel"], e["coupon_id"], e["campaign_id"]) for e in room.said("push.sent")] == [
            ("inbox", "cpn_1", "cmp_1")
        ]
        assert room.gateway.attempts == []  # nothing speaks to the network while a transaction is open

    def test_the_same_event_twice_says_it_once(self, room: Room) -> None:
        jane = room.phone()
        first = room.issue(jane.shopper_id)
        assert room.issue(jane.shopper_id) == first  # another event with the same coupon
        assert len(room.said("push.sent")) == 1

    def test_without_consent_nothing_is_said_and_why_is_kept(self, room: Room) -> None:
        """Planted bug: leaving consent out of `policy.weigh` filled the inbox."""
        jane = room.phone(consent=False)
        message_id = room.issue(jane.shopper_id)
        assert room.states(message_id) == {"inbox": ("suppressed", ("no_consent_marketing_push",))}
        with room.database.reading() as session:
            assert facade.inbox(session, jane.shopper_id) == []
            explained = facade.explain(session, coupon_id="cpn_1")
        assert explained is not None
        assert explained.text == "No message was sent. You have not allowed us to send you messages about offers."
        assert [(e["channel"], e["reason_codes"]) for e in room.said("push.suppressed")] == [
            ("inbox", ["no_consent_marketing_push"])
        ]
        assert room.said("push.sent") == []

    def test_second_message_of_a_visit(self, room: Room) -> None:
        jane = room.phone()
        room.issue(jane.shopper_id)
        second = room.issue(jane.shopper_id, name="2")
        other_visit = room.issue(jane.shopper_id, name="3", visit="vis_2")
        assert room.states(second) == {"inbox": ("suppressed", ("visit_already_pushed",))}
        assert room.states(other_visit)["inbox"] == ("sent", ())

    def test_a_suppressed_message_uses_nothing_up(self, room: Room) -> None:
        jane = room.phone(consent=False)
        room.issue(jane.shopper_id)
        room.consent(jane.shopper_id)
        assert room.states(room.issue(jane.shopper_id, name="2"))["inbox"] == ("sent", ())

    def test_rolling_cap(self, database: Database, places: FakePlaces, clock: ManualClock) -> None:
        room = Room(database, NotificationSettings(cap_messages=2), None)
        jane = room.phone(push=False)
        for n in range(2):
            room.issue(jane.shopper_id, name=f"a{n}", visit=f"vis_a{n}")
            clock.advance(3600)
        third = room.issue(jane.shopper_id, name="b", visit="vis_b")
        assert room.states(third) == {"inbox": ("suppressed", ("rolling_cap_reached",))}
        clock.advance(22 * 3600)  # a day after the first, not yet after the second
        assert room.states(room.issue(jane.shopper_id, name="c", visit="vis_c"))["inbox"] == ("sent", ())
        assert room.states(room.issue(jane.shopper_id, name="d", visit="vis_d"))["inbox"] == (
            "suppressed",
            ("rolling_cap_reached",),
        )

    def test_quiet_hours_hold_once_she_has_left(self, room: Room, places: FakePlaces, clock: ManualClock) -> None:
        clock.set_to(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))  # 22:00 in Helsinki
        jane = room.phone()
        assert room.states(room.issue(jane.shopper_id))["inbox"] == ("sent", ())
        places.ended_at = clock.now()
        assert room.states(room.issue(jane.shopper_id, name="2", visit="vis_2"))["inbox"] == (
            "suppressed",
            ("quiet_hours",),
        )

    def test_quiet_in_the_shoppers_own_zone(self, room: Room, places: FakePlaces, clock: ManualClock) -> None:
        places.ended_at = clock.now()
        jane = room.phone()
        with room.database.transaction() as session:
            facade.register_push_token(
                session, jane.device_id, jane.shopper_id, "another-address", timezone="Pacific/Auckland"
            )
        assert room.states(room.issue(jane.shopper_id))["inbox"] == ("suppressed", ("quiet_hours",))

    @pytest.mark.parametrize("place", [None, "unknown zone"])
    def test_a_place_without_a_zone_goes_by_the_default(
        self, room: Room, places: FakePlaces, place: str | None
    ) -> None:
        from dataclasses import replace

        places.place = replace(places.place, timezone="Mars/Olympus") if place and places.place else None
        jane = room.phone()
        assert room.states(room.issue(jane.shopper_id))["inbox"] == ("sent", ())

    def test_no_phone_registered(self, room: Room) -> None:
        jane = room.phone(push=False)
        assert room.states(room.issue(jane.shopper_id)) == {
            "inbox": ("sent", ()),
            "fcm": ("suppressed", ("no_push_token",)),
        }

    def test_push_not_configured(self, database: Database, places: FakePlaces, settings: NotificationSettings) -> None:
        room = Room(database, settings, None)
        jane = room.phone()
        assert room.states(room.issue(jane.shopper_id)) == {
            "inbox": ("sent", ()),
            "fcm": ("suppressed", ("push_not_configured",)),
        }

    def test_an_offer_about_to_end(self, room: Room) -> None:
        jane = room.phone()
        assert room.states(room.issue(jane.shopper_id, life_s=59)) == {
            "inbox": ("suppressed", ("offer_ends_too_soon",))
        }

    def test_nothing_to_say(self, room: Room) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id, title="\u202e", body="")
        assert room.states(message_id) == {"inbox": ("suppressed", ("nothing_to_say",))}

    def test_an_erased_shopper_leaves_no_new_row(self, room: Room) -> None:
        room.issue("shp_gone")
        with room.database.reading() as session:
            assert session.scalars(select(Message)).all() == []

    def test_of_many_at_once_about_one_visit_one_is_said(self, room: Room) -> None:
        """Planted bug: without `repository.take_turn` two of these eight were said on PostgreSQL."""
        jane = room.phone(push=False)
        announcer = Announcer(room.settings, False, lambda _s: None, lambda: None)
        barrier, at = threading.Barrier(8), room.database.clock.now()

        def one(n: int) -> None:
            barrier.wait()
            with room.database.transaction() as session:
                announcer.announce(session, room.coupon(jane.shopper_id, name=f"r{n}"), at)

        threads = [threading.Thread(target=one, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with room.database.reading() as session:
            states = [m.state for m in session.scalars(select(Message).order_by(Message.position))]
        assert states == ["live"] + ["suppressed"] * 7  # the one said has the lowest position: positions follow commits

    def test_consent_is_asked_at_that_very_moment(self, room: Room) -> None:
        jane = room.phone()
        room.emit(room.coupon(jane.shopper_id))
        room.consent(jane.shopper_id, given=False)
        room.relay.run_until_idle()
        with room.database.reading() as session:
            assert facade.inbox(session, jane.shopper_id) == []
        assert Purpose.MARKETING_PUSH.value in room.said("push.suppressed")[0]["reason_codes"][0]

    def test_an_ended_message_leaves_the_inbox(self, room: Room, clock: ManualClock) -> None:
        jane = room.phone()
        room.issue(jane.shopper_id)
        clock.advance(timedelta(hours=1).total_seconds())
        with room.database.reading() as session:
            assert facade.inbox(session, jane.shopper_id) == []
