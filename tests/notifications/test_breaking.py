"""A provider that is away costs one message now and then, and no message its attempts."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from notifications import dispatch
from notifications.adapters.memory_gateway import MemoryGateway
from notifications.breaking import Breaker
from notifications.ports import Outcome, PushReceipt
from notifications.settings import NotificationSettings
from tests.conftest import START
from tests.notifications.conftest import FakePlaces, Room

AWAY = PushReceipt(Outcome.RETRY, reason="provider_unavailable")


class TestBreaker:
    def test_a_quota_or_a_dead_address_is_an_answer(self) -> None:
        breaker = Breaker("fcm", NotificationSettings(breaker_failures=1).breaker())
        for receipt in (PushReceipt(Outcome.RETRY, reason="provider_quota"), PushReceipt(Outcome.DEAD), PushReceipt(Outcome.REFUSED)):
            breaker.heard(receipt, START)
            assert breaker.until is None
        breaker.heard(AWAY, START)
        assert breaker.until is not None

    def test_while_it_is_open_what_waits_keeps_its_attempts(self, database: Database, places: FakePlaces, clock: ManualClock) -> None:
        """Planted bug: a breaker that let all go tried the other two at the second look."""
        room = Room(database, NotificationSettings(push_workers=1, breaker_failures=2, breaker_first_s=60), MemoryGateway())
        phones = [room.phone() for _ in range(10)]
        ids = [room.issue(phone.shopper_id, name=str(n), visit=f"v{n}", life_s=7200) for n, phone in enumerate(phones)]
        for phone in phones:
            room.gateway.program(str(phone.address), AWAY)
        breaker = Breaker("fcm", room.settings.breaker())
        tried: list[int] = []
        with ThreadPoolExecutor(1) as executor:
            for _ in range(4):
                dispatch.run_once(database, room.gateway, room.settings, executor, breaker)
                tried.append(len(room.gateway.attempts))
                clock.advance(30)
            clock.advance(3600)
            while dispatch.run_once(database, room.gateway, room.settings, executor, breaker) or breaker.until:
                clock.advance(121)
        assert tried == [8, 8, 9, 9]  # eight are claimed at once for each worker
        assert [room.states(i)["fcm"][0] for i in ids] == ["sent"] * 10
