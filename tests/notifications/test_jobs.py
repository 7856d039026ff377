"""The dispatch thread, end to end: through the real SDK to the local FCM, quickly, and through its bad days."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from app.demo.peers.fcm_peer import FcmPeer, Step
from app.demo.peers.fcm_peer import Outcome as Peer
from app.kernel.clock import SystemClock
from app.kernel.db import Database
from notifications.adapters.fcm_gateway import FcmGateway
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.jobs import DispatchLoop
from notifications.settings import NotificationSettings
from tests.notifications.conftest import FakePlaces, Room


@pytest.fixture(scope="module")
def peer() -> Iterator[FcmPeer]:
    with FcmPeer() as running:
        yield running


@pytest.fixture
def live(database: Database, places: FakePlaces, peer: FcmPeer) -> Iterator[Room]:
    """A room on real time with the real SDK; retries are quick."""
    database.clock = SystemClock()
    settings = NotificationSettings(push_workers=4, push_retry_first_s=0.05, push_retry_most_s=0.2, fcm_timeout_s=3)
    room = Room(
        database, settings, FcmGateway(peer.service_account(), fcm_url=peer.fcm_url, timeout_s=settings.fcm_timeout_s)
    )
    room.parts.start()
    yield room
    room.parts.stop()


def until(holds: Callable[[], bool], within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class TestDispatchLoop:
    def test_a_commit_wakes_it(self, live: Room, peer: FcmPeer) -> None:
        jane = live.phone()
        address = str(jane.address)
        before = len(peer.delivered(address))
        message_id = live.issue(jane.shopper_id)
        assert until(lambda: len(peer.delivered(address)) == before + 1)
        delivered = peer.delivered(address)[-1]
        assert delivered.data["message_id"] == message_id
        assert until(lambda: live.states(message_id)["fcm"] == ("sent", ()))
        assert peer.rejected() == []

    def test_through_a_bad_day(self, live: Room, peer: FcmPeer) -> None:
        """503 though delivered, a time-out, garbage, then well: shown once, recorded sent, none lost."""
        jane = live.phone()
        address = str(jane.address)
        start = len(peer.delivered(address))
        peer.program(address, Peer.UNAVAILABLE_BUT_DELIVERED, Step(Peer.TIMEOUT, hold_s=6), Peer.GARBAGE, Peer.OK)
        message_id = live.issue(jane.shopper_id)
        assert until(lambda: live.states(message_id)["fcm"][0] == "sent")
        arrived = [
            (d.data["message_id"], d.message["android"]["collapse_key"]) for d in peer.delivered(address)[start:]
        ]
        assert arrived == [(message_id, "vis_1")] * 2

    def test_it_outlives_a_database_that_is_away(self, database: Database, places: FakePlaces) -> None:
        room = Room(database, NotificationSettings(), MemoryGateway())
        room.parts.stop()
        broken, honest = 2, database.reading
        loop = DispatchLoop(database, room.gateway, room.settings, idle_s=0.02)
        jane = room.phone()

        def sometimes() -> object:
            nonlocal broken
            if broken:
                broken -= 1
                raise OSError("the database is away")
            return honest()

        message_id = room.issue(jane.shopper_id)
        database.reading = sometimes  # type: ignore[assignment, method-assign]
        loop.start()
        assert until(lambda: len(room.gateway.attempts) == 1)
        database.reading = honest  # type: ignore[method-assign]
        loop.stop()
        assert not loop.running
        assert room.states(message_id)["fcm"] == ("sent", ())

    def test_stops_promptly(self, room: Room) -> None:
        loop = DispatchLoop(room.database, room.gateway, room.settings, idle_s=60)
        loop.start()
        assert loop.running
        began = time.monotonic()
        loop.stop()
        assert time.monotonic() - began < 30
        assert not loop.running

    def test_stopping_what_was_never_started(self, room: Room) -> None:
        DispatchLoop(room.database, room.gateway, room.settings).stop()
