"""The ticker: runs what is due, never twice at once, and outlives a job's bad day."""

from __future__ import annotations

import threading
import time

from app.scheduler import Job, Scheduler


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
