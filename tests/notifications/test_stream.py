"""The inbox over a real server: at once, resumable, without holding anything, and gone when it should be."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import anyio
import pytest
from sqlalchemy import Executable, Row, select
from sqlalchemy.exc import OperationalError

from app.kernel.db import Database
from notifications import contents, facade, stream, tide
from notifications.broadcast import Broadcaster
from notifications.models import ORDER, Message
from notifications.settings import NotificationSettings
from tests.notifications.conftest import FakePlaces, Room
from tests.notifications.serving import Served
from tests.notifications.serving import stream as open_stream

PATIENT = NotificationSettings(stream_poll_s=0.1, stream_heartbeat_s=300)
"""A stream that would find by itself, after five minutes, what it was not woken for."""


@pytest.fixture
def served(room: Room) -> Iterator[Served]:
    made = Served(room.app(), room.parts)
    yield made
    made.stop()


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def later(seconds: float, work: object) -> threading.Timer:
    timer = threading.Timer(seconds, work)  # type: ignore[arg-type]
    timer.start()
    return timer


class TestGlance:
    def test_sees_what_a_look_sees_and_opens_nothing_while_there_is_nothing(self, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bugs: the newest of anybody's taken for hers; what was seen looked at again."""
        jane, john = room.phone(push=False), room.phone(push=False)
        assert stream.glance(room.database, jane.shopper_id, 0) == stream.Look((), 0)
        message_id = room.issue(jane.shopper_id)
        found = stream.glance(room.database, jane.shopper_id, 0)
        assert ([m.id for m in found.messages], found) == ([message_id], stream.look(room.database, jane.shopper_id, 0))
        looks: list[str] = []
        monkeypatch.setattr(stream, "look", lambda _database, shopper_id, _after: looks.append(shopper_id))
        assert stream.glance(room.database, jane.shopper_id, found.position) == stream.Look((), found.position)
        assert (stream.glance(room.database, john.shopper_id, 0), looks) == (stream.Look((), 0), [])

    def test_without_consent_nothing_is_shown_and_nothing_skipped(self, room: Room) -> None:
        jane = room.phone(push=False)
        room.issue(jane.shopper_id)
        room.consent(jane.shopper_id, given=False)
        assert stream.glance(room.database, jane.shopper_id, 0) == stream.Look((), 0)
        room.consent(jane.shopper_id)
        assert len(stream.glance(room.database, jane.shopper_id, 0).messages) == 1


