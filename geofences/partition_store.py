"""What a runner reads and writes of itself: ownership of a partition, and states of tracks.

Owns these statements; each takes the flush's session. Must not decide anything. What happened is written by visit_store.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import delete_many, insert_many
from app.kernel.clock import from_epoch_s
from app.kernel.db import insert_new, moved
from app.kernel.logs import get_logger
from app.security.vault import open_each, seal_each
from geofences.models import LogPartitionRow, TrackStateRow
from geofences.track import Key, TrackState

log = get_logger(__name__)

_PURPOSE = "track_state"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(TrackState).decode


@dataclass(frozen=True, slots=True)
class Claimed:
    epoch: int
    position: int


def claim(
    session: Session, partition: int, owner: str, *, at: datetime, lease_s: float, at_once: bool
) -> Claimed | None:
    """Become the partition's owner unless another one's lease runs; from now on the former owner writes nothing."""
    fresh = {
        "partition": partition,
        "epoch": 0,
        "position": 0,
        "watermark_at": None,
        "owner": None,
        "lease_until": None,
    }
    insert_new(session, LogPartitionRow, fresh, unique=["partition"])
    free = or_(
        LogPartitionRow.owner.is_(None),
        LogPartitionRow.owner == owner,
        LogPartitionRow.lease_until.is_(None),
        LogPartitionRow.lease_until < at,
    )
    here = LogPartitionRow.partition == partition
    taken = update(LogPartitionRow).where(here if at_once else and_(here, free))
    taken = taken.values(epoch=LogPartitionRow.epoch + 1, owner=owner, lease_until=at + timedelta(seconds=lease_s))
    row = session.execute(
        taken.returning(LogPartitionRow.epoch, LogPartitionRow.position).execution_options(synchronize_session=False)
    ).first()
    return Claimed(row[0], row[1]) if row is not None else None


def advance_position(
    session: Session, partition: int, epoch: int, position: int, *, watermark_s: float, at: datetime, lease_s: float
) -> bool:
    """The guard of a flush: False when another owner has come, and then nothing else of the flush may be written."""
    mine = update(LogPartitionRow).where(
        LogPartitionRow.partition == partition, LogPartitionRow.epoch == epoch, LogPartitionRow.position <= position
    )
    return moved(
        session,
        mine.values(
            position=position, watermark_at=from_epoch_s(watermark_s), lease_until=at + timedelta(seconds=lease_s)
        ),
    )


def release(session: Session, partition: int, epoch: int) -> None:
    """Give the partition back, so that the next owner need not wait for the lease."""
    mine = update(LogPartitionRow).where(LogPartitionRow.partition == partition, LogPartitionRow.epoch == epoch)
    moved(session, mine.values(owner=None, lease_until=None))


# -- states ----------------------------------------------------------------------------------------------------------


def load_states(session: Session, partition: int) -> tuple[dict[Key, TrackState], list[Key]]:
    """The committed states, and the keys of those that cannot be read (written by a release that remembered other things)."""
    unreadable: list[Key] = []
    out: dict[Key, TrackState] = {}
    columns = select(TrackStateRow.shopper_id, TrackStateRow.device_id, TrackStateRow.payload).where(
        TrackStateRow.partition == partition
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
    session: Session, partition: int, tracks: Sequence[tuple[Key, TrackState, float | None]], *, lean: bool, at: datetime
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
        (key.shopper_id, key.device_id, partition, payload, from_epoch_s(wake_s) if wake_s is not None else None, at)
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
