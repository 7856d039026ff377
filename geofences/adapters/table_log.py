"""The fix log as a table: one row a batch, sealed, emptied when nothing can be corrected by it any more.

Owns the rows of `geofences_fix_log` and the counters of `geofences_log_head`. Must not process anything.
A batch of one device names it in the row; a server's batch of many devices names nobody: who is in it is sealed with it.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

import msgspec
import numpy as np
from sqlalchemy import Table, bindparam, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, prepared
from app.kernel.logs import get_logger
from app.security.sealing import seal
from app.security.vault import open_each, seal_each, seal_for
from geofences.columns import (
    FixColumns,
    UnreadableColumns,
    empty,
    from_bytes,
    from_parts,
    joined,
    of_samples,
    to_bytes,
    to_parts,
)
from geofences.models import FixLogRow, LogHeadRow
from geofences.ports import LogBatch
from geofences.track import Key, Sample

log = get_logger(__name__)

_PURPOSE = "fix_log"
_PARTS, _LEAN_PARTS = b"\x03", b"\x04"
"""Before the parts of a batch of several that was coarsened (the first as earlier releases wrote them); what is sealed begins otherwise."""
MOST_AT_ONCE = 2_000
MIXED = ""
"""In place of shopper and device in the row of a batch of several."""
PARTITION = 0
"""Embedded there is one."""


class TableLog:
    """Implements `FixLog`."""

    def append(self, session: Session, columns: FixColumns, *, digest: str, at: datetime) -> int | None:
        shopper_id, device_id = _whose(columns)
        if prepared(session, _KNOWN, {"device": device_id, "digest": digest}).first() is not None:
            return None
        # The row stays locked until the commit, so a reader never sees position n+1 before n.
        here = {"of": PARTITION}
        position = prepared(session, _COUNTED, here).scalar_one_or_none()
        if position is None:
            insert_new(session, LogHeadRow, {"partition": PARTITION, "head": 0}, unique=["partition"])
            position = prepared(session, _COUNTED, here).scalar_one()
        values = {
            "partition": PARTITION,
            "position": position,
            "shopper_id": shopper_id,
            "device_id": device_id,
            "digest": digest,
            "fixes": len(columns),
            "payload": _sealed(columns, shopper_id, device_id),
            "received_at": at,
        }
        # A racer with the same batch may have been first; then the position stays empty, which readers do not mind.
        if not insert_new(session, FixLogRow, values, unique=["device_id", "digest"]):
            return None
        session.info["after_commit"].append(partial(_Fresh.of(session).put, position, columns))
        return position

    def read(self, session: Session, partition: int, after: int, limit: int) -> list[LogBatch]:
        """What this process has appended lately is not opened again; the row still says whether it is there, and whole."""
        ahead = (FixLogRow.partition == partition, FixLogRow.position > after)
        sizes = select(FixLogRow.position, FixLogRow.fixes, FixLogRow.payload.is_not(None)).where(*ahead)
        sizes = sizes.order_by(FixLogRow.position).limit(limit)
        fresh = _Fresh.of(session)
        found: dict[int, FixColumns | None] = {
            position: fresh.take(position, fixes) if held else None for position, fixes, held in session.execute(sizes)
        }
        missing = [position for position, columns in found.items() if columns is None]
        if not missing:
            return [LogBatch(position, columns) for position, columns in found.items() if columns is not None]
        wanted = _WANTED.where(*ahead, FixLogRow.position.in_(missing))
        opened = {batch.position: batch.columns for batch in _opened(session.execute(wanted))}
        return [LogBatch(position, columns if columns is not None else opened[position]) for position, columns in found.items()]

    def read_back(self, session: Session, partition: int, upto: int, since: datetime, most: int) -> list[LogBatch]:
        wanted = _WANTED.where(
            FixLogRow.position >= self._first_of(session, partition, upto, most),
            FixLogRow.partition == partition,
            FixLogRow.position <= upto,
            FixLogRow.received_at >= since,
            FixLogRow.payload.is_not(None),
        )
        return _opened(session.execute(wanted.order_by(FixLogRow.position)))

    @staticmethod
    def _first_of(session: Session, partition: int, upto: int, most: int) -> int:
        """The position from which the batches up to `upto` hold about `most` fixes; read newest first, and no further."""
        sizes = select(FixLogRow.position, FixLogRow.fixes).where(
            FixLogRow.partition == partition, FixLogRow.position <= upto
        )
        first = upto + 1
        for position, fixes in session.execute(sizes.order_by(FixLogRow.position.desc()).execution_options(yield_per=500)):
            most -= fixes
            if most < 0:
                break
            first = position
        return first

    def whole(self, session: Session, partition: int, upto: int) -> list[LogBatch]:
        """What this process has read is not opened again, as in `read`."""
        still = (FixLogRow.partition == partition, FixLogRow.position <= upto, FixLogRow.coarse.is_(False), FixLogRow.payload.is_not(None))
        sizes = select(FixLogRow.position, FixLogRow.fixes).where(*still).order_by(FixLogRow.position).limit(MOST_AT_ONCE)
        fresh = _Fresh.of(session)
        found = {position: fresh.again(position, fixes) for position, fixes in session.execute(sizes).all()}
        missing = [position for position, columns in found.items() if columns is None]
        opened: dict[int, FixColumns] = {}
        if missing:
            wanted = _WANTED.where(*still, FixLogRow.position.in_(missing))
            opened = {batch.position: batch.columns for batch in _opened(session.execute(wanted))}
        held = ((position, columns if columns is not None else opened.get(position)) for position, columns in found.items())
        return [LogBatch(position, columns) for position, columns in held if columns is not None]  # of the others somebody was taken out meanwhile

    def coarsen(self, session: Session, partition: int, batches: Sequence[tuple[int, FixColumns, datetime]]) -> None:
        here = (FixLogRow.partition == partition, FixLogRow.shopper_id == MIXED, FixLogRow.payload.is_not(None))
        mixed = set(session.scalars(select(FixLogRow.position).where(*here, FixLogRow.coarse.is_(False))))
        whose = [(MIXED, MIXED) if position in mixed else _whose(columns) for position, columns, _ in batches]
        own = iter(
            seal_each(
                _PURPOSE,
                [
                    (shopper_id, to_bytes(columns), _bound(shopper_id, device_id))
                    for (_, columns, _), (shopper_id, device_id) in zip(batches, whose, strict=True)
                    if shopper_id != MIXED
                ],
            )
        )
        values = [
            {
                "of": partition,
                "at": position,
                "kept": _in_parts(columns) if shopper_id == MIXED else next(own),
                "due": forget_at,
                "many": len(columns),
            }
            for (position, columns, forget_at), (shopper_id, _) in zip(batches, whose, strict=True)
        ]
        if values:
            session.connection().execute(_COARSEN, values)

    def trim(self, session: Session, partition: int, upto: int, before: datetime) -> None:
        _Fresh.of(session).let_go(upto)
        now = session.info["clock"].now()
        prepared(session, _TRIM, {"of": partition, "upto": upto, "before": before, "now": now})

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        forget_shoppers(session, shopper_ids)


class _Held:
    """Batches by position: at most so many fixes, the oldest are let go first."""

    MOST_FIXES = 200_000

    def __init__(self) -> None:
        self._columns: dict[int, FixColumns] = {}
        self._fixes = 0

    def put(self, position: int, columns: FixColumns) -> None:
        self._columns[position] = columns
        self._fixes += len(columns)
        while self._fixes > self.MOST_FIXES:
            self.pop(next(iter(self._columns)))

    def pop(self, position: int) -> FixColumns | None:
        columns = self._columns.pop(position, None)
        self._fixes -= len(columns) if columns is not None else 0
        return columns

    def let_go(self, upto: int) -> None:
        for position in [p for p in self._columns if p <= upto]:
            self.pop(position)


class _Fresh:
    """What this process has committed and its runner has not read yet, and what it has read and not coarsened yet."""

    def __init__(self) -> None:
        self._new, self._read = _Held(), _Held()
        self._lock = threading.Lock()

    @staticmethod
    def of(session: Session) -> _Fresh:
        return session.info["remembered"].setdefault(_Fresh, _Fresh())

    def put(self, position: int, columns: FixColumns) -> None:
        with self._lock:
            self._new.put(position, columns)

    def take(self, position: int, fixes: int) -> FixColumns | None:
        """What stands at `position`, unless somebody was taken out of it since: then it holds another number of fixes."""
        with self._lock:
            columns = self._new.pop(position)
            if columns is None or len(columns) != fixes:
                return None
            self._read.put(position, columns)
            return columns

    def again(self, position: int, fixes: int) -> FixColumns | None:
        """What was taken from `position`, under the same condition."""
        with self._lock:
            columns = self._read.pop(position)
            return columns if columns is not None and len(columns) == fixes else None

    def let_go(self, upto: int) -> None:
        """What was taken from positions up to this one is not asked for again."""
        with self._lock:
            self._read.let_go(upto)


def forget_shoppers(session: Session, shopper_ids: Iterable[str]) -> None:
    """Take the positions of some shoppers out of the log: their own batches are emptied, servers' batches written anew without them."""
    gone = frozenset(shopper_ids)
    quietly = {"synchronize_session": False}
    holding = FixLogRow.payload.is_not(None)
    for shopper_id in sorted(gone):
        own = update(FixLogRow).where(FixLogRow.shopper_id == shopper_id, holding)
        session.execute(own.values(payload=None).execution_options(**quietly))
    mixed = select(FixLogRow.partition, FixLogRow.position, FixLogRow.payload)
    held = mixed.where(FixLogRow.shopper_id == MIXED, holding).order_by(FixLogRow.partition, FixLogRow.position).with_for_update()
    for partition, position, payload in session.execute(held).all():
        columns = _opened([(position, MIXED, MIXED, payload)])[0].columns
        left = columns.without(gone)
        if left is columns:
            continue
        row = update(FixLogRow).where(FixLogRow.partition == partition, FixLogRow.position == position)
        parts = bytes(payload or b"")[:1] in (_PARTS, _LEAN_PARTS)
        sealed = (_in_parts(left) if parts else _sealed(left, MIXED, MIXED)) if len(left) else None
        session.execute(row.values(payload=sealed, fixes=len(left)).execution_options(**quietly))


