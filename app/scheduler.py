"""The ticker: says when periodic work is due, in whichever process has the lease of the timetable.

Owns the timetable. Must not do the work: each job is a function of a room that takes a transaction, works on rows and is
safe to run twice. APScheduler 3 ticks in every process that has a scheduler; the lease lets one of them begin anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.kernel.leases import Tenure
from app.kernel.logs import get_logger

log = get_logger(__name__)

LEASE = "timetable"


@dataclass(frozen=True, slots=True)
class Job:
    """`work()` is called every `every_s` seconds, never twice at once; what it raises is logged, and it runs again."""

    name: str
    every_s: float
    work: Callable[[], object]


class Scheduler:
    """Runs jobs until stopped, as long as `tenure` says that this process is to; without one, always."""

    def __init__(self, jobs: Sequence[Job], tenure: Tenure | None = None) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler  # lazy: 80 ms

        self.jobs, self._tenure = tuple(jobs), tenure
        self._scheduler = BackgroundScheduler(timezone="UTC", daemon=True)
        for job in jobs:
            self._scheduler.add_job(_guarded(job, tenure), "interval", seconds=job.every_s, id=job.name, coalesce=True, max_instances=1)

    def start(self) -> None:
        if self._tenure is not None:
            self._tenure.start()
        self._scheduler.start()

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
            if self._tenure is not None:
                self._tenure.stop()

    @property
    def running(self) -> bool:
        return bool(self._scheduler.running) and (self._tenure is None or self._tenure.running)

    @property
    def leads(self) -> bool:
        """Whether jobs begin in this process."""
        return self.running and (self._tenure is None or self._tenure.leads)


def _guarded(job: Job, tenure: Tenure | None) -> Callable[[], None]:
    def run() -> None:
        try:
            if tenure is None or tenure.still():
                job.work()
        except Exception as error:
            log.exception("job_failed", job=job.name, error=type(error).__name__, exc_info=error)

    return run
