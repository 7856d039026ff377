"""What a runner reads and writes of itself: ownership of a partition, and states of tracks.

Owns these statements, and those by which workers know of one another; each takes the flush's session. Must not decide anything. What happened is written by visit_store.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, case, delete, literal, or_, select, tuple_, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.kernel.bulk import delete_many, insert_many
from app.kernel.clock import from_epoch_s
from app.kernel.db import touched
from app.kernel.logs import get_logger
from app.security.vault import open_each, seal_each
from geofences.models import DeadLetterRow, LogPartitionRow, TrackStateRow, WorkerRow
from geofences.partitions import MOST, partition_of
from geofences.track import Key, TrackState

log = get_logger(__name__)

L = LogPartitionRow
_PURPOSE = "track_state"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TrackState).decode


@dataclass(frozen=True, slots=True)
class Claimed:
    """What its last owner had committed: all up to `position`, and of the batches after it, up to `read`, what is not later than the
    watermark (event time, seconds). All up to `kept` is in the table, where the log itself is elsewhere."""

    epoch: int
    position: int
    read: int
    watermark_s: float
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a flush has come in a partition, in the words of `Claimed`."""

    epoch: int
    position: int
    read: int
    watermark_s: float


@dataclass(slots=True)
class Held:
    """A partition of ours: time has passed to `watermark_s`; read up to `position`, where the last fixes stood at `fed`; committed up to
    `flushed`, coarsened up to `coarse`. `fences` were the last it was looked at with. At `fresh` stands the first batch that time has not passed over
    since it was read, so that nothing of it is worked in, however early it is."""

    epoch: int
    watermark_s: float
    position: int
    fed: int
    flushed: int
    coarse: int = 0
    fences: object = None
    fresh: int | None = None

    def worked_in(self, position: int) -> int:
        """Read up to where all is worked in that is not later than the watermark; `position` is where everything is."""
        return self.position if self.fresh is None else max(position, self.fresh - 1)


@dataclass(frozen=True, slots=True)
class Dead:
    """A record of a shared log that cannot be worked in, and why."""

    partition: int
    position: int
    reason: str
    size_bytes: int


class Fenced(Exception):
    """Partitions have another owner than whoever flushes: nothing of the flush may stay written."""

    def __init__(self, lost: Set[int]) -> None:
        super().__init__(sorted(lost))
        self.lost = lost


def claim(
    session: Session, partitions: Collection[int], owner: str, *, at: datetime, lease_s: float, at_once: bool
) -> dict[int, Claimed]:
    """Become the owner of those of the partitions that no other one's lease keeps; from now on their former owners write nothing."""
    if not partitions:
        return {}
    fresh = [(partition, 0, 0, 0) for partition in sorted(partitions)]
    insert_many(session, LogPartitionRow, ("partition", "epoch", "position", "read"), fresh, unique=("partition",))
    here = L.partition.in_(sorted(partitions))
    taken = update(L).where(here if at_once else and_(here, _free(owner, at)))
    taken = taken.values(epoch=L.epoch + 1, owner=owner, lease_until=at + timedelta(seconds=lease_s))
    rows = session.execute(taken.returning(L.partition, L.epoch, L.position, L.read, L.watermark_at, L.kept).execution_options(synchronize_session=False))
    return {
        partition: Claimed(epoch, position, max(position, read), told.timestamp() if told is not None else -math.inf, kept)
        for partition, epoch, position, read, told, kept in rows
    }


def claimable(session: Session, owner: str, most: int, *, at: datetime) -> list[int]:
    """The first partitions of fixes that have no living owner, at most so many."""
    return list(session.scalars(select(L.partition).where(L.partition < MOST, _free(owner, at)).order_by(L.partition).limit(most)))


def _free(owner: str, at: datetime) -> ColumnElement[bool]:
    return or_(L.owner.is_(None), L.owner == owner, L.lease_until.is_(None), L.lease_until < at)


def advance(session: Session, marks: Mapping[int, Mark], *, at: datetime, lease_s: float) -> None:
    """The guard of a flush. Raises `Fenced` where another owner has come."""
    if not marks:
        return
    position = _each(L.position, {p: mark.position for p, mark in marks.items()})
    read = _each(L.read, {p: mark.read for p, mark in marks.items()})
    reached = {p: from_epoch_s(mark.watermark_s) if math.isfinite(mark.watermark_s) else None for p, mark in marks.items()}
    mine = update(L).where(tuple_(L.partition, L.epoch).in_([(p, mark.epoch) for p, mark in marks.items()]), L.position <= position)
    moved_on = mine.values(position=position, read=read, watermark_at=_each(L.watermark_at, reached), lease_until=at + timedelta(seconds=lease_s))
    done = session.scalars(moved_on.returning(L.partition).execution_options(synchronize_session=False))
    if lost := marks.keys() - set(done):
        raise Fenced(lost)