def leave_behind(session: Session) -> None:
    """In a copy of the database: batches of several people go, since no key of theirs is needed to open them."""
    mixed = update(FixLogRow).where(FixLogRow.shopper_id == MIXED, FixLogRow.payload.is_not(None))
    session.execute(mixed.values(payload=None).execution_options(synchronize_session=False))


def fixes_of(session: Session, shopper_id: str) -> list[tuple[str, Sample]]:
    """What the log still holds of one shopper, for her export: (device, fix), in the order of receipt."""
    held = _WANTED.where(FixLogRow.shopper_id.in_((shopper_id, MIXED)), FixLogRow.payload.is_not(None))
    out: list[tuple[str, Sample]] = []
    for batch in _opened(session.execute(held.order_by(FixLogRow.partition, FixLogRow.position))):
        columns = batch.columns
        for key_no, key in enumerate(columns.keys):
            if key.shopper_id == shopper_id:
                out += [(key.device_id, fix) for fix in columns.take(columns.key_no == key_no).samples()]
    return out


def _whose(columns: FixColumns) -> tuple[str, str]:
    if len(columns.keys) != 1:
        return MIXED, MIXED
    return columns.keys[0].shopper_id, columns.keys[0].device_id


def _sealed(columns: FixColumns, shopper_id: str, device_id: str) -> bytes:
    """With the shopper's key, or the house's where there are several: those rows hold their contents for seconds."""
    if shopper_id == MIXED:
        return seal(_PURPOSE, to_bytes(columns), _bound(shopper_id, device_id))
    return seal_for(shopper_id, _PURPOSE, to_bytes(columns), _bound(shopper_id, device_id))


