"""Workers of a shared log: what comes of it is what one embedded runner would have found, whoever comes, hangs, dies or is put out."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock, from_epoch_s
from app.kernel.db import Database
from app.kernel.verdict import Fail
from geofences.adapters.memory_log import MemoryConsumer, MemoryLog, MemoryProducer, MemoryReader
from geofences.adapters.shared_log import Outgoing
from geofences.batches import of_objects
from geofences.benching import outcome
from geofences.group_loop import GroupLoop
from geofences.ingest import reading, take
from geofences.models import TrackStateRow
from geofences.partitions import establish_shared
from geofences.settings import GeofenceSettings
from geofences.ticking import Ticker
from tests.geofences.test_live import Sent, agreed, stream
from tests.geofences.test_sharing import EACH, positions, reference_of, same, undisturbed

PARTITIONS = 8
TOPIC = "fixes 1"


def settings_of() -> GeofenceSettings:
    return GeofenceSettings(kafka_partitions=PARTITIONS, poll_every_s=0.01)  # type: ignore[call-arg]


class Group:
    """Workers on one log in memory, and the clock in it."""

    def __init__(self, database: Database, clock: ManualClock, *, session_s: float = 30.0) -> None:
        self.database, self.clock, self.settings = database, clock, settings_of()
        self.log = MemoryLog(PARTITIONS, session_s=session_s)
        self.producer = MemoryProducer(self.log)
        self.ticker = Ticker(database, self.producer, PARTITIONS, lateness_s=self.settings.lateness_s, every_s=0.5)

    def worker(self) -> GroupLoop:
        return GroupLoop(self.database, self.settings, MemoryConsumer(self.log), MemoryReader(self.log), lambda: TOPIC)

    def send(self, sent: list[Sent]) -> None:
        now = self.clock.now()
        batch = of_objects([fix for _, _, fix in sent], reading(None, received_at=now, settings=self.settings))
        outgoing = Outgoing(self.producer, establish_shared(self.database, TOPIC, PARTITIONS), PARTITIONS)
        with self.database.reading() as session:
            assert not isinstance(take(session, batch, None, received_at=now, log=outgoing), Fail)
        outgoing.send()

    def behind(self) -> bool:
        return any(self.log.last(p) > position for p, position in positions(self.database).items())


class TestGroup:
    def test_what_comes_of_it_is_what_comes_of_the_table(self, database: Database, clock: ManualClock, tmp_path: Path, sqlite_template: Path) -> None:
        then = ManualClock(clock.now())
        sent = stream(5, clock.now().timestamp(), late=False)
        reference = reference_of(tmp_path / "one.sqlite3", sqlite_template, then)
        wanted = undisturbed(reference, then, sent)
        reference.close()
        agreed(database, clock)
        group = Group(database, clock)
        loop = group.worker()
        for start in range(0, len(sent), EACH):
            clock.set_to(max(clock.now(), from_epoch_s(sent[start : start + EACH][-1][0])))
            group.send(sent[start : start + EACH])
            group.ticker.tick()
            while loop.run_once():
                pass
        clock.advance(30)
        group.ticker.tick()
        loop.settle()
        found = outcome(database)
        assert found["visits"] == wanted["visits"]
        assert found["moments"] == wanted["moments"]
        assert found["visits"]


class Crowd(Group):
    """Workers that come, go, hang and die as chance says, while fixes come in."""

    def __init__(self, database: Database, clock: ManualClock, chance: random.Random) -> None:
        super().__init__(database, clock, session_s=0.1)
        self._chance = chance
        self.working = [self.worker()]
        self.hanging: list[GroupLoop] = []
        self.fenced, self.died, self.came = 0, 0, 1

    def go_on(self) -> None:
        turns = self.working * 2
        self._chance.shuffle(turns)
        for loop in turns:
            loop.run_once()
        what = self._chance.random()
        if what < 0.25 and len(self.working) < 4:
            self.working.append(self.worker())
            self.came += 1
        elif what < 0.45 and len(self.working) > 1:
            self._part_read(self.working.pop(self._chance.randrange(len(self.working))))
            self.died += 1
            time.sleep(0.15 * self._chance.random())
        elif what < 0.65 and len(self.working) > 1:
            hangs = self.working.pop(self._chance.randrange(len(self.working)))
            self._part_read(hangs)
            self.hanging.append(hangs)
        elif what < 0.75 and len(self.working) > 1:
            self.working.pop(0)._leave()
        elif self.hanging:
            self.wake(self.hanging.pop(0))

    @staticmethod
    def _part_read(loop: GroupLoop) -> None:
        """It has read, and found something, that it has not written."""
        if loop._joined:
            loop._work_in(loop._consumer.poll(4_000, 0.0))

    def wake(self, zombie: GroupLoop) -> None:
        """It believes that it still owns what it had, and writes first."""
        zombie._runner.flush(self.clock.now(), zombie._fences)
        self.fenced += zombie._runner.fenced
        self.working.append(zombie)

    def finish(self) -> None:
        """Until whoever is left has taken over what the dead had, and has written everything."""
        for zombie in self.hanging:
            self.wake(zombie)
        end = time.monotonic() + 30
        while True:
            self.ticker.tick()
            self.clock.advance(2)  # leases are renewed, and with them what was read is written down
            for loop in self.working:
                loop.settle()
            with self.database.reading() as session:
                if self._read_by_now() and all(loop.settled(session) for loop in self.working):
                    return
            assert time.monotonic() < end, "it never settled"

    def _read_by_now(self) -> bool:
        held = set[int]()
        for loop in self.working:
            held |= loop._runner.held.keys() & loop._ours
        return len(held) == PARTITIONS


class TestChaos:
    @pytest.mark.parametrize("seed", [1, 2, *(pytest.param(n, marks=pytest.mark.full) for n in range(3, 60))])
    def test_nothing_is_lost_and_nothing_added(self, database: Database, clock: ManualClock, tmp_path: Path, sqlite_template: Path, seed: int) -> None:
        then, chance = ManualClock(clock.now()), random.Random(seed)
        sent = stream(seed, clock.now().timestamp(), late=False)
        reference = reference_of(tmp_path / "one.sqlite3", sqlite_template, then)
        wanted = undisturbed(reference, then, sent)
        reference.close()
        agreed(database, clock)
        establish_shared(database, TOPIC, PARTITIONS)
        crowd, before = Crowd(database, clock, chance), dict[int, int]()
        for start in range(0, len(sent), EACH):
            clock.set_to(max(clock.now(), from_epoch_s(sent[start : start + EACH][-1][0])))
            crowd.send(sent[start : start + EACH])
            crowd.ticker.tick()
            crowd.go_on()
            after = positions(database)
            assert all(after[p] >= position for p, position in before.items())
            before = after
        clock.advance(30)
        crowd.finish()
        found: dict[str, Any] = outcome(database)
        same(found, wanted)
        assert found["visits"]
        with database.reading() as session:
            assert {row.partition for row in session.scalars(select(TrackStateRow))} <= set(range(PARTITIONS))
        assert crowd.came > 1
