"""The ticker: one thread in exactly one process that says when periodic work is due.

Owns the timetable. Must not do the work: each job is a function of a room that takes a transaction, works on rows and is
safe to run twice. APScheduler 3 runs a job once per process that has a scheduler, hence one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.kernel.logs import get_logger

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """`work()` is called every `every_s` seconds, never twice at once; what it raises is logged, and it runs again."""

    name: str
    every_s: float
    work: Callable[[], object]


class Scheduler:
    """Runs jobs until stopped."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler  # lazy: 80 ms

        self.jobs = tuple(jobs)
        self._scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        for job in jobs:
            self._scheduler.add_job(_guarded(job), "interval", seconds=job.every_s, id=job.name, coalesce=True, max_instances=1)

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running)


def _guarded(job: Job) -> Callable[[], None]:
    def run() -> None:
        try:
            job.work()
        except Exception as error:
            log.exception("job_failed", job=job.name, error=type(error).__name__, exc_info=error)

    return run
