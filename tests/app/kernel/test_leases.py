"""A lease by name has one holder, who finds out when it has another."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.leases import Lease, Tenure, give_back, is_held, prolong, take

PATIENCE_S = 60.0


def taken(database: Database, owner: str, *, at_once: bool = False) -> Lease | None:
    with database.transaction() as session:
        return take(session, "work", owner, at=database.clock.now(), ttl_s=8, at_once=at_once)


def prolonged(database: Database, lease: Lease) -> bool:
    with database.transaction() as session:
        return prolong(session, lease, at=database.clock.now(), ttl_s=8)


def given_back(database: Database, lease: Lease) -> bool:
    with database.transaction() as session:
        return give_back(session, lease)


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


class TestTake:
    def test_one_has_it_until_it_runs_out_and_then_cannot_prolong_it(self, database: Database, clock: ManualClock) -> None:
        """Planted bug: `prolong` without the epoch in its condition."""
        first = taken(database, "first")
        assert first == Lease("work", 1)
        clock.advance(7.9)
        assert taken(database, "second") is None
        assert is_held(database, "work")
        clock.advance(0.1)
        assert not is_held(database, "work")
        second = taken(database, "second")
        assert second == Lease("work", 2)
        assert not prolonged(database, first)
        assert not given_back(database, first)
        assert prolonged(database, second)
        assert taken(database, "first") is None

    def test_prolonged_it_lasts(self, database: Database, clock: ManualClock) -> None:
        lease = taken(database, "first")
        assert lease is not None
        clock.advance(7)
        assert prolonged(database, lease)
        clock.advance(7)
        assert taken(database, "second") is None

    def test_given_back_it_is_free_at_once_and_cannot_be_prolonged(self, database: Database) -> None:
        lease = taken(database, "first")
        assert lease is not None
        assert given_back(database, lease)
        assert not is_held(database, "work")
        assert not prolonged(database, lease)
        assert taken(database, "second") == Lease("work", 2)

    def test_at_once_whoever_has_it(self, database: Database) -> None:
        assert taken(database, "first") == Lease("work", 1)
        assert taken(database, "second", at_once=True) == Lease("work", 2)

    def test_whoever_has_provably_ended_is_not_waited_for(self, database: Database) -> None:
        say = "from app.kernel.processes import this_process; print(this_process())"
        ended = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True).stdout.strip()
        assert taken(database, ended) == Lease("work", 1)
        assert taken(database, "second") == Lease("work", 2)

    def test_of_many_at_once_one_gets_it(self, database: Database) -> None:
        """Planted bug: the UPDATE without its condition."""
        racers = 6
        barrier, got = threading.Barrier(racers), list[Lease | None]()

        def race(name: str) -> None:
            barrier.wait()
            got.append(taken(database, name))

        threads = [threading.Thread(target=race, args=(f"racer {n}",)) for n in range(racers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert [lease for lease in got if lease is not None] == [Lease("work", 1)]
        assert len(got) == racers


class TestTenure:
    def test_it_is_taken_kept_and_given_back(self, database: Database) -> None:
        """Planted bug: `stop` gives nothing back."""
        tenure = Tenure(database, "work", beat_s=0.01)
        assert not tenure.still()
        tenure.start()
        until(tenure.still)
        assert tenure.leads
        assert is_held(database, "work")
        tenure.stop()
        assert not tenure.leads
        assert not is_held(database, "work")

    def test_a_holder_whose_lease_was_taken_knows_before_it_begins_anything_and_asks_again(self, database: Database) -> None:
        """Planted bug: `still` as good as `leads`, which only knows what this process knows."""
        tenure = Tenure(database, "work", ttl_s=60, beat_s=60)  # it does not look by itself meanwhile
        tenure.start()
        until(tenure.still)
        other = taken(database, "other", at_once=True)
        assert tenure.leads
        assert not tenure.still()
        tenure.stop()
        assert other is not None
        assert prolonged(database, other), "what is no longer ours is not given back"

    def test_time_that_it_has_not_prolonged_ends_it_without_the_database(self, database: Database) -> None:
        tenure = Tenure(database, "work", ttl_s=0.05, beat_s=60)
        tenure.start()
        until(lambda: is_held(database, "work"))
        until(lambda: not tenure.leads)
        assert not tenure.still()
        tenure.stop()
