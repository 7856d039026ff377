"""The fix log as a table: one row a batch, sealed, emptied when nothing can be corrected by it any more.

Owns the rows of `geofences_fix_log` and the counters of `geofences_log_head`. Must not process anything.
A batch of one device names it in the row; a server's batch of many devices names nobody: who is in it is sealed with it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, cast

import msgspec
import numpy as np
from sqlalchemy import ColumnElement, Table, and_, bindparam, case, or_, select, tuple_, update
from sqlalchemy.orm import Session

from app.kernel import trace_steps
from app.kernel.db import Database, insert_new, prepared, touched
from app.kernel.logs import get_logger
from app.security.sealing import keyed_hash, seal
from app.security.vault import open_each, seal_each, seal_for
from geofences.adapters.fresh_batches import At, Fresh
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
from geofences.origins import step_of
from geofences.partition_store import Claimed
from geofences.partitions import partition_count, partition_of
from geofences.ports import LogBatch, ReadBack
from geofences.track import Key, Sample

log = get_logger(__name__)

_PURPOSE = "fix_log"
_PARTS, _LEAN_PARTS = b"\x03", b"\x04"
"""Before the parts of a batch of several that was coarsened (the first as earlier releases wrote them); what is sealed begins otherwise."""
MOST_AT_ONCE = 2_000
MIXED = ""
"""In place of shopper and device in the row of a batch of several."""
L = FixLogRow


class TableLog:
    """Implements `FixLog`."""

    def append(self, session: Session, columns: FixColumns, *, digest: str, at: datetime) -> int | None:
        partitions = partition_count(session)
        if len(columns.keys) == 1 or partitions == 1:
            return self._append(session, partition_of(columns.keys[0].shopper_id, partitions), columns, digest, at)
        last: int | None = None
        for partition, part in columns.apart(np.array([partition_of(key.shopper_id, partitions) for key in columns.keys])):
            last = self._append(session, partition, part, keyed_hash("fix_part", f"{digest}/{partition}".encode()), at) or last
        return last

    @staticmethod
    def _append(session: Session, partition: int, columns: FixColumns, digest: str, at: datetime) -> int | None:
        shopper_id, device_id = _whose(columns)
        if prepared(session, _KNOWN, {"device": device_id, "digest": digest}).first() is not None:
            return None
        # The row stays locked until the commit, so a reader never sees position n+1 before n.
        here = {"of": partition}
        position = prepared(session, _COUNTED, here).scalar_one_or_none()
        if position is None:
            insert_new(session, LogHeadRow, {"partition": partition, "head": 0}, unique=["partition"])
            position = prepared(session, _COUNTED, here).scalar_one()
        values = {
            "partition": partition,
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
        trace_steps.leave(session, step_of(partition, position))
        session.info["after_commit"].append(partial(Fresh.of(session).put, (partition, position), columns))
        return position

    def read(self, session: Session, after: Mapping[int, int], limit: int) -> tuple[list[LogBatch], bool]:
        """What this process has appended lately is not opened again; the row still says whether it is there, and whole."""
        fresh = Fresh.of(session)
        fresh.read_here(frozenset(after))
        heads = session.execute(select(LogHeadRow.partition, LogHeadRow.head).where(LogHeadRow.partition.in_(sorted(after)))).all()
        ahead = {partition: head for partition, head in heads if head > after[partition]}
        if not ahead:
            return [], False
        share = max(1, limit // len(ahead))
        upto = {partition: min(head, after[partition] + share) for partition, head in ahead.items()}
        sizes = select(L.partition, L.position, L.fixes, L.payload.is_not(None)).where(_within({p: (after[p], upto[p]) for p in upto}))
        found: dict[At, FixColumns | None] = {
            (partition, position): fresh.take((partition, position), fixes) if held else None
            for partition, position, fixes, held in session.execute(sizes.order_by(L.partition, L.position))
        }
        missing = [at for at, columns in found.items() if columns is None]
        opened = _opened_at(session, missing)
        batches = [LogBatch(at[1], columns if columns is not None else opened[at], at[0]) for at, columns in found.items()]
        # positions that stayed empty are passed by all the same
        batches += [LogBatch(upto[p], empty(), p) for p in upto.keys() - {at[0] for at in found if at[1] == upto[at[0]]}]
        return batches, any(upto[p] < head for p, head in ahead.items())

    def begun(self, database: Database, claimed: Mapping[int, Claimed]) -> list[LogBatch]:
        spans = {partition: (one.position, one.read) for partition, one in claimed.items() if one.position < one.read}
        if not spans:
            return []
        with database.reading() as session:
            return _opened(session.execute(_WANTED.where(_within(spans)).order_by(L.partition, L.position)))

    def read_back(self, session: Session, upto: Mapping[int, int], since: datetime, most: int) -> ReadBack:
        batches: list[LogBatch] = []
        cut_s = -math.inf
        for partition, position in sorted(upto.items()):
            first, cut = self._first_of(session, partition, position, most // len(upto))
            wanted = _WANTED.where(L.partition == partition, L.position >= first, L.position <= position, L.received_at >= since, L.payload.is_not(None))
            found = _opened(session.execute(wanted.order_by(L.position)))
            if cut and found:
                cut_s = max(cut_s, float(found[0].columns.at_s.max(initial=-math.inf)))
            batches += found
        return ReadBack(batches, cut_s)

    @staticmethod
    def _first_of(session: Session, partition: int, upto: int, most: int) -> tuple[int, bool]:
        """The position from which the batches up to `upto` hold about `most` fixes, read newest first and no further; and whether
        there are any before it."""
        sizes = select(L.position, L.fixes).where(L.partition == partition, L.position <= upto)
        first = upto + 1
        for position, fixes in session.execute(sizes.order_by(L.position.desc()).execution_options(yield_per=500)):
            most -= fixes
            if most < 0:
                return first, True
            first = position
        return first, False

    def whole(self, session: Session, spans: Mapping[int, tuple[int, int]]) -> list[LogBatch]:
        """What this process has read is not opened again, as in `read`."""
        spans = {partition: span for partition, span in spans.items() if span[0] < span[1]}
        if not spans:
            return []
        still = (_within(spans), L.coarse.is_(False), L.payload.is_not(None))
        sizes = select(L.partition, L.position, L.fixes).where(*still).order_by(L.partition, L.position).limit(MOST_AT_ONCE)
        fresh = Fresh.of(session)
        found = {(partition, position): fresh.again((partition, position), fixes) for partition, position, fixes in session.execute(sizes).all()}
        opened = _opened_at(session, [at for at, columns in found.items() if columns is None], *still)
        held = ((at, columns if columns is not None else opened.get(at)) for at, columns in found.items())
        return [LogBatch(at[1], columns, at[0]) for at, columns in held if columns is not None]  # of the others somebody was taken out meanwhile

    def coarsen(self, session: Session, batches: Sequence[tuple[LogBatch, datetime]]) -> None:
        if not batches:
            return
        spans: dict[int, tuple[int, int]] = {}
        for batch, _ in batches:
            first, last = spans.get(batch.partition, (batch.position - 1, batch.position))
            spans[batch.partition] = (min(first, batch.position - 1), max(last, batch.position))
        here = (_within(spans), L.shopper_id == MIXED, L.payload.is_not(None), L.coarse.is_(False))
        mixed = {(partition, position) for partition, position in session.execute(select(L.partition, L.position).where(*here))}
        whose = [(MIXED, MIXED) if (batch.partition, batch.position) in mixed else _whose(batch.columns) for batch, _ in batches]
        own = iter(
            seal_each(
                _PURPOSE,
                [
                    (shopper_id, to_bytes(batch.columns), _bound(shopper_id, device_id))
                    for (batch, _), (shopper_id, device_id) in zip(batches, whose, strict=True)
                    if shopper_id != MIXED
                ],
            )
        )
        values = [
            {
                "of": batch.partition,
                "at": batch.position,
                "kept": in_parts(batch.columns) if shopper_id == MIXED else next(own),
                "due": forget_at,
                "many": len(batch.columns),
            }
            for (batch, forget_at), (shopper_id, _) in zip(batches, whose, strict=True)
        ]
        session.connection().execute(_COARSEN, values)

    def trim(self, session: Session, upto: Mapping[int, int], before: datetime) -> None:
        Fresh.of(session).let_go(upto)
        done = (L.partition.in_(sorted(upto)), L.position <= case(dict(upto), value=L.partition))
        past = or_(L.received_at < before, L.forget_at <= session.info["clock"].now())
        touched(session, update(L).where(*done, past, L.payload.is_not(None)).values(payload=None))

    def forget(self, session: Session, shopper_ids: Collection[str]) -> None:
        forget_shoppers(session, shopper_ids)


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
        columns = _opened([(partition, position, MIXED, MIXED, payload)])[0].columns
        left = columns.without(gone)
        if left is columns:
            continue
        row = update(FixLogRow).where(FixLogRow.partition == partition, FixLogRow.position == position)
        parts = bytes(payload or b"")[:1] in (_PARTS, _LEAN_PARTS)
        sealed = (in_parts(left) if parts else _sealed(left, MIXED, MIXED)) if len(left) else None
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


def in_parts(columns: FixColumns) -> bytes:
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
_WANTED = select(L.partition, L.position, L.shopper_id, L.device_id, L.payload)
_read_samples = msgspec.msgpack.Decoder(tuple[Sample, ...]).decode
_read_parts, _write_parts = msgspec.msgpack.Decoder(list[bytes]).decode, msgspec.msgpack.Encoder().encode


def _within(spans: Mapping[int, tuple[int, int]]) -> ColumnElement[bool]:
    """After the first and up to the second position of each partition."""
    return or_(*(and_(L.partition == p, L.position > after, L.position <= upto) for p, (after, upto) in sorted(spans.items())))


def _opened_at(session: Session, places: Sequence[At], *still: ColumnElement[bool]) -> dict[At, FixColumns]:
    """What stands at these positions, by them."""
    if not places:
        return {}
    wanted = _WANTED.where(tuple_(L.partition, L.position).in_(places), *still)
    return {(batch.partition, batch.position): batch.columns for batch in _opened(session.execute(wanted))}


def _opened(rows: Iterable[Any]) -> list[LogBatch]:
    found = [(partition, position, Key(shopper_id, device_id), bytes(payload or b"")) for partition, position, shopper_id, device_id, payload in rows]
    held = [_sealed_parts(payload, key) for _, _, key, payload in found]
    opened = iter(open_each(_PURPOSE, [(part, _bound(*key)) for (_, _, key, _), parts in zip(found, held, strict=True) for part in parts]))
    out: list[LogBatch] = []
    for (partition, position, key, payload), parts in zip(found, held, strict=True):
        several = [next(opened) for _ in parts]
        if key.shopper_id == MIXED and payload.startswith(_LEAN_PARTS):
            out.append(LogBatch(position, _of_parts([part for part in several if part is not None]), partition))
            continue
        columns = [_columns(part, *key) for part in several]
        out.append(LogBatch(position, columns[0] if len(columns) == 1 else _together(columns), partition))
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