def _each(column: InstrumentedAttribute[Any], values: Mapping[int, Any]) -> ColumnElement[Any]:
    """The value of each partition, to be written to a column."""
    first = next(iter(values.values()))
    if all(value == first for value in values.values()):
        return literal(first, column.type)
    return case({p: literal(value, column.type) for p, value in values.items()}, value=L.partition)


def bury(session: Session, dead: Sequence[Dead], *, at: datetime) -> None:
    """Say of each that it was passed over, once."""
    rows = [(one.partition, one.position, one.reason, one.size_bytes, at) for one in dead]
    insert_many(session, DeadLetterRow, ("partition", "position", "reason", "size_bytes", "found_at"), rows, unique=("partition", "position"))


def release(session: Session, epochs: Mapping[int, int]) -> None:
    """Give partitions back (each with our epoch), so that the next owner need not wait for the lease."""
    if epochs:
        touched(session, update(L).where(tuple_(L.partition, L.epoch).in_(list(epochs.items()))).values(owner=None, lease_until=None))


# -- workers ---------------------------------------------------------------------------------------------------------


def announce(session: Session, worker: str, *, at: datetime, lease_s: float) -> list[str]:
    """This worker lives; the names of all that do, in order."""
    session.execute(delete(WorkerRow).where(WorkerRow.until < at).execution_options(synchronize_session=False))
    insert_many(session, WorkerRow, ("id", "until"), [(worker, at + timedelta(seconds=lease_s))], unique=("id",), replace=("until",))
    return list(session.scalars(select(WorkerRow.id).order_by(WorkerRow.id)))


def leave(session: Session, worker: str) -> None:
    """This worker ends; its share is the others'."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker).execution_options(synchronize_session=False))


# -- states ----------------------------------------------------------------------------------------------------------


def load_states(session: Session, partitions: Collection[int]) -> tuple[dict[Key, TrackState], list[Key]]:
    """The committed states, and the keys of those that cannot be read (written by a release that remembered other things)."""
    unreadable: list[Key] = []
    out: dict[Key, TrackState] = {}
    columns = select(TrackStateRow.shopper_id, TrackStateRow.device_id, TrackStateRow.payload).where(
        TrackStateRow.partition.in_(sorted(partitions))
    )
    rows = [(Key(shopper_id, device_id), payload) for shopper_id, device_id, payload in session.execute(columns)]
    opened = open_each(_PURPOSE, [(payload, key.text().encode()) for key, payload in rows])
    for (key, _), state in zip(rows, opened, strict=True):
        try:
            if state is not None:  # else she is being erased: the row goes with the rest
                out[key] = _decode(state)
        except msgspec.DecodeError:
            log.warning("track_state_unreadable", device_id=key.device_id)
            unreadable.append(key)
    return out, unreadable


_STATE_COLUMNS = ("shopper_id", "device_id", "partition", "payload", "wake_at", "changed_at")


def save_states(
    session: Session, partitions: int, tracks: Sequence[tuple[Key, TrackState, float | None]], *, lean: bool, at: datetime
) -> None:
    """Each a key, its state and the event time (seconds) at which to look at it again. `lean`: without the last fixes, which the
    log still holds."""
    sealed = seal_each(
        _PURPOSE,
        [
            (key.shopper_id, _encode(replace(state, last=None, recent=[]) if lean else state), key.text().encode())
            for key, state, _ in tracks
        ],
    )
    rows = [
        (key.shopper_id, key.device_id, partition_of(key.shopper_id, partitions), payload, from_epoch_s(wake_s) if wake_s is not None else None, at)
        for (key, _, wake_s), payload in zip(tracks, sealed, strict=True)
    ]
    insert_many(
        session,
        TrackStateRow,
        _STATE_COLUMNS,
        rows,
        unique=("shopper_id", "device_id"),
        replace=("partition", "payload", "wake_at", "changed_at"),
    )


def forget_states(session: Session, keys: Collection[Key]) -> None:
    """Tracks of which nothing needs to be remembered."""
    delete_many(session, TrackStateRow, ("shopper_id", "device_id"), sorted(keys))
