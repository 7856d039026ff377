"""What the beacon runner reads and writes: states, zone visits with their moments, and what a beacon confirms.

Owns the statements of its flush; each takes the flush's session. Must not decide what happened: transitions say it. How far it is
believed follows from who else says so: a visit told by positions and the beacons heard at its place confirm each other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.clock import from_epoch_s
from app.kernel.db import moved
from app.kernel.logs import get_logger
from app.security.vault import open_each, seal_each
from geofences import tiers, trust, visit_store
from geofences.beacons.hearing import HearingState
from geofences.beacons.models import CorroborationRow, HearingStateRow
from geofences.beacons.reasons import ECHOED
from geofences.beacons.transmitters import Registry, Zone
from geofences.contracts import MomentKind, TrustLevel
from geofences.models import VisitRow
from geofences.moments import moment_of
from geofences.sensitive.refusals import refusals
from geofences.tiers import BEACON, POSITION, ROTATING
from geofences.track import Key
from geofences.transitions import Transition, TransitionKind

log = get_logger(__name__)

_PURPOSE = "hearing_state"
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(HearingState).decode

_VISIT_COLUMNS = (
    "id", "shopper_id", "device_id", "place_id", "fence_id", "started_at", "ended_at", "seen_at", "decided_at",
    "dwell_s", "nth_visit", "confidence", "trust", "doubts",
)  # fmt: skip
_KINDS = {
    TransitionKind.ENTERED: MomentKind.BEACON_PROXIMITY,
    TransitionKind.DWELLED: MomentKind.DWELL,
    TransitionKind.EXITED: MomentKind.LEFT,
}


# -- states ----------------------------------------------------------------------------------------------------------


def load_states(session: Session, partition: int) -> dict[Key, HearingState]:
    out: dict[Key, HearingState] = {}
    columns = select(HearingStateRow.shopper_id, HearingStateRow.device_id, HearingStateRow.payload)
    for shopper_id, device_id, payload in session.execute(columns.where(HearingStateRow.partition == partition)):
        key = Key(shopper_id, device_id)
        try:
            (opened,) = open_each(_PURPOSE, [(payload, key.text().encode())])
            if opened is not None:  # else she is being erased: the row goes with the rest
                out[key] = _decode(opened)
        except (
            msgspec.DecodeError
        ):  # written by a release that remembered other things: begin anew with what is heard next
            log.warning("hearing_state_unreadable", device_id=device_id)
    return out


def save_states(session: Session, partition: int, states: Sequence[tuple[Key, HearingState]], *, at: datetime) -> None:
    sealed = seal_each(_PURPOSE, [(k.shopper_id, _encode(s), k.text().encode()) for k, s in states])
    rows = [
        (k.shopper_id, k.device_id, partition, payload, at) for (k, _), payload in zip(states, sealed, strict=True)
    ]
    columns = ("shopper_id", "device_id", "partition", "payload", "changed_at")
    unique, changes = ("shopper_id", "device_id"), ("partition", "payload", "changed_at")
    insert_many(session, HearingStateRow, columns, rows, unique=unique, replace=changes)


def forget_states(session: Session, keys: Collection[Key]) -> None:
    for key in sorted(keys, key=Key.text):
        here = (HearingStateRow.shopper_id == key.shopper_id, HearingStateRow.device_id == key.device_id)
        session.execute(delete(HearingStateRow).where(*here).execution_options(synchronize_session=False))


def told_until(session: Session, keys: Collection[Key], zone_ids: Collection[str]) -> dict[Key, float]:
    """For devices of which nothing is remembered: up to when their zone visits were told (epoch seconds)."""
    if not keys or not zone_ids:
        return {}
    out: dict[Key, float] = {}
    found = select(VisitRow.shopper_id, VisitRow.device_id, VisitRow.seen_at, VisitRow.ended_at).where(
        VisitRow.device_id.in_(listed(session, {k.device_id for k in keys})),
        VisitRow.fence_id.in_(listed(session, set(zone_ids))),
    )
    for shopper_id, device_id, seen_at, ended_at in session.execute(found):
        key = Key(shopper_id, device_id)
        out[key] = max(out.get(key, 0.0), (ended_at or seen_at).timestamp())
    return out


# -- what happened ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claim:
    """A zone visit as far as it may confirm another: seconds since 1970. `rotating`: a passing id was heard in it."""

    visit_id: str
    shopper_id: str
    zone_id: str
    from_s: float
    until_s: float
    rotating: bool
    doubts: tuple[str, ...]


def record(
    session: Session, transitions: Iterable[Transition], registry: Registry, rotating: Collection[str], *, at: datetime
) -> int:
    """Zone visits, moments and their events, each once for ever: ids are derived. Returns the number of new moments.

    `rotating`: ids of visits in which a passing id was heard.
    """
    several = sorted(transitions, key=lambda t: (t.decided_s, t.started_s, t.fence_id))
    told: list[tuple[Transition, str, int]] = []
    shut = refusals(session).places
    for t in several:
        zone = registry.zones.get(t.fence_id)
        if zone is not None and (zone.place_id in shut or zone.within_place_id in shut):
            continue  # nothing is noticed at a place that is refused, whoever hears it
        found = _visit(session, t, zone)
        if found is not None:  # else the zone is gone and the visit was never written: nobody can be told of it
            told.append((t, *found))
    now_s = at.timestamp()
    claims = [
        Claim(t.visit_id, t.shopper_id, t.fence_id, t.started_s, t.ended_s or now_s, t.visit_id in rotating, t.doubts)
        for t, _, _ in told
    ]
    levels = confirm(session, claims, registry, at=at)
    moments = [
        moment_of(t, _KINDS[t.kind], place_id=place_id, nth_visit=nth, level=levels[t.visit_id])
        for t, place_id, nth in told
    ]
    return visit_store.record_moments(session, moments, at)


def _visit(session: Session, t: Transition, zone: Zone | None) -> tuple[str, int] | None:
    """The visit's place and number; the visit is written, or moved on."""
    known = session.execute(select(VisitRow.place_id, VisitRow.nth_visit).where(VisitRow.id == t.visit_id)).first()
    if known is None and zone is None:
        return None
    if known is None and zone is not None:
        earlier = select(VisitRow.id).where(
            VisitRow.shopper_id == t.shopper_id,
            VisitRow.place_id == zone.place_id,
            VisitRow.started_at < from_epoch_s(t.started_s),
        )
        nth = 1 + len(session.scalars(earlier).all())
        begun, level = from_epoch_s(t.started_s), str(TrustLevel.CLAIMED)
        row = (
            t.visit_id, t.shopper_id, t.device_id, zone.place_id, t.fence_id, begun, None, begun, from_epoch_s(t.decided_s),
            0, nth, t.confidence, level, list(t.doubts),
        )  # fmt: skip
        insert_many(session, VisitRow, _VISIT_COLUMNS, [row], unique=("id",))
        known_now = (zone.place_id, nth)
    else:
        assert known is not None
        known_now = (known[0], known[1])
    if t.kind is not TransitionKind.ENTERED:
        later: dict[str, object] = {
            "seen_at": from_epoch_s(t.at_s),
            "decided_at": from_epoch_s(t.decided_s),
            "dwell_s": t.dwell_s,
            "confidence": t.confidence,
            "doubts": list(t.doubts),
        }
        if t.ended_s is not None:
            later["ended_at"] = from_epoch_s(t.ended_s)
        moved(session, update(VisitRow).where(VisitRow.id == t.visit_id, VisitRow.ended_at.is_(None)).values(**later))
    return known_now


