"""Several processes share the partitions of one log: what comes of it is what one would have found, whoever comes, hangs or dies."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel.clock import ManualClock, from_epoch_s
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.verdict import Fail
from geofences import partition_store
from geofences.batches import of_objects
from geofences.benching import outcome
from geofences.ingest import reading, take
from geofences.jobs import RunnerLoop
from geofences.models import LogPartitionRow, TrackStateRow
from geofences.partitions import MOST, establish, partition_count, partition_of
from geofences.settings import GeofenceSettings
from geofences.sharing import Sharing, share_of
from tests.geofences.test_live import Sent, agreed, run, stream

EACH = 45
"""Fixes a batch."""


def settings_of(partitions: int) -> GeofenceSettings:
    return GeofenceSettings(partitions=partitions)  # type: ignore[call-arg]


def reference_of(path: Path, template: Path, clock: ManualClock) -> Database:
    shutil.copy(template, path)
    return Database(f"sqlite:///{path}", clock=clock)


def positions(database: Database) -> dict[int, int]:
    with database.reading() as session:
        rows = session.execute(select(LogPartitionRow.partition, LogPartitionRow.position).where(LogPartitionRow.partition < MOST))
        return dict(rows.all())


class TestPartitionOf:
    def test_is_the_same_for_ever(self) -> None:
        """A stored state lies where this says, so no release may change it (CRC-32 of "123456789" is CBF43926)."""
        assert partition_of("123456789", 512) == 0xCBF43926 % 512 == 294
        assert {partition_of(f"shp_{i}", 512) for i in range(20_000)} == set(range(512))
        assert partition_of("shp_1", 1) == 0


class TestEstablish:
    def test_is_settled_once(self, database: Database) -> None:
        establish(database, 8)
        establish(database, 8)
        assert sorted(positions(database)) == list(range(8))
        for again in (database, Database(database.url.render_as_string(hide_password=False), clock=database.clock)):
            with pytest.raises(AppError, match=r"MOMENTS_GEOFENCES__PARTITIONS is 4, .* begun with 8: set it to 8"):
                establish(again, 4)
        assert sorted(positions(database)) == list(range(8))

    def test_a_log_that_has_not_begun_has_one(self, database: Database) -> None:
        with database.reading() as session:
            assert partition_count(session) == 1
        establish(database, 3)
        with database.reading() as session:
            assert partition_count(session) == 3


class TestShareOf:
    @pytest.mark.parametrize("partitions", [1, 2, 7, 64, 512])
    @pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
    def test_shares_are_even_and_add_up(self, partitions: int, count: int) -> None:
        workers = [f"own_{i}" for i in range(count)]
        shares = [share_of(worker, workers, partitions) for worker in workers]
        assert sum(shares) == partitions
        assert max(shares) - min(shares) <= 1
        assert share_of("own_gone", workers, partitions) == 0


class TestSharing:
    def test_who_comes_is_given_its_part_and_who_leaves_gives_it_back(self, database: Database, clock: ManualClock) -> None:
        if database.dialect == "sqlite":  # one process: it takes everything, and writes nothing for it
            assert Sharing(database, "own_a", 8, 5.0, alone=True).look({0}, clock.now()) == ([1, 2, 3, 4, 5, 6, 7], [])
            return
        establish(database, 8)
        anna, bert = (Sharing(database, f"own_{name}", 8, 5.0, alone=False) for name in "ab")
        assert anna.look(set(), clock.now()) == (list(range(8)), [])
        self._claim(database, "own_a", range(8))
        assert bert.look(set(), clock.now()) == ([], [])  # nothing is free yet
        assert anna.look(set(range(8)), clock.now()) == ([], [4, 5, 6, 7])
        clock.advance(6)  # anna has died
        assert bert.look(set(), clock.now()) == (list(range(8)), [])
        bert.leave()
        assert anna.look(set(range(4)), clock.now()) == ([4, 5, 6, 7], [])

    def _claim(self, database: Database, owner: str, partitions: range) -> None:
        with database.transaction() as session:
            assert len(partition_store.claim(session, partitions, owner, at=database.clock.now(), lease_s=5, at_once=False)) == len(partitions)


class TestSeveralPartitions:
    def test_what_comes_of_it_is_what_comes_of_one(self, database: Database, clock: ManualClock, tmp_path: Path, sqlite_template: Path) -> None:
        """Visits, moments, what was taken back and told, states, and the answer to each fix. (What is held is not compared: how soon a
        position becomes a cell depends on what came in the same batch.)"""
        then = ManualClock(clock.now())
        sent = stream(5, clock.now().timestamp())
        reference = reference_of(tmp_path / "one.sqlite3", sqlite_template, then)
        wanted, found = run(reference, then, sent, settings_of(1), restart=False), run(database, clock, sent, settings_of(7), restart=False)
        reference.close()
        assert len({p for p, position in positions(database).items() if position}) > 4
        for name, rows in wanted[0].items():
            if name == "held":
                continue
            assert found[0][name] == rows, name
        assert found[1] == wanted[1]


class TestHandOver:
    def test_nothing_is_remembered_of_whoever_is_anothers_now(self, database: Database, clock: ManualClock) -> None:
        """Seen to fail with what was heard of them left where it was."""
        settings = settings_of(7)
        agreed(database, clock)
        establish(database, 7)
        sent = stream(5, clock.now().timestamp())
        crowd = Crowd(database, clock, settings, random.Random(0))
        clock.set_to(from_epoch_s(sent[5 * EACH][0]))
        crowd.take_in(sent[: 5 * EACH])
        (loop,) = crowd.working
        loop.settle()
        runner = loop._runner
        memory, theirs = runner._memory, {2, 3, 5}
        known = {no: partition_of(key.shopper_id, 7) for no, key in enumerate(memory.live.keys)}
        gone, kept = ([no for no, partition in known.items() if (partition in theirs) is away] for away in (True, False))
        assert gone
        assert kept
        runner.release(theirs)
        assert set(runner.held) == {0, 1, 4, 6}
        assert [memory.history.samples(no, 0) for no in gone] == [[]] * len(gone)
        assert all(memory.history.samples(no, 0) for no in kept)
        assert {float(memory.live.at_s[no]) for no in gone} == {float("-inf")}
        assert not memory.states.keys() & set(gone)
        assert runner.flush(clock.now(), loop._fences)


class Crowd:
    """Workers of one database that come, go, hang and die as chance says, while fixes come in."""

    def __init__(self, database: Database, clock: ManualClock, settings: GeofenceSettings, chance: random.Random) -> None:
        self._database, self._clock, self._settings, self._chance = database, clock, settings, chance
        self.working = [RunnerLoop(database, settings)]
        self.hanging: list[RunnerLoop] = []
        self.fenced, self.died, self.came = 0, 0, 1

    def take_in(self, sent: list[Sent]) -> None:
        now = self._clock.now()
        batch = of_objects([fix for _, _, fix in sent], reading(None, received_at=now, settings=self._settings))
        with self._database.transaction() as session:
            assert not isinstance(take(session, batch, None, received_at=now), Fail)

    def go_on(self) -> None:
        """A turn or two of everybody, in any order; somebody may hang or die between reading and writing."""
        turns = self.working * 2
        self._chance.shuffle(turns)
        for loop in turns:
            loop.run_once()
        what = self._chance.random()
        if what < 0.25 and len(self.working) < 4:
            self.working.append(RunnerLoop(self._database, self._settings))
            self.came += 1
        elif what < 0.45 and len(self.working) > 1:
            self._part_read(self.working.pop(self._chance.randrange(len(self.working))))
            self.died += 1
        elif what < 0.65 and len(self.working) > 1:
            hangs = self.working.pop(self._chance.randrange(len(self.working)))
            self._part_read(hangs)
            self.hanging.append(hangs)
        elif what < 0.75 and len(self.working) > 1:
            self.working.pop(0).stop()
        elif self.hanging:
            self.wake(self.hanging.pop(0))

    def _part_read(self, loop: RunnerLoop) -> None:
        """It has read, and found something, that it has not written."""
        runner = loop._runner
        with self._database.reading() as session:
            batches, _ = runner.read(session, 500)
        for batch in batches:
            runner.feed(batch)
        runner.tick(self._clock.now().timestamp() - self._settings.lateness_s, loop._fences)

    def wake(self, zombie: RunnerLoop) -> None:
        """It believes that it still owns what it had, and writes first."""
        zombie._runner.flush(self._clock.now(), zombie._fences)
        self.fenced += zombie._runner.fenced
        self.working.append(zombie)


def _apart(moments: list[str]) -> tuple[list[str], list[str]]:
    """(those of passing through without a fix inside, all others)."""
    crossed = [moment for moment in moments if "'crossed'" in moment]
    return crossed, [moment for moment in moments if moment not in crossed]


def undisturbed(database: Database, clock: ManualClock, sent: list[Sent], *, dies: random.Random | None = None) -> dict[str, Any]:
    """What one process finds, or a row of them, each of which `dies` at some time between two turns."""
    settings = settings_of(1)
    agreed(database, clock)
    crowd = Crowd(database, clock, settings, random.Random(0))
    for start in range(0, len(sent), EACH):
        clock.set_to(max(clock.now(), from_epoch_s(sent[start : start + EACH][-1][0])))
        crowd.take_in(sent[start : start + EACH])
        crowd.working[-1].run_once()
        if dies is not None and dies.random() < 0.4:
            crowd.working.append(RunnerLoop(database, settings))
    clock.advance(30)
    crowd.working[-1].settle()
    return outcome(database)


class TestKilled:
    """Seen to fail (25 of 39 seeds) when what was worked in of a batch that had begun was read once more after the restart, as if it came late:
    confidences were others, visits longer, and the odd one never ended."""

    @pytest.mark.parametrize("seed", [4, 7, *(pytest.param(n, marks=pytest.mark.full) for n in range(8, 60))])
    def test_one_process_killed_again_and_again(self, clock: ManualClock, tmp_path: Path, sqlite_template: Path, seed: int) -> None:
        outcomes: list[dict[str, Any]] = []
        for dies in (None, random.Random(seed)):
            then = ManualClock(clock.now())
            database = reference_of(tmp_path / f"{dies is None}.sqlite3", sqlite_template, then)
            outcomes.append(undisturbed(database, then, stream(seed, then.now().timestamp(), late=False), dies=dies))
            database.close()
        same(outcomes[1], outcomes[0])


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """All visits and moments; of passing through between two fixes far off, none that was not. Where somebody was, far from every fence, is
    a cell to whoever takes over (docs/algorithms/fix-log.md)."""
    (crossed, stayed), (crossings, stays) = (_apart(one["moments"]) for one in (found, wanted))
    assert (found["visits"], stayed) == (wanted["visits"], stays)
    assert set(crossed) <= set(crossings)
    assert len(crossed) >= 0.7 * len(crossings)


class TestChaos:
    """PostgreSQL, where there are several. Seen to fail with the epoch left out of the guard, and with batches that had begun read from their beginning."""

    @pytest.mark.parametrize("seed", [1, 2, *(pytest.param(n, marks=pytest.mark.full) for n in range(3, 60))])
    def test_nothing_is_lost_and_nothing_added(self, database: Database, clock: ManualClock, tmp_path: Path, sqlite_template: Path, seed: int) -> None:
        if database.dialect == "sqlite":
            return  # one process, by the file's own lock: nothing to share
        then, chance = ManualClock(clock.now()), random.Random(seed)
        sent = stream(seed, clock.now().timestamp(), late=False)
        reference = reference_of(tmp_path / "one.sqlite3", sqlite_template, then)
        wanted = undisturbed(reference, then, sent)
        reference.close()
        settings = settings_of(8)
        agreed(database, clock)
        crowd, before = Crowd(database, clock, settings, chance), dict[int, int]()
        establish(database, 8)
        for start in range(0, len(sent), EACH):
            clock.set_to(max(clock.now(), from_epoch_s(sent[start : start + EACH][-1][0])))
            crowd.take_in(sent[start : start + EACH])
            crowd.go_on()
            after = positions(database)
            assert all(after[p] >= position for p, position in before.items())
            before = after
        for zombie in crowd.hanging:
            crowd.wake(zombie)
        clock.advance(30)  # whoever died is not waited for any longer
        for _ in range(4):
            for loop in crowd.working:
                loop.settle()
        found = outcome(database)
        same(found, wanted)
        assert found["visits"]
        with database.reading() as session:
            assert crowd.working[0].settled(session)
            assert {row.partition for row in session.scalars(select(TrackStateRow))} <= set(range(8))
        assert crowd.came > 1
