"""The fix log where fixes arrive by a shared log (Kafka): what may be kept of them, and nothing else, goes into the table.

Owns the way from one to the other. A batch is in this process's memory from the time it is read until its partition is thinned; then one row
a partition holds what is left of all its batches, in the same transaction that says so (`kept`). Whoever claims the partition next has the
rows, and reads once more what the shared log has after them. Must not decide what is kept (geofences/thinning.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Database
from app.security.sealing import keyed_hash
from geofences.adapters import shared_records
from geofences.adapters.table_log import MIXED, TableLog, in_parts
from geofences.columns import FixColumns, joined
from geofences.models import FixLogRow, LogPartitionRow
from geofences.partition_store import Claimed
from geofences.partitions import partition_of
from geofences.ports import IntakeProducer, IntakeReader, LogBatch
from geofences.track import Key

_COLUMNS = ("partition", "position", "shopper_id", "device_id", "digest", "fixes", "payload", "received_at", "coarse", "forget_at")


class SharedLog(TableLog):
    """The runner's side: `FixLog` of the partitions that this process has claimed."""

    def __init__(self, reader: IntakeReader) -> None:
        self._reader = reader
        self._whole: dict[int, list[LogBatch]] = {}

    def put(self, batch: LogBatch) -> None:
        """A batch that was read, to be thinned later."""
        self._whole.setdefault(batch.partition, []).append(batch)

    def begun(self, database: Database, claimed: Mapping[int, Claimed]) -> list[LogBatch]:
        del database
        for partition in claimed:
            self._whole[partition] = []
        spans = {partition: (one.kept, one.read) for partition, one in claimed.items() if one.kept < one.read}
        records = self._reader.between(spans) if spans else []
        for record, said in zip(records, shared_records.read(records), strict=True):
            if isinstance(said, FixColumns):
                self.put(LogBatch(record.position, said, record.partition))
        return [batch for partition in sorted(claimed) for batch in self._whole[partition]]

    def whole(self, session: Session, spans: Mapping[int, tuple[int, int]]) -> list[LogBatch]:
        """One batch a partition: what many requests brought is thinned, and kept, together."""
        del session
        found = {partition: [batch for batch in self._whole.get(partition, ()) if batch.position <= upto] for partition, (_, upto) in spans.items()}
        return [LogBatch(several[-1].position, _together([batch.columns for batch in several]), partition) for partition, several in found.items() if several]

    def coarsen(self, session: Session, batches: Sequence[tuple[LogBatch, datetime]]) -> None:
        at = session.info["clock"].now()
        rows: list[tuple[object, ...]] = []
        for batch, due in batches:
            self._let_go(batch.partition, batch.position)
            if len(batch.columns):
                digest = keyed_hash("shared_log", f"{batch.partition}/{batch.position}".encode())
                payload = in_parts(batch.columns)
                rows.append((batch.partition, batch.position, MIXED, MIXED, digest, len(batch.columns), payload, at, True, due))
        insert_many(session, FixLogRow, _COLUMNS, rows, unique=("partition", "position"))

    def trim(self, session: Session, upto: Mapping[int, int], before: datetime) -> None:
        """In the transaction that has moved the same partitions to these positions."""
        for partition, position in upto.items():
            self._let_go(partition, position)
        super().trim(session, upto, before)
        ours = sorted(upto)
        quietly = {"synchronize_session": False}
        session.execute(delete(FixLogRow).where(FixLogRow.partition.in_(ours), FixLogRow.payload.is_(None)).execution_options(**quietly))
        moved_on = update(LogPartitionRow).where(LogPartitionRow.partition.in_(ours))
        session.execute(moved_on.values(kept=LogPartitionRow.position, kept_at=LogPartitionRow.watermark_at).execution_options(**quietly))

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        super().forget(session, shopper_ids)
        gone = frozenset(shopper_ids)
        for partition, batches in self._whole.items():
            self._whole[partition] = [LogBatch(batch.position, batch.columns.without(gone), partition) for batch in batches]

    def _let_go(self, partition: int, upto: int) -> None:
        self._whole[partition] = [batch for batch in self._whole.get(partition, ()) if batch.position > upto]


def _together(several: Sequence[FixColumns]) -> FixColumns:
    """One batch of them all, each device once."""
    numbers: dict[Key, int] = {}
    parts = [(columns, np.array([numbers.setdefault(key, len(numbers)) for key in columns.keys], dtype=np.int64)) for columns in several]
    return joined(parts).renumbered(tuple(numbers), np.arange(len(numbers)))


class Outgoing:
    """The sender's side: fixes that a request brings, sealed while its transaction is open, and sent when it is not."""

    def __init__(self, producer: IntakeProducer, log_name: str, partitions: int) -> None:
        self._producer, self._log_name, self._partitions = producer, log_name, partitions
        self._parts: list[tuple[int, bytes]] = []

    def append(self, session: Session, columns: FixColumns, *, digest: str, at: datetime) -> int | None:
        """Nothing is in the log before `send`; whether the same was sent before is not known here, and does no harm there."""
        del session, digest
        whose = np.array([partition_of(key.shopper_id, self._partitions) for key in columns.keys])
        self._parts += [(partition, shared_records.of_fixes(self._log_name, partition, part, at.timestamp())) for partition, part in columns.apart(whose)]
        return len(self._parts)

    def send(self) -> None:
        """Comes back when all of it is kept. Raises IntakeBusy when that is not known."""
        parts, self._parts = self._parts, []
        if parts:
            self._producer.send(parts)