# -- who confirms whom -----------------------------------------------------------------------------------------------


def confirm(session: Session, claims: Sequence[Claim], registry: Registry, *, at: datetime) -> dict[str, TrustLevel]:
    """Note which visits told by positions these zone visits confirm, and give the zone visits the level that follows in turn.

    A visit is confirmed by one at its place, or at a place in it, that overlaps it. An echoed id confirms nothing, a made-up position neither.
    """
    levels = {c.visit_id: TrustLevel.CLAIMED for c in claims}
    sound = [c for c in claims if c.zone_id in registry.zones and ECHOED not in c.doubts]
    if not sound:
        return levels
    found = select(
        VisitRow.id, VisitRow.shopper_id, VisitRow.place_id, VisitRow.started_at, VisitRow.ended_at, VisitRow.doubts
    ).where(
        VisitRow.shopper_id.in_(listed(session, {c.shopper_id for c in sound})),
        VisitRow.fence_id.not_in(listed(session, set(registry.zones))),
        or_(VisitRow.ended_at.is_(None), VisitRow.ended_at >= from_epoch_s(min(c.from_s for c in sound))),
    )
    by_position = session.execute(found).all()
    rows: dict[tuple[str, str], tuple[object, ...]] = {}
    for c in sound:
        zone, kind = registry.zones[c.zone_id], ROTATING if c.rotating else BEACON
        for visit_id, shopper_id, place_id, started_at, ended_at, doubts in by_position:
            apart = started_at.timestamp() > c.until_s or (ended_at is not None and ended_at.timestamp() < c.from_s)
            if shopper_id != c.shopper_id or place_id not in {zone.place_id, zone.within_place_id} or apart:
                continue
            if trust.level(doubts, (kind,)) is TrustLevel.CLAIMED:
                continue
            rows[visit_id, c.visit_id] = (visit_id, c.visit_id, c.shopper_id, kind, at)
            levels[c.visit_id] = trust.level(c.doubts, (POSITION,))
    columns = ("visit_id", "by_visit_id", "shopper_id", "kind", "noted_at")
    insert_many(
        session, CorroborationRow, columns, list(rows.values()), unique=("visit_id", "by_visit_id"), replace=("kind",)
    )
    for visit_id, level in levels.items():
        if level is not TrustLevel.CLAIMED:
            moved(session, update(VisitRow).where(VisitRow.id == visit_id).values(trust=str(level)))
    return levels


