"""What other parts of the house may ask of the room."""

from __future__ import annotations

from app.kernel.clock import ManualClock
from notifications import facade
from notifications.contracts import DeliveryView, SaidReason
from tests.notifications.conftest import FakePlaces, Room


class TestExplain:
    def test_said(self, room: Room, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.reading() as session:
            explained = facade.explain(session, coupon_id="cpn_1")
            assert facade.explain(session, message_id=message_id) == explained
        assert explained is not None
        assert (explained.message_id, explained.state, explained.text) == (
            message_id,
            "live",
            "The message is in your inbox.",
        )
        assert explained.deliveries == (
            DeliveryView(message_id, "inbox", "sent", (), 0, clock.now()),
            DeliveryView(message_id, "fcm", "queued", (), 0, None),
        )

    def test_not_said_with_the_numbers_behind_it(self, room: Room, places: FakePlaces, clock: ManualClock) -> None:
        places.ended_at = clock.now()
        clock.set_to(clock.now().replace(hour=20))
        jane = room.phone()
        room.issue(jane.shopper_id)
        with room.database.reading() as session:
            explained = facade.explain(session, coupon_id="cpn_1")
        assert explained is not None
        facts = {"zone": "Europe/Helsinki", "local_time": "22:00", "quiet_until": "08:00"}
        words = "It was a quiet hour where you are, so we did not disturb you."
        assert explained.reasons == (SaidReason("quiet_hours", words, facts),)
        assert explained.text == f"The message is in your inbox. {words}"

    def test_in_the_inbox_and_not_on_the_phone(self, room: Room) -> None:
        jane = room.phone(push=False)
        message_id = room.issue(jane.shopper_id)
        with room.database.reading() as session:
            explained = facade.explain(session, shopper_id=jane.shopper_id, campaign_id="cmp_1", reader=facade.Reader.OPERATOR)
            by_moment = facade.explain(session, moment_id="mom_1", reader=facade.Reader.OPERATOR)
            assert facade.explain(session, shopper_id=jane.shopper_id, campaign_id="cmp_2") is None
            assert facade.explain(session, shopper_id=jane.shopper_id) is None
        assert explained is not None
        assert explained == by_moment
        assert (explained.message_id, explained.campaign_id, explained.moment_id) == (message_id, "cmp_1", "mom_1")
        assert explained.text == "The message is in your inbox. No phone of hers is registered for push."
        assert [(r.code, r.text) for r in explained.held][:2] == [
            ("consent_live", "Consent to messages was live."),
            ("lives_long_enough", "The offer had 3600 s to live."),
        ]

    def test_nothing_known(self, room: Room) -> None:
        with room.database.reading() as session:
            assert facade.explain(session, coupon_id="cpn_none") is None
            assert facade.explain(session, message_id="msg_none") is None
            assert facade.deliveries(session, coupon_id="cpn_none") == []


class TestMarkSeen:
    def test_and_the_others(self, room: Room, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            assert facade.mark_seen(session, jane.shopper_id, message_id, clock.now()).seen_at == clock.now()
            facade.mark_clicked(session, jane.shopper_id, message_id, clock.now())
            facade.mark_dismissed(session, jane.shopper_id, message_id, clock.now())
        assert [e["kind"] for e in room.said("message.answered")] == ["seen", "clicked", "dismissed"]
