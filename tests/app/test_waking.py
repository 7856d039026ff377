"""What one process takes in wakes those of the others that have to do with it, and nobody twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.waking import Waking, wire
from notifications.broadcast import Broadcaster, key_of
from notifications.looking import LookingThread
from notifications.settings import NotificationSettings
from tests.conftest import START
from tests.engines import PostgresServer
from tests.notifications.conftest import FakePlaces, Room, places, secrets  # noqa: F401 - fixtures
from tests.notifications.serving import Served
from tests.notifications.serving import stream as open_stream

PATIENCE_S = 30.0


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


class Noted:
    """A runner and a tenure that say what they were told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def wake(self) -> None:
        self.told.append("woken")

    def wake_beside(self) -> None:
        self.told.append("woken beside")


class Sender(LookingThread):
    @property
    def woken(self) -> bool:
        return self._woken.is_set()


class Process:
    """What one process of several has of it: a database of its own, and its loops if `here`."""

    def __init__(self, url: str, *, here: bool) -> None:
        self.database = Database(url, clock=ManualClock(START), pool_size=3)
        self.runner, self.tenure, self.streams = Noted(), Noted(), Broadcaster()
        self.sender, self.relay = Sender("push-dispatch", patience_s=1), threading.Event()
        if here:
            self.database.relay_wakes.append(self.relay)
        self.waking: Waking = wire(self.database, self.runner, self.streams, [self.sender], self.tenure, here=here)  # type: ignore[arg-type]
        self.waking.notices.start()
        assert self.waking.notices.listening.wait(PATIENCE_S)

    def stop(self) -> None:
        self.waking.notices.stop()
        self.database.close()


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    name = postgres.take()
    yield postgres.url(name)
    postgres.give_back(name)


@pytest.fixture
def processes(url: str) -> Iterator[tuple[Process, Process]]:
    """A replica, and one with loops."""
    made = Process(url, here=False), Process(url, here=True)
    until(lambda: made[1].relay.is_set() and made[1].sender.woken and bool(made[1].tenure.told) and len(made[1].runner.told) == 2)  # it has just begun to listen
    made[1].relay.clear()
    made[1].sender._woken.clear()
    made[1].runner.told.clear()
    made[1].tenure.told.clear()
    yield made
    for one in made:
        one.stop()


class TestWire:
    def test_what_a_replica_takes_in_wakes_the_loops_elsewhere(self, processes: tuple[Process, Process]) -> None:
        """Planted bugs, each seen to fail: no bell among the wakes of a replica's relays; a loop that runs elsewhere is not told."""
        replica, worker = processes
        with replica.database.transaction() as session:
            session.info["after_commit"].append(session.info["wake_relays"])
        until(worker.relay.is_set)
        replica.sender.wake()
        until(lambda: worker.sender.woken)
        replica.waking.fixes()
        replica.waking.sightings()
        until(lambda: len(worker.runner.told) == 2)
        assert sorted(worker.runner.told) == ["woken", "woken beside"]
        replica.waking.timetable()
        until(lambda: bool(worker.tenure.told))

    def test_what_a_process_does_with_its_own_loops_it_tells_nobody(self, processes: tuple[Process, Process], url: str) -> None:
        """So two that have loops do not wake each other for ever."""
        _, worker = processes
        second = Process(url, here=True)
        try:
            told: list[str] = []
            second.waking.notices.tell = lambda topic, key="": told.append(topic)  # type: ignore[method-assign]
            second.database.wake_relays()
            second.sender.wake()
            second.sender.wake_here()
            assert told == []
            second.waking.fixes()
            assert told == ["fixes"], "whose partition it is, is not known here"
        finally:
            second.stop()
        assert worker.waking.running

    def test_on_sqlite_nobody_is_told(self, tmp_path: Any) -> None:
        database, streams, sender = Database(f"sqlite:///{tmp_path / 'house.sqlite3'}"), Broadcaster(), Sender("push-dispatch", patience_s=1)
        wire(database, Noted(), streams, [sender], Noted(), here=False)  # type: ignore[arg-type]
        assert (streams.elsewhere, sender.elsewhere, database.relay_wakes) == (None, None, [])
        database.close()


class TestStreams:
    def test_a_page_that_is_open_at_a_replica_shows_what_another_process_queued(self, url: str, places: FakePlaces) -> None:  # noqa: F811
        """By itself the stream would look after a minute. Also after the line of the replica's notices was cut. Planted bugs, each seen to
        fail: a wake that stays in its process; nobody looks when the line is made again and what was told meanwhile was missed."""
        settings = NotificationSettings(stream_poll_s=60, stream_heartbeat_s=300, one_per_visit=False, cap_messages=100)
        rooms = [Room(Database(url, clock=ManualClock(START), pool_size=8), settings, None) for _ in range(2)]
        here, elsewhere = rooms
        wakings = [wire(room.database, Noted(), room.parts.broadcaster, [], Noted(), here=False) for room in rooms]  # type: ignore[arg-type]
        for waking in wakings:
            waking.notices.start()
            assert waking.notices.listening.wait(PATIENCE_S)
        served = Served(here.app(), here.parts)
        opened, jane = served.start(), here.phone(push=False)
        with open_stream(opened, jane.bearer) as events:
            until(lambda: _looked(here))
            elsewhere.issue(jane.shopper_id, name="1")
            assert _shown(events) == "cpn_1"
            with elsewhere.database.transaction() as session:
                session.connection().exec_driver_sql("SELECT pg_terminate_backend(%s)", (wakings[0].notices._connection.info.backend_pid,))
            elsewhere.issue(jane.shopper_id, name="2")
            assert _shown(events) == "cpn_2"
            elsewhere.issue(jane.shopper_id, name="3")
            assert _shown(events) == "cpn_3"
        served.stop()
        for room, waking in zip(rooms, wakings, strict=True):
            waking.notices.stop()
            room.database.close()

    def test_what_is_told_of_her_does_not_say_who_she_is(self) -> None:
        told: list[str] = []
        streams = Broadcaster()
        streams.elsewhere = told.append
        streams.wake("shp_jane")
        assert told == [key_of("shp_jane")]
        assert "jane" not in told[0]
        assert len(told[0]) == 32


def _looked(room: Room) -> bool:
    """The stream is open and has looked once."""
    return room.parts.broadcaster.open_streams() == 1


def _shown(events: Any) -> str:
    began = time.monotonic()
    event = events.next()
    assert time.monotonic() - began < PATIENCE_S, "it was found by looking"
    assert event is not None
    return str(event["data"]["coupon_id"])