def raise_trust(session: Session, shopper_ids: Collection[str]) -> int:
    """Give visits told by positions the level their confirmations allow; returns how many changed."""
    if not shopper_ids:
        return 0
    found = (
        select(VisitRow.id, VisitRow.trust, VisitRow.doubts, CorroborationRow.kind)
        .join(CorroborationRow, CorroborationRow.visit_id == VisitRow.id)
        .where(
            CorroborationRow.shopper_id.in_(listed(session, set(shopper_ids))),
            VisitRow.trust != str(TrustLevel.VERIFIED),
        )
    )
    kinds: dict[str, set[str]] = {}
    doubts: dict[str, list[str]] = {}
    now: dict[str, str] = {}
    for visit_id, level, noted, kind in session.execute(found):
        kinds.setdefault(visit_id, set()).add(kind)
        doubts[visit_id], now[visit_id] = noted, level
    changed = 0
    for visit_id, confirmed_by in kinds.items():
        # a beacon is one kind of evidence, whether its id rotates or not; a code of the place may be another
        level = tiers.level(doubts[visit_id], confirmed_by)
        if level is not TrustLevel.CLAIMED and level.value != now[visit_id]:
            as_it_was = (VisitRow.id == visit_id, VisitRow.trust == now[visit_id])
            changed += moved(session, update(VisitRow).where(*as_it_was).values(trust=str(level)))
    return changed


def withdraw(session: Session, visit_ids: Mapping[str, tuple[str, ...]]) -> None:
    """These zone visits (by id, with their doubts now) rest on an echoed id: they are claimed, and confirm nothing any more."""
    if not visit_ids:
        return
    quietly = {"synchronize_session": False}
    confirmed = set(
        session.scalars(
            select(CorroborationRow.visit_id).where(CorroborationRow.by_visit_id.in_(listed(session, set(visit_ids))))
        )
    )
    session.execute(
        delete(CorroborationRow)
        .where(CorroborationRow.by_visit_id.in_(listed(session, set(visit_ids))))
        .execution_options(**quietly)
    )
    for visit_id, doubts in visit_ids.items():
        row = update(VisitRow).where(VisitRow.id == visit_id)
        session.execute(row.values(trust=str(TrustLevel.CLAIMED), doubts=list(doubts)).execution_options(**quietly))
    for visit_id in sorted(confirmed):  # what else confirms them goes on doing so
        noted = session.scalar(select(VisitRow.doubts).where(VisitRow.id == visit_id))
        kinds = session.scalars(select(CorroborationRow.kind).where(CorroborationRow.visit_id == visit_id)).all()
        row = update(VisitRow).where(VisitRow.id == visit_id)
        level = tiers.level(noted or (), kinds)
        session.execute(row.values(trust=str(level)).execution_options(**quietly))


def close_unseen(session: Session, keys: Collection[Key], zone_ids: Collection[str]) -> None:
    """Devices that may no longer be listened to: their open zone visits end where they were last told of, without a moment."""
    for key in sorted(keys, key=Key.text):
        here = (VisitRow.shopper_id == key.shopper_id, VisitRow.device_id == key.device_id, VisitRow.ended_at.is_(None))
        ended = (
            update(VisitRow)
            .where(*here, VisitRow.fence_id.in_(listed(session, set(zone_ids))))
            .values(ended_at=VisitRow.seen_at)
        )
        session.execute(ended.execution_options(synchronize_session=False))
