"""The ticker: runs what is due, never twice at once, and outlives a job's bad day."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from app.scheduler import Job, Scheduler
from tests.engines import PostgresServer

PATIENCE_S, TTL_S = 60.0, 1.0


class TestScheduler:
    def test_runs_jobs_and_outlives_a_failing_one(self) -> None:
        ran, failed = threading.Event(), threading.Event()

        def fail() -> None:
            failed.set()
            raise OSError("bad day")

        scheduler = Scheduler([Job("good", 0.05, ran.set), Job("bad", 0.05, fail)])
        scheduler.start()
        assert scheduler.running
        assert ran.wait(60)
        assert failed.wait(60)
        ran.clear()
        assert ran.wait(60)
        scheduler.stop()
        assert not scheduler.running
        scheduler.stop()

    def test_a_slow_job_is_not_started_twice_at_once(self) -> None:
        at_once: list[int] = []
        inside = 0

        def slow() -> None:
            nonlocal inside
            inside += 1
            at_once.append(inside)
            time.sleep(0.2)
            inside -= 1

        scheduler = Scheduler([Job("slow", 0.05, slow)])
        scheduler.start()
        end = time.monotonic() + 60
        while len(at_once) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        scheduler.stop()
        assert len(at_once) >= 3
        assert max(at_once) == 1


class Ticking:
    """One process of several that have the timetable; see ticking.py."""

    def __init__(self, url: str, ttl_s: float) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "tests.app.ticking", url, str(ttl_s)], stdout=subprocess.PIPE, text=True)
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.strip())

    def has_said(self, word: str, times: int) -> None:
        """Wait until it has said it so many times more."""
        before, end = self.said.count(word), time.monotonic() + PATIENCE_S
        while self.said.count(word) < before + times:
            assert time.monotonic() < end, f"{word} was not said"
            assert self.process.poll() is None
            time.sleep(0.02)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE_S)


@pytest.fixture
def two(postgres: PostgresServer) -> Iterator[list[Ticking]]:
    """On PostgreSQL, both under way."""
    name = postgres.take()
    url = postgres.url(name)
    started = [Ticking(url, TTL_S) for _ in range(2)]
    yield started
    for one in started:
        one.end()
    postgres.give_back(name)


class TestSeveralProcesses:
    @pytest.mark.timeout(180)
    def test_one_has_the_timetable_and_another_takes_it_over(self, two: list[Ticking]) -> None:
        """A holder that stood still, and one that was killed. Planted bugs, each seen to fail: a job begins without asking; nobody but the first
        ever takes the lease."""
        for one in two:
            one.has_said("alive", 1)
        leader, other = sorted(two, key=lambda one: _leads(one, two), reverse=True)
        other.has_said("alive", 5)
        assert "tick" not in other.said
        # stalled
        leader.process.send_signal(signal.SIGUSR1)
        other.has_said("tick", 1)
        before = leader.said.count("tick")
        leader.process.send_signal(signal.SIGCONT)
        leader.has_said("alive", 5)
        assert leader.said.count("tick") == before, "it was no longer the holder, and began a job"
        # killed
        other.process.kill()
        leader.has_said("tick", 1)


def _leads(one: Ticking, several: list[Ticking]) -> bool:
    """Once anybody has said so."""
    end = time.monotonic() + PATIENCE_S
    while not any("tick" in each.said for each in several):
        assert time.monotonic() < end
        time.sleep(0.02)
    return "tick" in one.said