def _in_parts(columns: FixColumns) -> bytes:
    """A batch of several, each one's fixes with her own key."""
    bound = _bound(MIXED, MIXED)
    sealed = seal_each(_PURPOSE, [(key.shopper_id, part, bound) for key, part in to_parts(columns)])
    return _LEAN_PARTS + _write_parts(sealed)


def _together(parts: Sequence[FixColumns]) -> FixColumns:
    keys = tuple(key for part in parts for key in part.keys)
    starts = np.cumsum([0, *(len(part.keys) for part in parts)])
    several = joined([(part, np.arange(len(part.keys)) + start) for part, start in zip(parts, starts[:-1], strict=True)])
    return several.renumbered(keys, np.arange(len(keys)))


def _bound(shopper_id: str, device_id: str) -> bytes:
    return f"{shopper_id}/{device_id}".encode()


_KNOWN = select(FixLogRow.position).where(FixLogRow.device_id == bindparam("device"), FixLogRow.digest == bindparam("digest"))
_HEAD = cast("Table", LogHeadRow.__table__)
_COUNTED = update(_HEAD).where(_HEAD.c.partition == bindparam("of")).values(head=_HEAD.c.head + 1).returning(_HEAD.c.head)
_COARSEN = (
    update(cast("Table", FixLogRow.__table__))
    .where(
        FixLogRow.partition == bindparam("of"), FixLogRow.position == bindparam("at"), FixLogRow.payload.is_not(None),
        FixLogRow.fixes == bindparam("many"),  # else somebody was taken out since it was read: it is read again
    )
    .values(payload=bindparam("kept"), forget_at=bindparam("due"), coarse=True)
)
_TRIM = (
    update(cast("Table", FixLogRow.__table__))
    .where(
        FixLogRow.partition == bindparam("of"),
        FixLogRow.position <= bindparam("upto"),
        or_(FixLogRow.received_at < bindparam("before"), FixLogRow.forget_at <= bindparam("now")),
        FixLogRow.payload.is_not(None),
    )
    .values(payload=None)
)
_WANTED = select(FixLogRow.position, FixLogRow.shopper_id, FixLogRow.device_id, FixLogRow.payload)
_read_samples = msgspec.msgpack.Decoder(tuple[Sample, ...]).decode
_read_parts, _write_parts = msgspec.msgpack.Decoder(list[bytes]).decode, msgspec.msgpack.Encoder().encode


