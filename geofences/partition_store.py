"""What a runner reads and writes: ownership of a partition, states of tracks, visits, moments.

Owns the statements of a flush; each takes the flush's session. Must not decide anything: what happened is said by
transitions, who may be looked at by the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from app.kernel.db import insert_new, moved
from app.kernel.logs import get_logger
from app.kernel.outbox import emit
from app.security.sealing import open_sealed, seal
from geofences import trust
from geofences.contracts import MomentDetected
from geofences.models import LogPartitionRow, MomentRow, TrackStateRow, VisitRow
from geofences.moments import Moment, moments_of
from geofences.track import Key, TrackState
from geofences.transitions import Transition, TransitionKind

log = get_logger(__name__)

_PURPOSE = "track_state"
_BATCH = 500
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


def load_states(session: Session, partition: int) -> dict[Key, TrackState]:
    out: dict[Key, TrackState] = {}
    columns = select(TrackStateRow.shopper_id, TrackStateRow.device_id, TrackStateRow.payload).where(
        TrackStateRow.partition == partition
    )
    for shopper_id, device_id, payload in session.execute(columns):
        key = Key(shopper_id, device_id)
        try:
            out[key] = _decode(open_sealed(_PURPOSE, payload, key.text().encode()))
        except (
            msgspec.DecodeError
        ):  # written by a release that remembered other things: begin anew with what is reported next
            log.warning("track_state_unreadable", device_id=device_id)
    return out


def floors(session: Session, keys: Collection[Key]) -> dict[Key, float]:
    """For tracks of which nothing is remembered: the last time their visits already tell of (epoch seconds)."""
    wanted = sorted({key.device_id for key in keys})
    out: dict[Key, float] = {}
    for start in range(0, len(wanted), _BATCH):
        told = func.max(func.coalesce(VisitRow.ended_at, VisitRow.seen_at))
        shoppers = sorted({k.shopper_id for k in keys})
        found = (
            select(VisitRow.shopper_id, VisitRow.device_id, told)
            .where(VisitRow.device_id.in_(wanted[start : start + _BATCH]))
            .where(VisitRow.shopper_id.in_(shoppers) if len(shoppers) <= _BATCH else VisitRow.shopper_id.is_not(None))
            .group_by(VisitRow.shopper_id, VisitRow.device_id)
        )
        for shopper_id, device_id, at in session.execute(found):
            if at is not None:
                out[Key(shopper_id, device_id)] = _as_instant(session, at).timestamp()
    return out


def _as_instant(session: Session, value: datetime | str) -> datetime:
    """max() over coalesce() loses the column type on SQLite, where an instant is text."""
    from app.kernel.db import Instant

    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    told = Instant().process_result_value(value, session.get_bind().dialect)
    assert told is not None
    return told


def save_state(
    session: Session, partition: int, key: Key, state: TrackState, *, wake_s: float | None, at: datetime
) -> None:
    values = {
        "shopper_id": key.shopper_id,
        "device_id": key.device_id,
        "partition": partition,
        "payload": seal(_PURPOSE, _encode(state), key.text().encode()),
        "wake_at": from_epoch_s(wake_s) if wake_s is not None else None,
        "changed_at": at,
    }
    if not insert_new(session, TrackStateRow, values, unique=["shopper_id", "device_id"]):
        row = update(TrackStateRow).where(
            TrackStateRow.shopper_id == key.shopper_id, TrackStateRow.device_id == key.device_id
        )
        moved(session, row.values(**{k: v for k, v in values.items() if k not in ("shopper_id", "device_id")}))


def forget_states(session: Session, keys: Iterable[Key]) -> None:
    for key in keys:
        here = (TrackStateRow.shopper_id == key.shopper_id, TrackStateRow.device_id == key.device_id)
        session.execute(delete(TrackStateRow).where(*here).execution_options(synchronize_session=False))


def close_unseen(session: Session, keys: Iterable[Key]) -> None:
    """Tracks that may no longer be looked at: their open visits end where they were last told of, without a moment."""
    for key in keys:
        here = (VisitRow.shopper_id == key.shopper_id, VisitRow.device_id == key.device_id, VisitRow.ended_at.is_(None))
        session.execute(
            update(VisitRow).where(*here).values(ended_at=VisitRow.seen_at).execution_options(synchronize_session=False)
        )


# -- what happened ---------------------------------------------------------------------------------------------------


def record(session: Session, transitions: Iterable[Transition], places: dict[str, str], *, at: datetime) -> int:
    """Visits, moments and their events, each once for ever: ids are derived. Returns the number of new moments."""
    new = 0
    for t in sorted(transitions, key=lambda t: (t.decided_s, t.started_s, t.fence_id)):
        place_id, nth = _record_visit(session, t, places.get(t.fence_id))
        if place_id is None:
            continue  # the fence is gone and the visit was never written: nobody can be told of it
        for moment in moments_of(t, place_id=place_id, nth_visit=nth):
            new += _record_moment(session, moment, at)
    return new


def _record_visit(session: Session, t: Transition, place_id: str | None) -> tuple[str | None, int]:
    """The visit's place and number."""
    if t.kind is TransitionKind.CROSSED:
        return place_id, 0
    known = session.execute(select(VisitRow.place_id, VisitRow.nth_visit).where(VisitRow.id == t.visit_id)).first()
    if known is None:
        if place_id is None:
            return None, 0
        nth = 1 + _earlier_visits(session, t, place_id)
        session.add(_visit_row(t, place_id, nth))
        session.flush()
        known = (place_id, nth)
    if t.kind is TransitionKind.ENTERED:
        return known[0], known[1]
    later = {
        "seen_at": from_epoch_s(t.at_s),
        "dwell_s": t.dwell_s,
        "confidence": t.confidence,
        "trust": str(trust.level(t.doubts)),
        "doubts": list(t.doubts),
    }
    if t.ended_s is not None:
        later["ended_at"] = from_epoch_s(t.ended_s)
    moved(session, update(VisitRow).where(VisitRow.id == t.visit_id, VisitRow.ended_at.is_(None)).values(**later))
    return known[0], known[1]


