"""The thread that runs detection over a shared log: one member of the group, whose partitions it claims, works in and hands over.

Owns when: what the group gives is claimed before it is read, flushed before it is given back, forgotten when it is lost. Time comes with
the log, as ticks (ticking.py), to each partition on its own; so a partition that lags, or a worker that comes late, finds the same. When
the database is away the group still hears of this member: it reads nothing, and begins again from what is committed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.logs import get_logger
from geofences.adapters import shared_records
from geofences.adapters.shared_log import SharedLog
from geofences.adapters.shared_records import Tick, Unreadable
from geofences.columns import FixColumns
from geofences.index import FenceIndex
from geofences.jobs import Companion, RunnerLoop
from geofences.partition_store import Dead
from geofences.partitions import establish_shared
from geofences.ports import IntakeConsumer, IntakeReader, LogBatch, Record
from geofences.settings import GeofenceSettings
from geofences.ticking import Ticker

if TYPE_CHECKING:
    from geofences.intake import SharedIntake

log = get_logger(__name__)

RECORDS_PER_TURN = 4_000
OLD_FENCES_KEPT = 3


class GroupLoop(RunnerLoop):
    """A `RunnerLoop` whose share is what the group says, and whose time is what the log says."""

    def __init__(
        self,
        database: Database,
        settings: GeofenceSettings,
        consumer: IntakeConsumer,
        reader: IntakeReader,
        topic: Callable[[], str],
        ticker: Ticker | None = None,
        intake: SharedIntake | None = None,
        *,
        index_folder: Path | None = None,
        beside: Sequence[Companion] = (),
    ) -> None:
        self._shared = SharedLog(reader)
        super().__init__(database, settings, index_folder, beside, self._shared, settings.kafka_partitions)
        self._consumer, self._reader, self._topic, self.ticker = consumer, reader, topic, ticker
        self.intake = intake
        self._joined = False
        self._ours: set[int] = set()
        """What the group says is this member's; `_runner.held` is what of it is claimed."""
        self._ticks: dict[int, dict[int, float]] = {}
        """Of each partition what it was told: the version of the fences, and until when they hold."""
        self._versions: dict[int, FenceIndex] = {}
        self._lag: Mapping[int, int] = {}

    def establish(self) -> None:
        if not self._established:
            establish_shared(self._database, self._topic(), self._partitions)
            self._established = True

    def use(self, fences: FenceIndex) -> None:
        super().use(fences)
        self._versions[fences.version] = fences

    def start(self) -> None:
        if self.ticker is not None:
            self.ticker.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        if self.ticker is not None:
            self.ticker.stop()

    def settled(self, session: Session) -> bool:
        del session
        return not self._runner.unflushed and not any(self._consumer.lag(self._ours).values())

    # -- what the group says, in `poll` and `close` --------------------------------------------------------------------

    def _assigned(self, partitions: Sequence[int]) -> Mapping[int, int]:
        self._claim(partitions, at_once=True)
        self._ours |= set(partitions)
        return {partition: self._runner.held[partition].position for partition in partitions}

    def _revoked(self, partitions: Sequence[int]) -> None:
        self._part_with(partitions)
        self._flush(self._database.clock.now())
        self._runner.release(partitions)

    def _lost(self, partitions: Sequence[int]) -> None:
        self._part_with(partitions)
        self._runner.hand_over(partitions)

    def _part_with(self, partitions: Sequence[int]) -> None:
        self._ours -= set(partitions)
        for partition in partitions:
            self._ticks.pop(partition, None)

    def _claim(self, partitions: Sequence[int], *, at_once: bool) -> None:
        """`at_once`: the group has just said that they are ours, so whoever has them has lost them."""
        now = self._database.clock.now()
        for partition in partitions:
            self._ticks.pop(partition, None)
        self._runner.claim(now, partitions, at_once=at_once)
        self._flushed_at = self._flushed_at or now

    # -- a turn --------------------------------------------------------------------------------------------------------

    def _share(self, now: datetime) -> None:
        del now
        if not self._joined:
            self.establish()
            self._consumer.open(self._assigned, self._revoked, self._lost)
            self._joined = True

    def _turn(self, now: datetime) -> bool:
        """What came meanwhile, worked in; whether there may be more."""
        # asked first: what is another's by now must not be claimed again
        wait_s = 0.0 if self._woken.is_set() or self._stopping.is_set() else max(0.005, min(self._settings.poll_every_s, self._patience_s(0)))
        records = self._consumer.poll(RECORDS_PER_TURN, wait_s)
        again = self._claim_again()
        self._work_in(records)
        now = self._database.clock.now()
        unflushed = self._runner.unflushed
        self._flushed = self._flush_due(now) and self._flush(now) and unflushed
        return bool(records) or again

    def _claim_again(self) -> bool:
        """What is ours, as far as we know, and was dropped, since the database was away or another had claimed it. Who has been asleep may
        hear a moment later only that it is another's: nothing is taken from anybody who lives."""
        missing = sorted(self._ours - self._runner.held.keys())
        if not missing:
            return False
        self._consumer.pause(missing)  # until it is claimed nothing is read over and over
        self._claim(missing, at_once=False)
        claimed = {partition: self._runner.held[partition].position for partition in missing if partition in self._runner.held}
        self._consumer.rewind(claimed)
        return bool(claimed)

    def _work_in(self, records: Sequence[Record]) -> None:
        for record, said in zip(records, shared_records.read(records), strict=True):
            held = self._runner.held.get(record.partition)
            if held is None or record.position <= held.position:
                continue  # given before the partition was begun anew
            if isinstance(said, FixColumns):
                batch = LogBatch(record.position, said, record.partition)
                self._shared.put(batch)
                self._runner.feed(batch)
            elif isinstance(said, Tick):
                self._runner.pass_over(record.partition, record.position)
                told = self._ticks.setdefault(record.partition, {})
                told[said.fences] = max(said.watermark_s, told.get(said.fences, said.watermark_s))
            else:
                self._bury(record, said)
        self._tick()

    def _bury(self, record: Record, why: Unreadable) -> None:
        log.error("fix_record_unreadable", partition=record.partition, position=record.position, reason=why.reason)
        self._runner.bury(Dead(record.partition, record.position, why.reason, len(record.payload)))

    def _tick(self) -> None:
        """Let time pass as far as each partition was told, first with the fences that held first."""
        steps: dict[int, dict[float, list[int]]] = {}
        for partition, told in self._ticks.items():
            for version, watermark_s in told.items():
                steps.setdefault(version, {}).setdefault(watermark_s, []).append(partition)
        self._ticks = {}
        for version in sorted(steps):
            fences = self._of_version(version)
            for watermark_s, partitions in sorted(steps[version].items()):
                self._runner.tick(watermark_s, fences, partitions)

    def _of_version(self, version: int) -> FenceIndex:
        """The fences that held then; where they are no longer known, the oldest that are."""
        if not self._versions or version > max(self._versions):
            with self._database.reading() as session:
                self.use(self._source.current(session))
            for old in sorted(self._versions)[:-OLD_FENCES_KEPT]:
                del self._versions[old]
        return self._versions[min((known for known in self._versions if known >= version), default=max(self._versions))]

    # -- the end -------------------------------------------------------------------------------------------------------

    def _leave(self) -> None:
        if self._joined:
            self._consumer.close(leaving=not self._settings.kafka_member)
        for runner in self._beside:
            runner.release()
        self._reader.close()
