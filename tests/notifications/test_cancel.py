"""What was not sent yet can be taken back; what was seen cannot."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.kernel.clock import ManualClock
from geofences.contracts import MomentDetected, MomentRetracted
from notifications import answers, dispatch, facade
from notifications.settings import NotificationSettings
from tests.notifications.conftest import FakePlaces, Phone, Room


def left(room: Room, jane: Phone, kind: str = "left") -> None:
    now = room.database.clock.now()
    event = MomentDetected(
        "mom_left", kind, jane.shopper_id, jane.device_id, "plc_1", "vis_1", now, now, 300, 1, 0.9, "claimed"
    )
    room.emit(event)
    room.relay.run_until_idle()


def retracted(room: Room, jane: Phone) -> None:
    room.emit(MomentRetracted("mom_1", "vis_1", jane.shopper_id, "plc_1", room.database.clock.now()))
    room.relay.run_until_idle()


def push_count(room: Room) -> int:
    with ThreadPoolExecutor(1) as pool:
        dispatch.run_once(room.database, room.gateway, room.settings, pool)
    return len(room.gateway.attempts)


class TestOnExit:
    def test_a_queued_push_is_dropped_and_the_inbox_kept(self, room: Room) -> None:
        """Planted bug: dropping by shopper instead of by visit took another visit's push along."""
        jane = room.phone()
        here = room.issue(jane.shopper_id)
        there = room.issue(jane.shopper_id, name="2", visit="vis_2")
        left(room, jane)
        assert room.states(here) == {"inbox": ("sent", ()), "fcm": ("suppressed", ("visit_over",))}
        assert room.states(there)["fcm"] == ("queued", ())
        assert push_count(room) == 1

    def test_any_other_moment_changes_nothing(self, room: Room) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        left(room, jane, "dwell")
        assert room.states(message_id)["fcm"] == ("queued", ())

    def test_switched_off(self, room: Room, places: FakePlaces) -> None:
        other = Room(room.database, NotificationSettings(cancel_on_exit=False), room.gateway)
        jane = other.phone()
        message_id = other.issue(jane.shopper_id)
        left(other, jane)
        assert other.states(message_id)["fcm"] == ("queued", ())


class TestOnRetraction:
    def test_unseen_is_withdrawn(self, room: Room) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        retracted(room, jane)
        with room.database.reading() as session:
            assert facade.inbox(session, jane.shopper_id) == []
            explained = facade.explain(session, message_id=message_id)
        assert explained is not None
        assert (explained.state, [r.code for r in explained.reasons]) == ("withdrawn", ["moment_retracted"])
        assert room.states(message_id)["fcm"] == ("suppressed", ("moment_retracted",))
        assert push_count(room) == 0

    def test_seen_stays(self, room: Room, clock: ManualClock) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        with room.database.transaction() as session:
            answers.answer(session, jane.shopper_id, message_id, answers.Answer.SEEN, clock.now())
        retracted(room, jane)
        with room.database.reading() as session:
            assert [m.id for m in facade.inbox(session, jane.shopper_id)] == [message_id]


class TestOnConsentWithdrawn:
    def test_the_event_empties_the_queue(self, room: Room) -> None:
        jane = room.phone()
        message_id = room.issue(jane.shopper_id)
        room.consent(jane.shopper_id, given=False)
        room.relay.run_until_idle()
        assert room.states(message_id)["fcm"] == ("suppressed", ("no_consent_marketing_push",))
        assert push_count(room) == 0
