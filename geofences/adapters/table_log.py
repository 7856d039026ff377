"""The fix log as a table: one row a batch, sealed, emptied as soon as it is processed.

Owns the rows of `geofences_fix_log` and the counters of `geofences_log_head`. Must not process anything.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.security.sealing import open_sealed, seal
from geofences.models import FixLogRow, LogHeadRow
from geofences.ports import LogBatch, partition_of
from geofences.track import Key, Sample

_PURPOSE = "fix_log"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Sample, ...]).decode


class TableLog:
    """Implements `FixLog`."""

    def append(
        self, session: Session, key: Key, samples: tuple[Sample, ...], *, digest: str, at: datetime
    ) -> int | None:
        known = select(FixLogRow.position).where(FixLogRow.device_id == key.device_id, FixLogRow.digest == digest)
        if session.execute(known).first() is not None:
            return None
        partition = partition_of(key)
        # The row stays locked until the commit, so a reader never sees position n+1 before n.
        counted = (
            update(LogHeadRow)
            .where(LogHeadRow.partition == partition)
            .values(head=LogHeadRow.head + 1)
            .returning(LogHeadRow.head)
        )
        position = session.execute(counted).scalar_one_or_none()
        if position is None:
            insert_new(session, LogHeadRow, {"partition": partition, "head": 0}, unique=["partition"])
            position = session.execute(counted).scalar_one()
        values = {
            "partition": partition,
            "position": position,
            "shopper_id": key.shopper_id,
            "device_id": key.device_id,
            "digest": digest,
            "fixes": len(samples),
            "payload": seal(_PURPOSE, _encode(samples), key.text().encode()),
            "received_at": at,
        }
        # A racer with the same batch may have been first; then the position stays empty, which readers do not mind.
        return position if insert_new(session, FixLogRow, values, unique=["device_id", "digest"]) else None

    def read(self, session: Session, partition: int, after: int, limit: int) -> list[LogBatch]:
        wanted = (
            select(FixLogRow.position, FixLogRow.shopper_id, FixLogRow.device_id, FixLogRow.payload)
            .where(FixLogRow.partition == partition, FixLogRow.position > after)
            .order_by(FixLogRow.position)
            .limit(limit)
        )
        out: list[LogBatch] = []
        for position, shopper_id, device_id, payload in session.execute(wanted):
            key = Key(shopper_id, device_id)
            samples = _decode(open_sealed(_PURPOSE, payload, key.text().encode())) if payload is not None else ()
            out.append(LogBatch(position, key, samples))
        return out

    def trim(self, session: Session, partition: int, upto: int) -> None:
        done = (FixLogRow.partition == partition, FixLogRow.position <= upto, FixLogRow.payload.is_not(None))
        session.execute(
            update(FixLogRow).where(*done).values(payload=None).execution_options(synchronize_session=False)
        )
