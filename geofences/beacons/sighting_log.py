"""The log of sightings as a table: one row a batch, sealed, emptied as soon as it is processed.

Owns the rows of `geofences_sighting_log`. Must not process anything. The log of fixes has the same form; a partition number far from its own
keeps the counters apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.logs import get_logger
from app.security.vault import open_each, seal_for
from geofences.beacons.models import SightingLogRow
from geofences.beacons.sightings import Sighting
from geofences.models import LogHeadRow
from geofences.track import Key

log = get_logger(__name__)

PARTITION = 1_000_000
"""Partitions of fixes count from 0 and are few."""
_PURPOSE = "sighting_log"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Sighting, ...]).decode


@dataclass(frozen=True, slots=True)
class SightingBatch:
    """One batch as it is read back; `sightings` are empty when the shopper was erased meanwhile."""

    position: int
    key: Key
    sightings: tuple[Sighting, ...]


def append(session: Session, key: Key, sightings: tuple[Sighting, ...], *, digest: str, at: datetime) -> int | None:
    """Append in the caller's transaction; the position, or None when the same batch of the device is there already."""
    known = select(SightingLogRow.position).where(
        SightingLogRow.device_id == key.device_id, SightingLogRow.digest == digest
    )
    if session.execute(known).first() is not None:
        return None
    # The row stays locked until the commit, so a reader never sees position n+1 before n.
    here = LogHeadRow.partition == PARTITION
    counted = update(LogHeadRow).where(here).values(head=LogHeadRow.head + 1).returning(LogHeadRow.head)
    position = session.execute(counted).scalar_one_or_none()
    if position is None:
        insert_new(session, LogHeadRow, {"partition": PARTITION, "head": 0}, unique=["partition"])
        position = session.execute(counted).scalar_one()
    values = {
        "partition": PARTITION,
        "position": position,
        "shopper_id": key.shopper_id,
        "device_id": key.device_id,
        "digest": digest,
        "sightings": len(sightings),
        "payload": seal_for(key.shopper_id, _PURPOSE, _encode(sightings), key.text().encode()),
        "received_at": at,
    }
    return position if insert_new(session, SightingLogRow, values, unique=["device_id", "digest"]) else None


def read(session: Session, after: int, limit: int) -> list[SightingBatch]:
    """Batches after a position, in order."""
    columns = (SightingLogRow.position, SightingLogRow.shopper_id, SightingLogRow.device_id, SightingLogRow.payload)
    wanted = select(*columns).where(SightingLogRow.partition == PARTITION, SightingLogRow.position > after)
    out: list[SightingBatch] = []
    for position, shopper_id, device_id, payload in session.execute(
        wanted.order_by(SightingLogRow.position).limit(limit)
    ):
        key = Key(shopper_id, device_id)
        out.append(SightingBatch(position, key, () if payload is None else _opened(payload, key)))
    return out


def _opened(payload: bytes, key: Key) -> tuple[Sighting, ...]:
    try:
        (opened,) = open_each(_PURPOSE, [(payload, key.text().encode())])
        return _decode(opened) if opened is not None else ()
    except msgspec.DecodeError:  # written by a release with another shape: the next words are not far
        log.warning("sightings_unreadable", device_id=key.device_id)
        return ()


def trim(session: Session, upto: int) -> None:
    """Forget the contents of what is processed."""
    done = (SightingLogRow.partition == PARTITION, SightingLogRow.position <= upto, SightingLogRow.payload.is_not(None))
    session.execute(
        update(SightingLogRow).where(*done).values(payload=None).execution_options(synchronize_session=False)
    )