class TestFollow:
    def test_what_is_committed_is_shown_at_once(self, database: Database, places: FakePlaces) -> None:
        """With a poll of a minute only the wake-up can be this quick. Planted bug: waking before the commit."""
        room = Room(database, NotificationSettings(stream_poll_s=60), None)
        served = Served(room.app(), room.parts)
        url, jane = served.start(), room.phone(push=False)
        with open_stream(url, jane.bearer) as events:
            began = time.monotonic()
            later(0.3, lambda: room.issue(jane.shopper_id))
            event = events.next()
            assert time.monotonic() - began < 25
        assert event is not None
        assert event["event"] == "message"
        assert event["data"]["title"] == "Bonbon of the month"
        assert event["data"]["coupon_id"] == "cpn_1"
        assert event["id"] == str(event["data"]["position"])
        assert served.stop() < 20

    def test_the_wait_from_event_to_card(self, database: Database, places: FakePlaces) -> None:
        room = Room(database, NotificationSettings(stream_poll_s=60, one_per_visit=False, cap_messages=100), None)
        served = Served(room.app(), room.parts)
        url, jane = served.start(), room.phone(push=False)
        waits: list[float] = []
        with open_stream(url, jane.bearer) as events:
            for n in range(5):
                time.sleep(0.05)
                began = time.monotonic()
                room.issue(jane.shopper_id, name=f"w{n}")
                assert events.next() is not None
                waits.append(time.monotonic() - began)
        served.stop()
        assert max(waits) < 25, waits  # looking would find it after sixty

    def test_another_process_is_found_by_looking(self, room: Room, served: Served) -> None:
        """What another process commits wakes nobody here; the poll finds it."""
        url, jane = served.start(), room.phone(push=False)
        elsewhere = Room(room.database, room.settings, None)
        with open_stream(url, jane.bearer) as events:
            later(0.3, lambda: elsewhere.issue(jane.shopper_id))
            event = events.next()
        assert event is not None
        assert event["data"]["coupon_id"] == "cpn_1"

    def test_resumes_after_the_last_event(self, room: Room, served: Served) -> None:
        """Planted bug: `>=` for `>` in inbox_after repeated the last one."""
        url, jane = served.start(), room.phone(push=False)
        for n in range(3):
            room.issue(jane.shopper_id, name=f"{n}", visit=f"vis_{n}")
        with open_stream(url, jane.bearer) as events:
            first, second, third = (events.next() for _ in range(3))
        assert first
        assert second
        assert third
        with open_stream(url, jane.bearer, last_event_id=second["id"]) as events:
            assert events.next() == third
        with open_stream(url, jane.bearer, after=int(first["id"])) as events:
            assert events.next() == second

    def test_only_ones_own(self, room: Room, served: Served) -> None:
        url, jane, joe = served.start(), room.phone(push=False), room.phone(push=False)
        room.issue(jane.shopper_id, name="jane")
        room.issue(joe.shopper_id, name="joe")
        with open_stream(url, joe.bearer) as events:
            event = events.next()
        assert event is not None
        assert event["data"]["coupon_id"] == "cpn_joe"

    def test_a_position_of_another_database_starts_over(self, room: Room, served: Served) -> None:
        url, jane = served.start(), room.phone(push=False)
        room.issue(jane.shopper_id)
        with open_stream(url, jane.bearer, last_event_id="9223372036854775807") as events:
            event = events.next()
        assert event is not None

    def test_withdrawn_consent_stops_it_and_given_again_it_goes_on(self, room: Room, served: Served) -> None:
        """Planted bug: leaving the gate out of `look` kept the stream talking after the withdrawal."""
        url, jane = served.start(), room.phone(push=False)
        room.issue(jane.shopper_id, name="before")
        with open_stream(url, jane.bearer) as events:
            assert events.next() is not None
            room.issue(jane.shopper_id, name="after", visit="vis_2")  # said, then withdrawn before the look is certain
            event = events.next()
            assert event is not None
        room.issue(jane.shopper_id, name="late", visit="vis_3")
        room.consent(jane.shopper_id, given=False)
        position = int(event["id"])
        assert stream.look(room.database, jane.shopper_id, position) == stream.Look((), position)
        room.consent(jane.shopper_id)
        found = stream.look(room.database, jane.shopper_id, position)
        assert [m.coupon_id for m in found.messages] == ["cpn_late"]

    def test_news_of_her_order_comes_without_consent_to_offers_and_passes_over_none(self, database: Database, places: FakePlaces) -> None:
        """Planted bugs: nothing shown without that consent; the position of the news taken for hers, and the offer skipped; the news repeated."""
        room = Room(database, PATIENT, None)
        served = Served(room.app(), room.parts)
        url, jane = served.start(), room.phone(push=False)
        room.issue(jane.shopper_id)
        with database.transaction() as session:
            first = session.scalars(select(Message)).one()
            values = {column.name: getattr(first, column.name) for column in Message.__table__.columns if column.name not in ("position", "sealed")}
            content = contents.sealed(jane.shopper_id, "msg_news", contents.Content("It is ready", "Come by until six.", "/m/orders/ord_1", {}))
            session.add(Message(**{**values, "id": "msg_news", "kind": ORDER, "coupon_id": None, "sealed": content}))
        room.consent(jane.shopper_id, given=False)
        with open_stream(url, jane.bearer) as events:
            news = events.next()
            assert news is not None
            assert (news["data"]["title"], news.get("id")) == ("It is ready", None)
            room.consent(jane.shopper_id)
            offer = events.next()
            assert offer is not None
            assert (offer["data"]["coupon_id"], offer["id"]) == ("cpn_1", "1")
            room.issue(jane.shopper_id, name="2", visit="vis_2")
            last = events.next()
        assert last is not None
        assert last["data"]["coupon_id"] == "cpn_2"
        served.stop()

    def test_the_server_stops_promptly_with_streams_open(self, room: Room, served: Served) -> None:
        """Planted bug: without close_streams the server waited for the stream's whole life."""
        url, jane = served.start(), room.phone(push=False)
        with open_stream(url, jane.bearer) as events:
            ended: list[object] = []
            reader = threading.Thread(target=lambda: ended.append(events.next()))
            reader.start()
            time.sleep(0.3)
            assert served.stop() < 20
            reader.join(timeout=20)
        assert ended == [None]
        assert events.comments[-1] == "goodbye"
        assert not served.thread.is_alive()

    def test_a_client_that_goes_is_forgotten(self, room: Room, served: Served) -> None:
        url, jane = served.start(), room.phone(push=False)
        with open_stream(url, jane.bearer):
            until(lambda: room.parts.broadcaster.open_streams() == 1)
        until(lambda: room.parts.broadcaster.open_streams() == 0)

    def test_a_silent_stream_says_that_it_lives_and_ends_after_its_life(self, database: Database, places: FakePlaces, monkeypatch: pytest.MonkeyPatch) -> None:
        """On a clock that goes on by what it waits for, whatever the machine takes."""
        now_s = 0.0

        async def wait(_listener: object, most_s: float) -> bool:
            nonlocal now_s
            now_s += most_s
            return False

        monkeypatch.setattr(stream, "_wait", wait)
        monkeypatch.setattr(stream, "time", SimpleNamespace(monotonic=lambda: now_s))
        settings = NotificationSettings(stream_poll_s=0.25, stream_heartbeat_s=0.5, stream_life_s=2)
        room = Room(database, settings, None)
        served = Served(room.app(), room.parts)
        url, jane = served.start(), room.phone(push=False)
        with open_stream(url, jane.bearer) as events:
            assert events.next() is None
        served.stop()
        assert events.comments == ["welcome", *["still here"] * 3, "goodbye"]

    def test_many_streams_hold_no_connection_and_no_thread(self, room: Room, served: Served) -> None:
        url, jane = served.start(), room.phone(push=False)
        opened = [open_stream(url, jane.bearer) for _ in range(30)]
        events = [one.__enter__() for one in opened]
        time.sleep(0.5)
        threads = [t.name for t in threading.enumerate() if "AnyIO" in t.name]
        assert len(threads) <= 20  # 8 looks at once, and what the sign-in of 30 requests left idle
        assert room.database.engine.pool.checkedout() <= stream.LOOKS_AT_ONCE
        room.issue(jane.shopper_id)
        assert all(one.next() is not None for one in events)
        for one in opened:
            one.__exit__(None, None, None)


