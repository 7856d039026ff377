"""A device over which the rules fail is given up, and nobody else is: not missed, not told twice, not kept waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.errors import AppError
from app.security.people import NewDevice
from geofences import runner as runner_module
from geofences import track
from geofences.careful import FEW
from geofences.jobs import RunnerLoop
from geofences.models import DeadLetterRow, FixLogRow, VisitRow
from geofences.settings import GeofenceSettings
from geofences.track import Sample
from geofences.transitions import Transition
from tests.geofences.conftest import pass_time, raw
from tests.geofences.test_group_loop import Group, standing
from tests.geofences.test_jobs import kinds, send
from tests.geofences.test_live import PEOPLE, agreed

Make = Callable[..., NewDevice]
Poison = Callable[[Exception], None]
BAD_M = 13.13
"""An accuracy that no phone reports by chance."""


class BadFix(Exception):
    pass


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    """From now on the rules raise this over a fix of that accuracy."""
    applied = track._Track.apply

    def use(error: Exception) -> None:
        def apply(self: Any, sample: Sample, hit: Any) -> list[Transition]:
            if sample.accuracy_m == BAD_M:
                raise error
            return applied(self, sample, hit)

        monkeypatch.setattr(track._Track, "apply", apply)

    return use


def _raises(error: Exception) -> Callable[..., Any]:
    def apply(*_: Any) -> Any:
        raise error

    return apply


def turns(loop: RunnerLoop, clock: ManualClock, seconds: float, *, fails: int) -> None:
    """Time passes, and so many turns fail with what the rules raise."""
    clock.advance(seconds)
    for _ in range(fails):
        with pytest.raises(BadFix):
            loop.run_once()
    loop.settle()


def buried(database: Database) -> list[tuple[str, int]]:
    with database.reading() as session:
        return [tuple(row) for row in session.execute(select(DeadLetterRow.reason, DeadLetterRow.size_bytes))]


def visits(database: Database, device: NewDevice) -> list[bool]:
    """Of each visit of hers, whether it has ended."""
    with database.reading() as session:
        ended = session.scalars(select(VisitRow.ended_at).where(VisitRow.shopper_id == device.shopper_id).order_by(VisitRow.started_at))
        return [at is not None for at in ended]


class TestGivenUp:
    """Seen to fail, all of them, with a trial in which the first failure is everybody's; over a shared log also with one that ends before what failed
    is read again."""

    def test_the_others_are_noticed_and_she_begins_anew(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, poison: Poison
    ) -> None:
        poison(BadFix())
        jane, bob = shopper(), shopper()
        send(database, jane, [raw(clock.now(), 0)], settings)
        pass_time(loop, clock, 2)
        send(database, jane, [raw(clock.now(), 5, accuracy_m=BAD_M)], settings)
        send(database, bob, [raw(clock.now(), 0)], settings)
        turns(loop, clock, 2, fails=1)
        assert (kinds(database, jane), kinds(database, bob)) == (["store_visit"], ["store_visit"])
        assert (visits(database, jane), visits(database, bob)) == ([True], [False])
        assert buried(database) == [("rules_failed", 0)]
        clock.advance(3600)
        send(database, jane, [raw(clock.now(), 0)], settings)
        pass_time(loop, clock, 2)
        assert visits(database, jane) == [True, False]
        with database.reading() as session:
            assert loop.figures(session)["moments_dead_letters"][1] == 1

    def test_so_it_is_in_the_thread(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, poison: Poison
    ) -> None:
        poison(BadFix())
        jane, bob = shopper(), shopper()
        send(database, jane, [raw(clock.now(), 0, accuracy_m=BAD_M)], settings)
        send(database, bob, [raw(clock.now(), 0)], settings)
        clock.advance(2)
        loop.start()
        try:
            deadline = time.monotonic() + 30
            while kinds(database, bob) != ["store_visit"] and time.monotonic() < deadline:
                time.sleep(0.02)
        finally:
            loop.stop()
        assert kinds(database, bob) == ["store_visit"]
        assert visits(database, jane) == []

    def test_who_comes_late(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, poison: Poison
    ) -> None:
        """Their stories are told again from before what came late."""
        poison(BadFix())
        jane, bob = shopper(), shopper()
        for one in (jane, bob):
            send(database, one, [raw(clock.now(), 500)], settings)
        pass_time(loop, clock, 120)
        late_s = clock.now().timestamp() - 60
        for one, accuracy_m in ((jane, BAD_M), (bob, 8.0)):
            fix = raw(clock.now(), 0, accuracy_m=accuracy_m)
            send(database, one, [{**fix, "ts": late_s}], settings)
        turns(loop, clock, 2, fails=1)
        assert (visits(database, jane), len(visits(database, bob))) == ([], 1)
        assert buried(database) == [("rules_failed", 0)]

    def test_whose_visit_cannot_be_told(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        jane, bob = shopper(), shopper()
        judged = runner_module.judged

        def judge(session: Any, found: Any, heard: Any) -> list[Transition]:
            if any(t.shopper_id == jane.shopper_id for t in found):
                raise BadFix
            return judged(session, found, heard)

        monkeypatch.setattr(runner_module, "judged", judge)
        for one in (jane, bob):
            send(database, one, [raw(clock.now(), 0)], settings)
        turns(loop, clock, 2, fails=1)
        assert (visits(database, jane), visits(database, bob)) == ([], [False])
        assert buried(database) == [("rules_failed", 0)]

    def test_over_a_shared_log(self, database: Database, clock: ManualClock, poison: Poison) -> None:
        poison(BadFix())
        agreed(database, clock)
        group = Group(database, clock)
        worker = group.worker()
        worker.run_once()
        now_s = clock.now().timestamp()
        jane, bob = PEOPLE[0], PEOPLE[1]
        group.send([(now_s, jane, {**standing(jane, now_s), "accuracy_m": BAD_M}), (now_s, bob, standing(bob, now_s))])
        clock.advance(5)
        group.ticker.tick()
        with pytest.raises(BadFix):
            worker.settle()
        worker.settle()
        with database.reading() as session:
            assert set(session.scalars(select(VisitRow.shopper_id))) == {bob.shopper_id}
        assert buried(database) == [("rules_failed", 0)]


class TestNobodyGivenUp:
    def test_what_failed_once_is_worked_in_by_the_next_turn(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Seen to fail, with all those fixes lost, where the runner goes on with what it had when it failed."""
        failed: list[bool] = []
        advance_many = runner_module.advance_many

        def fails_once(*args: Any) -> Any:
            if not failed:
                failed.append(True)
                raise BadFix
            return advance_many(*args)

        monkeypatch.setattr(runner_module, "advance_many", fails_once)
        people = [shopper() for _ in range(3)]
        for one in people:
            send(database, one, [raw(clock.now(), 0)], settings)
        turns(loop, clock, 2, fails=1)
        assert [kinds(database, one) for one in people] == [["store_visit"]] * 3
        assert buried(database) == []

    def test_where_most_fail_the_fault_is_ours(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A release that fails over everybody stops detection, and everybody is noticed by the one that mends it. Seen to fail without the look at
        how many fail."""
        people = [shopper() for _ in range(FEW + 1)]
        for one in people:
            send(database, one, [raw(clock.now(), 0)], settings)
        with monkeypatch.context() as broken:
            broken.setattr(track._Track, "apply", _raises(BadFix()))
            clock.advance(2)
            for _ in range(4):
                with pytest.raises(BadFix):
                    loop.run_once()
            assert buried(database) == []
        loop.settle()
        assert [kinds(database, one) for one in people] == [["store_visit"]] * len(people)
        with database.reading() as session:
            assert session.scalars(select(FixLogRow.position)).all()

    @pytest.mark.parametrize("error", [OperationalError("x", {}, Exception()), AppError("busy"), MemoryError()])
    def test_what_says_nothing_of_a_device(
        self,
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Make,
        settings: GeofenceSettings,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
    ) -> None:
        """Seen to fail with every error taken for the device's."""
        jane = shopper()
        send(database, jane, [raw(clock.now(), 0)], settings)
        clock.advance(2)
        with monkeypatch.context() as broken:
            broken.setattr(track._Track, "apply", _raises(BadFix()))
            with pytest.raises(BadFix):
                loop.run_once()
            broken.setattr(track._Track, "apply", _raises(error))
            for _ in range(2):
                with pytest.raises(type(error)):
                    loop.run_once()
        loop.settle()
        assert kinds(database, jane) == ["store_visit"]
        assert buried(database) == []
