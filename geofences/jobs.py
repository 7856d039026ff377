"""The thread that runs detection: takes its share of the log, reads it, lets time pass, flushes.

Owns when: at once after an ingest committed in this process, at the next deadline, and every `poll_every_s` for what other
processes took in. Must not know how fixes become visits (runner, track).
"""

from __future__ import annotations

import gc
import math
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.logs import get_logger
from geofences.adapters.table_log import TableLog
from geofences.fence_source import FenceSource
from geofences.index import FenceIndex
from geofences.models import DeadLetterRow, FixLogRow, LogHeadRow, LogPartitionRow, VisitRow
from geofences.origins import Origins
from geofences.partitions import MOST, establish
from geofences.ports import FixLog
from geofences.runner import PartitionRunner
from geofences.settings import GeofenceSettings
from geofences.sharing import Sharing

if TYPE_CHECKING:
    from geofences.intake import SharedIntake

log = get_logger(__name__)

BATCHES_PER_TURN = 500
BREATH_S = 0.1
MOST_BREATH_S = 0.5
"""Between two turns of which the first has written something: twice as long as that took, within these bounds."""


class Companion(Protocol):
    """A runner of another log that shares the thread (geofences/beacons/runner.py)."""

    def run_once(self) -> bool: ...
    def settle(self) -> None: ...
    def release(self) -> None: ...
    def next_wake_s(self) -> float | None: ...