def _opened(rows: Iterable[Any]) -> list[LogBatch]:
    found = [(position, Key(shopper_id, device_id), bytes(payload or b"")) for position, shopper_id, device_id, payload in rows]
    held = [_sealed_parts(payload, key) for _, key, payload in found]
    opened = iter(open_each(_PURPOSE, [(part, _bound(*key)) for (_, key, _), parts in zip(found, held, strict=True) for part in parts]))
    out: list[LogBatch] = []
    for (position, key, payload), parts in zip(found, held, strict=True):
        several = [next(opened) for _ in parts]
        if key.shopper_id == MIXED and payload.startswith(_LEAN_PARTS):
            out.append(LogBatch(position, _of_parts([part for part in several if part is not None])))
            continue
        columns = [_columns(part, *key) for part in several]
        out.append(LogBatch(position, columns[0] if len(columns) == 1 else _together(columns)))
    return out


def _of_parts(parts: Sequence[bytes]) -> FixColumns:
    """Those of them whose owners have not been erased."""
    try:
        return from_parts(parts)
    except UnreadableColumns:
        log.warning("fix_batch_unreadable")
        return empty()


def _sealed_parts(payload: bytes, key: Key) -> list[bytes]:
    """What is sealed in a row one by one: the whole batch, or each one's part of it."""
    if payload[:1] in (_PARTS, _LEAN_PARTS) and key.shopper_id == MIXED:
        return _read_parts(payload[1:])
    return [payload] if payload else []


def _columns(raw: bytes | None, shopper_id: str, device_id: str) -> FixColumns:
    if raw is None:  # she is being erased: the row goes with the rest
        return empty()
    try:
        return from_bytes(raw)
    except UnreadableColumns:
        pass
    try:  # as release 0.1 wrote them: what waited at the update is not lost
        return of_samples({Key(shopper_id, device_id): _read_samples(raw)})
    except msgspec.DecodeError:
        log.warning("fix_batch_unreadable")
        return empty()