class TestTide:
    def test_one_looks_for_all_and_wakes_those_concerned(self, database: Database, places: FakePlaces, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bugs: every stream looks each time; everybody is woken by anybody's message."""
        room = Room(database, NotificationSettings(stream_poll_s=0.1), None)
        served = Served(room.app(), room.parts)
        url, jane, joe = served.start(), room.phone(push=False), room.phone(push=False)
        looked: list[str] = []
        asked: list[object] = []
        for name in ("look", "glance"):
            real = getattr(stream, name)
            monkeypatch.setattr(stream, name, lambda database, shopper_id, after, real=real: looked.append(shopper_id) or real(database, shopper_id, after))
        ask = database.glance
        monkeypatch.setattr(database, "glance", lambda statement, values: asked.append(statement) or ask(statement, values))
        opened = [open_stream(url, one.bearer) for one in (jane, jane, jane, joe, joe)]
        events = [one.__enter__() for one in opened]

        def at_rest() -> bool:
            """Three looks for all without one of a stream: all have opened, however slowly."""
            before, turns = len(looked), asked.count(tide._WRITTEN)
            until(lambda: asked.count(tide._WRITTEN) >= turns + 3)
            return len(looked) == before

        until(at_rest)
        assert len(looked) <= 10  # as each opens, and once the first look of all has been
        looked.clear()
        Room(database, room.settings, None).issue(jane.shopper_id)  # elsewhere
        assert all(one.next() is not None for one in events[:3])
        turns = asked.count(tide._WRITTEN)
        until(lambda: asked.count(tide._WRITTEN) >= turns + 6)
        assert looked == [jane.shopper_id] * 3
        for one in opened:
            one.__exit__(None, None, None)
        served.stop()

    def test_what_was_withheld_is_looked_for_though_nothing_more_is_written(self, database: Database, places: FakePlaces) -> None:
        """Planted bug: a look that was refused taken for one that found nothing."""
        room = Room(database, PATIENT, None)
        served = Served(room.app(), room.parts)
        url, jane = served.start(), room.phone(push=False)
        room.issue(jane.shopper_id)
        room.consent(jane.shopper_id, given=False)
        with open_stream(url, jane.bearer) as events:
            later(1.0, lambda: room.consent(jane.shopper_id))
            event = events.next()
        assert event is not None
        served.stop()

    def test_one_that_committed_behind_the_newest_is_found_all_the_same(self) -> None:
        """Planted bugs: asking from the newest on; the first who could have looked too early not woken."""

        class Written:
            rows: ClassVar[list[tuple[str, int]]] = [("joe", 7)]

            def glance(self, statement: object, values: Mapping[str, int]) -> list[Any]:
                if statement is tide.NEWEST:
                    return [(max(position for _, position in self.rows),)]
                return [SimpleNamespace(shopper_id=shopper_id, newest=position) for shopper_id, position in self.rows if position > values["after"]]

        async def scene() -> list[bool]:
            written, broadcaster, woken = Written(), Broadcaster(), list[bool]()
            with broadcaster.listening("jane", 0) as jane:
                tide.Tide().rise(cast("Database", written), broadcaster, 0.01, anyio.CapacityLimiter(1))
                for position in (None, 9, 8):  # 8 commits after 9 has been seen
                    if position is not None:
                        jane.event.clear()
                        written.rows.append(("joe" if position == 9 else "jane", position))
                        await asyncio.sleep(0.015)
                    try:
                        await asyncio.wait_for(jane.event.wait(), 0.03 if position == 9 else 20)
                    except TimeoutError:
                        woken.append(False)
                    else:
                        woken.append(True)
            return woken

        assert asyncio.run(scene()) == [True, False, True]

    def test_a_question_that_failed_is_asked_again(self, database: Database, places: FakePlaces, monkeypatch: pytest.MonkeyPatch) -> None:
        """Planted bug: the task ends with the first error, and what others commit is heard of when the stream next says that it lives."""
        room = Room(database, PATIENT, None)
        served = Served(room.app(), room.parts)
        url, jane, failures = served.start(), room.phone(push=False), list[int]()
        ask = room.database.glance

        def sometimes(statement: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
            if statement is tide._WRITTEN and len(failures) < 2:
                failures.append(1)
                raise OperationalError("SELECT", {}, Exception("gone"))
            return ask(statement, values)

        monkeypatch.setattr(room.database, "glance", sometimes)
        with open_stream(url, jane.bearer) as events:
            until(lambda: len(failures) == 2)
            Room(room.database, room.settings, None).issue(jane.shopper_id)
            assert events.next() is not None
        served.stop()


class TestLook:
    def test_an_ended_message_is_not_streamed(self, room: Room) -> None:
        jane = room.phone(push=False)
        room.issue(jane.shopper_id, life_s=100)
        room.database.clock.advance(100)  # type: ignore[attr-defined]
        assert stream.look(room.database, jane.shopper_id, 0) == stream.Look((), 0)


class TestFrame:
    def test_line_breaks_cannot_forge_an_event(self, room: Room) -> None:
        jane = room.phone(push=False)
        room.issue(jane.shopper_id, title="a\n\nevent: x\ndata: y", body="\r\r")
        with room.database.reading() as session:
            (message,) = facade.inbox(session, jane.shopper_id)
        assert stream.frame(message).count(b"\n") == 4
        assert stream.frame(message).startswith(b"id: 1\nevent: message\ndata: {")