class RunnerLoop:
    """`start` and `stop` once each; `wake` from any thread; `run_once` by hand in tests and one-shot commands."""

    def __init__(
        self,
        database: Database,
        settings: GeofenceSettings,
        index_folder: Path | None = None,
        beside: Sequence[Companion] = (),
        fix_log: FixLog | None = None,
        partitions: int | None = None,
    ) -> None:
        self._database, self._settings = database, settings
        self._partitions = partitions or settings.partitions
        self._runner = PartitionRunner(
            database,
            fix_log or TableLog(),
            settings.track_rules(),
            partitions=self._partitions,
            lease_s=settings.lease_s,
            history_fixes=settings.history_fixes,
        )
        self._beside = tuple(beside)
        self._source = FenceSource(index_folder)
        self._fences = FenceIndex([], -1)
        self._origins = Origins()
        self._woken, self._beside_woken = threading.Event(), threading.Event()
        self._beside_at_s = -math.inf
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._flushed_at: datetime | None = None
        self._flushed = False
        # SQLite has one process at work: waiting for the lease of one that was killed would only delay the restart.
        self._sharing = Sharing(database, self._runner.owner, self._partitions, settings.lease_s, alone=database.dialect == "sqlite")
        self._claim_at_once = self._sharing.alone
        self.flush_took: Callable[[float], object] = lambda _seconds: None
        """Told of each flush how long it took."""
        self._established = False

    intake: SharedIntake | None = None
    """The way into the log, where it is not the caller's transaction."""

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="detection", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Something was appended to the log."""
        self._woken.set()

    def wake_beside(self) -> None:
        """Something was appended to a companion's log."""
        self._beside_woken.set()
        self._woken.set()

    def stop(self) -> None:
        """Finish the turn, commit it, give the partition back."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def close(self) -> None:
        """Nothing more is taken in by this process."""
        if self.intake is not None:
            self.intake.close()

    def use(self, fences: FenceIndex) -> None:
        """A snapshot made elsewhere; it stays until the version in the database is another."""
        first = self._fences.version < 0
        self._fences = fences
        if first:
            gc.collect()
            gc.freeze()  # the garbage collector need not look through all fences again and again

    def establish(self) -> None:
        """Begin the log in as many partitions as are set. Raises `AppError` where it was begun otherwise."""
        if not self._established:
            establish(self._database, self._partitions)
            self._established = True

    def settled(self, session: Session) -> bool:
        """Whether all that stands in the log is committed as states, visits and moments."""
        heads = select(LogHeadRow.partition).outerjoin(LogPartitionRow, LogPartitionRow.partition == LogHeadRow.partition)
        behind = heads.where(LogHeadRow.partition < MOST, LogHeadRow.head > func.coalesce(LogPartitionRow.position, 0)).limit(1)
        return session.scalar(behind) is None

    def run_once(self, *, beside: bool = True) -> bool:
        """One turn at the present time: read, tick, flush if due; the companions' turns with it if `beside`. True when there may be
        more to read."""
        now = self._database.clock.now()
        self._share(now)
        behind = self._turn(now)
        more = [companion.run_once() for companion in self._beside] if beside else []
        return any(more) or behind

    def _share(self, now: datetime) -> None:
        """Take what is ours to take, hand over what is another's."""
        if self._runner.held.keys() and not self._sharing.due(now):
            return
        self.establish()
        take, give = self._sharing.look(self._runner.held.keys(), now)
        if give:
            self._flush(now)
            self._runner.release(give)
        if take and self._runner.claim(now, take, at_once=self._claim_at_once):
            self._claim_at_once = False
            self._flushed_at = self._flushed_at or now

    def _turn(self, now: datetime) -> bool:
        """Read, tick, flush if due; whether there is more to read."""
        if not self._runner.held:
            return False
        with self._database.reading() as session:
            batches, behind = self._runner.read(session, BATCHES_PER_TURN)
            self._origins.note(session, batches)
            if self._source.outdated(session, self._fences):
                self.use(self._source.current(session))
        for batch in batches:
            self._runner.feed(batch)
        self._runner.tick(now.timestamp() - self._settings.lateness_s, self._fences)
        unflushed = self._runner.unflushed
        self._flushed = self._flush_due(now) and self._flush(now) and unflushed
        return behind

    def _flush(self, now: datetime) -> bool:
        began_s = time.monotonic()
        with self._origins.flushing(unflushed=self._runner.unflushed):
            flushed = self._runner.flush(now, self._fences)
        self._origins.passed(self._runner.held)
        self.flush_took(time.monotonic() - began_s)
        if flushed:
            self._flushed_at = now
        return flushed

    def settle(self) -> None:
        """Turns until the log is read and everything found is committed; for tests and one-shot commands."""
        while self.run_once():
            pass
        if self._runner.unflushed:
            self._flush(self._database.clock.now())
        for companion in self._beside:
            companion.settle()

    def figures(self, session: Session) -> dict[str, tuple[str, float]]:
        """Gauges for /metrics."""
        waiting, oldest_at = session.execute(_AHEAD).one()
        late_s = max(0.0, (self._database.clock.now() - oldest_at).total_seconds()) if oldest_at is not None else 0.0
        visits = session.scalar(select(func.count()).select_from(VisitRow).where(VisitRow.ended_at.is_(None))) or 0
        buried = session.scalar(select(func.count()).select_from(DeadLetterRow)) or 0
        return {
            "moments_fix_log_waiting": ("Batches of fixes not yet processed.", float(waiting)),
            "moments_detection_late_seconds": ("How long the oldest unprocessed batch has waited.", late_s),
            "moments_partitions_held": ("Partitions of the log this process works on.", float(len(self._runner.held))),
            "moments_flushes_fenced": ("Flushes that were refused because another process had taken a partition over.", float(self._runner.fenced)),
            "moments_watermark_age_seconds": (
                "How far event time lies back in the partition of this process that is last; 0 where it has none.",
                max(0.0, self._database.clock.now().timestamp() - self._runner.watermark_s) if self._runner.held and math.isfinite(self._runner.watermark_s) else 0.0,
            ),
            "moments_dead_letters": ("Places in the log where something could not be worked in.", float(buried)),
            "moments_visits_open": ("Visits that have not ended.", float(visits)),
            "moments_fixes_late": (
                "Fixes this process could not use because they came too late to correct anything.",
                float(self._runner.late),
            ),
            "moments_fixes_corrected": (
                "Fixes that came late and were worked into what had been told.",
                float(self._runner.corrected),
            ),
        }

    # -- inside ----------------------------------------------------------------------------------------------------

    def _flush_due(self, now: datetime) -> bool:
        since_s = (now - self._flushed_at).total_seconds() if self._flushed_at else self._settings.lease_s
        if self._runner.found:
            return True
        if self._runner.unflushed:
            return since_s >= self._settings.flush_every_s
        return since_s >= self._settings.lease_s / 3

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._woken.clear()
            began_s = time.monotonic()
            try:
                busy = self.run_once(beside=self._beside_due())
                failures = 0
            except Exception as error:
                failures += 1
                log.exception("detection_failed", error=type(error).__name__, exc_info=error)
                busy = False
            took_s = time.monotonic() - began_s
            if self._stopping.is_set():
                break
            if not busy:
                self._woken.wait(self._patience_s(failures))
            if self._flushed:
                # what comes in meanwhile is taken together: a flush of many costs little more than one of few
                self._stopping.wait(min(MOST_BREATH_S, max(BREATH_S, 2 * took_s)))
        try:
            self._leave()
        except Exception as error:  # noqa: BLE001 - the log still holds what was not flushed
            log.warning("detection_stopped_unflushed", error=type(error).__name__)

    def _leave(self) -> None:
        """Work in what is there, and give back what we have."""
        self.settle()
        for runner in (self._runner, *self._beside):
            runner.release()
        self._sharing.leave()

    def _beside_due(self) -> bool:
        """Whether the companions have anything to do: woken, a deadline, or time to look what another process took in."""
        until_s = self._database.clock.now().timestamp() - self._settings.lateness_s
        waiting = (companion.next_wake_s() for companion in self._beside)
        due = self._beside_woken.is_set() or any(wake_s is not None and wake_s <= until_s for wake_s in waiting)
        now_s = time.monotonic()
        if not due and now_s < self._beside_at_s + self._settings.poll_every_s:
            return False
        self._beside_woken.clear()
        self._beside_at_s = now_s
        return True

    def _patience_s(self, failures: int) -> float:
        if failures:
            return min(5.0, 0.25 * 2**failures)
        wakes = [w for runner in (self._runner, *self._beside) if (w := runner.next_wake_s()) is not None]
        patience = self._settings.poll_every_s
        if wakes:
            wake_s = min(wakes)
            patience = min(patience, wake_s + self._settings.lateness_s - self._database.clock.now().timestamp())
        return max(0.005, patience)


_AHEAD = (
    select(func.count(), func.min(FixLogRow.received_at))
    .select_from(LogHeadRow)
    .outerjoin(LogPartitionRow, LogPartitionRow.partition == LogHeadRow.partition)
    .join(FixLogRow, (FixLogRow.partition == LogHeadRow.partition) & (FixLogRow.position > func.coalesce(LogPartitionRow.position, 0)))
    .where(LogHeadRow.partition < MOST)
)
"""How many batches no flush has gone past yet, and when the first of them was received."""
