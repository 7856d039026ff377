"""Detection goes on where the fixes came in: of one batch, of several, of none; and of what still waits."""

from __future__ import annotations

from collections.abc import Callable

from app.kernel import tracing
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.security.people import NewDevice
from geofences.jobs import RunnerLoop
from geofences.settings import GeofenceSettings
from tests.geofences.conftest import raw
from tests.geofences.test_jobs import send
from tests.spans import ids, told

Make = Callable[..., NewDevice]


class TestOrigins:
    def test_one_batch_is_gone_on_with(self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings) -> None:
        """Seen to fail without the step of the batch."""
        jane = shopper()
        with told() as found:
            with tracing.root("request"):
                send(database, jane, [raw(clock.now(), 0)], settings)
            clock.advance(settings.lateness_s + 1)
            loop.settle()
            flush = found.one("detection.flush")
            assert ids(flush.parent) == ids(found.one("fixes.append"))
            assert "moment.detected" in {(event.attributes or {})["moments.event_type"] for event in flush.events}

    def test_several_are_linked_whoever_of_them_was_told(self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings) -> None:
        with told() as found:
            for traced in (True, False, True):
                jane = shopper()
                if traced:
                    with tracing.root("request"):
                        send(database, jane, [raw(clock.now(), 0)], settings)
                else:
                    send(database, jane, [raw(clock.now(), 0)], settings)
            clock.advance(settings.lateness_s + 1)
            loop.settle()
            flush = found.one("detection.flush")
            assert flush.parent is None
            assert [ids(link) for link in flush.links] == [ids(span) for span in found.named("fixes.append")]
            assert (flush.attributes or {})["moments.together"] == 3

    def test_what_waits_is_remembered_and_what_is_passed_is_not(self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings) -> None:
        """Seen to fail with everything forgotten at each flush."""
        with told() as found:
            for since_s in (settings.lateness_s + 0.5, 0.1):
                with tracing.root("request"):
                    send(database, shopper(), [raw(clock.now(), 0)], settings)
                clock.advance(since_s)
            loop.settle()
            assert len(loop._origins._traces) == 1
            clock.advance(30)
            loop.settle()
            assert loop._origins._traces == {}
            first, second = found.named("fixes.append")
            *_, last = found.named("detection.flush")
            assert ids(last.parent) == ids(second)
            assert ids(second) != ids(first)

    def test_where_nothing_is_traced_nothing_is_remembered(self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings) -> None:
        send(database, shopper(), [raw(clock.now(), 0)], settings)
        loop.run_once()
        assert loop._origins._traces == {}