def _earlier_visits(session: Session, t: Transition, place_id: str) -> int:
    before = (
        VisitRow.shopper_id == t.shopper_id,
        VisitRow.place_id == place_id,
        VisitRow.started_at < from_epoch_s(t.started_s),
    )
    return session.scalar(select(func.count()).select_from(VisitRow).where(*before)) or 0


def _visit_row(t: Transition, place_id: str, nth: int) -> VisitRow:
    started_at = from_epoch_s(t.started_s)
    return VisitRow(
        id=t.visit_id,
        shopper_id=t.shopper_id,
        device_id=t.device_id,
        place_id=place_id,
        fence_id=t.fence_id,
        started_at=started_at,
        ended_at=None,
        seen_at=started_at,
        dwell_s=0,
        nth_visit=nth,
        confidence=t.confidence,
        trust=str(trust.level(t.doubts)),
        doubts=list(t.doubts),
    )


def _record_moment(session: Session, m: Moment, at: datetime) -> int:
    occurred_at = from_epoch_s(m.at_s)
    values = {
        "id": m.id,
        "kind": m.kind.value,
        "shopper_id": m.shopper_id,
        "device_id": m.device_id,
        "place_id": m.place_id,
        "fence_id": m.fence_id,
        "visit_id": m.visit_id,
        "occurred_at": occurred_at,
        "detected_at": at,
        "dwell_s": m.dwell_s,
        "nth_visit": m.nth_visit,
        "confidence": m.confidence,
        "trust": m.trust.value,
        "doubts": list(m.doubts),
    }
    if not insert_new(session, MomentRow, values, unique=["id"]):
        return 0
    event = MomentDetected(
        moment_id=m.id,
        kind=m.kind.value,
        shopper_id=m.shopper_id,
        device_id=m.device_id,
        place_id=m.place_id,
        visit_id=m.visit_id,
        occurred_at=occurred_at,
        detected_at=at,
        dwell_s=m.dwell_s,
        nth_visit=m.nth_visit,
        confidence=m.confidence,
        trust=m.trust.value,
        trust_reasons=m.doubts,
    )
    emit(session, event, subject=m.shopper_id)
    return 1
