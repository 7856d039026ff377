"""What happened, written down: visits, moments and their events, a few statements for any number of them.

Owns these statements; each takes the flush's session. Must not decide anything: what happened is said by transitions, who may
be looked at by the gate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.clock import from_epoch_s
from app.kernel.db import prepared
from app.kernel.outbox import emit_many
from geofences import tiers, trust
from geofences.contracts import Begun, MomentDetected, MomentKind, TrustLevel
from geofences.models import MomentRow, VisitRow
from geofences.moments import Moment, moments_of
from geofences.sensitive.refusals import refusals
from geofences.track import Key
from geofences.transitions import Transition, TransitionKind


@dataclass(slots=True)
class _Visit:
    """A visit as this flush leaves it; seconds since 1970."""

    opened: Transition
    place_id: str
    nth: int
    seen_s: float
    dwell_s: int
    confidence: float
    doubts: tuple[str, ...]
    decided_s: float
    trust: TrustLevel = TrustLevel.CLAIMED
    ended_s: float | None = None
    kinds: frozenset[str] = frozenset()
    """By what it is confirmed when it begins: codes that were shown before."""
    lasting: frozenset[str] = frozenset()
    """Doubts about the way that led here: what is seen later does not take them back."""

    def note(self, t: Transition) -> None:
        self.decided_s = max(self.decided_s, t.decided_s)
        if t.kind is TransitionKind.ENTERED:
            return
        self.lasting |= trust.LASTING.intersection(t.doubts)
        self.seen_s, self.dwell_s, self.confidence = t.at_s, t.dwell_s, t.confidence
        self.doubts = tuple(sorted({*t.doubts, *self.lasting}))
        if t.ended_s is not None:
            self.ended_s = t.ended_s

    def row(self) -> tuple[object, ...]:
        t = self.opened
        return (
            t.visit_id,
            t.shopper_id,
            t.device_id,
            self.place_id,
            t.fence_id,
            from_epoch_s(t.started_s),
            None if self.ended_s is None else from_epoch_s(self.ended_s),
            from_epoch_s(self.seen_s),
            from_epoch_s(self.decided_s),
            t.parent_id or None,
            self.dwell_s,
            self.nth,
            self.confidence,
            str(tiers.level(self.doubts, self.kinds)),
            list(self.doubts),
        )


HEARD_BY_BEACONS = "zon_%"
"""Ids of fences that are zones of beacons: their visits are told by the runner of sightings."""
_VISIT_COLUMNS = (
    "id", "shopper_id", "device_id", "place_id", "fence_id", "started_at", "ended_at", "seen_at", "decided_at",
    "parent_id", "dwell_s", "nth_visit", "confidence", "trust", "doubts",
)  # fmt: skip
_VISIT_CHANGES = ("ended_at", "seen_at", "decided_at", "dwell_s", "confidence", "doubts")
_MOMENT_COLUMNS = (
    "id", "kind", "shopper_id", "device_id", "place_id", "fence_id", "visit_id", "occurred_at", "detected_at", "dwell_s",
    "nth_visit", "confidence", "trust", "doubts",
)  # fmt: skip


Shown = Callable[[Session, Sequence[Begun], Mapping[str, float], datetime], Mapping[str, frozenset[str]]]
"""What was shown of a place before its visit began (presence/early.py): visit id -> kinds."""


def record(session: Session, transitions: Iterable[Transition], places: Mapping[str, str], *, at: datetime, shown: Shown | None = None) -> int:
    """Visits, moments and their events, each once for ever: ids are derived. Returns the number of new moments.

    `places`: the place of each fence that still is. A visit whose fence is gone and that was never written is told to nobody.
    Nor is one at a place that has come to be refused since the detector last looked at the fences.
    """
    shut = refusals(session).fences
    several = sorted((t for t in transitions if t.fence_id not in shut), key=lambda t: (t.decided_s, t.started_s, t.fence_id))
    visits, begun, ends = _visits(session, several, places)
    for visit_id, kinds in shown(session, begun, ends, at).items() if shown is not None and begun else ():
        visits[visit_id].kinds, visits[visit_id].trust = kinds, tiers.level(visits[visit_id].doubts, kinds)
    moments: list[Moment] = []
    for t in several:
        if t.kind is TransitionKind.CROSSED:
            if t.fence_id in places:
                moments += moments_of(t, place_id=places[t.fence_id], nth_visit=0)
        elif t.visit_id in visits:
            visit = visits[t.visit_id]
            visit.note(t)
            of_visit = moments_of(t, place_id=visit.place_id, nth_visit=visit.nth)
            if visit.trust is not TrustLevel.CLAIMED and trust.MOCKED not in t.doubts:
                of_visit = tuple(replace(m, trust=visit.trust) for m in of_visit)  # what beacons confirmed, moments say too
            moments += of_visit
    rows = [visit.row() for visit in visits.values()]
    insert_many(session, VisitRow, _VISIT_COLUMNS, rows, unique=("id",), replace=_VISIT_CHANGES, unless="ended_at")
    made_up = [visit_id for visit_id, visit in visits.items() if trust.MOCKED in visit.doubts]
    if made_up:  # nothing holds against that; nothing else lowers what was confirmed
        claimed = update(VisitRow).where(VisitRow.id.in_(listed(session, made_up))).values(trust=str(TrustLevel.CLAIMED))
        session.execute(claimed.execution_options(synchronize_session=False))
    new = record_moments(session, moments, at)
    for t in several:
        if t.kind is TransitionKind.EXTENDED and t.visit_id in visits:
            _extend(session, t)
    return new


def _extend(session: Session, t: Transition) -> None:
    """A visit that was told to have ended lasted longer."""
    assert t.ended_s is not None
    ended_at = from_epoch_s(t.ended_s)
    session.execute(
        update(VisitRow)
        .where(VisitRow.id == t.visit_id)
        .values(ended_at=ended_at, seen_at=ended_at, decided_at=from_epoch_s(t.decided_s), dwell_s=t.dwell_s)
        .execution_options(synchronize_session=False)
    )
    move_left(session, t.visit_id, ended_at, t.dwell_s)


def move_left(session: Session, visit_id: str, ended_at: datetime, dwell_s: int) -> None:
    """That she left was told, but it was at another time."""
    prepared(session, _MOVE_LEFT, {"of": visit_id, "ended": ended_at, "lasted": dwell_s})


_MOMENTS = cast("Table", MomentRow.__table__)
_MOVE_LEFT = (
    update(_MOMENTS)
    .where(_MOMENTS.c.visit_id == bindparam("of"), _MOMENTS.c.kind == MomentKind.LEFT.value)
    .values(occurred_at=bindparam("ended"), dwell_s=bindparam("lasted"))
)


def _visits(session: Session, transitions: Sequence[Transition], places: Mapping[str, str]) -> tuple[dict[str, _Visit], list[Begun], dict[str, float]]:
    """Every visit the transitions speak of, known or new, before they are noted; the new ones; and where there are such, when which visits end."""
    firsts: dict[str, Transition] = {}
    for t in transitions:
        if t.kind is not TransitionKind.CROSSED:
            firsts.setdefault(t.visit_id, t)
    told = select(VisitRow.id, VisitRow.place_id, VisitRow.nth_visit, VisitRow.trust, VisitRow.doubts)
    known: dict[str, tuple[str, int]] = {}
    raised: dict[str, TrustLevel] = {}
    lasting = {visit_id: trust.LASTING.intersection(t.doubts) for visit_id, t in firsts.items()}
    if firsts:
        for visit_id, place_id, nth, level, doubts in session.execute(told.where(VisitRow.id.in_(listed(session, firsts)))):
            known[visit_id], raised[visit_id] = (place_id, nth), TrustLevel(level)
            lasting[visit_id] |= trust.LASTING.intersection(doubts)
    new = [t for visit_id, t in firsts.items() if visit_id not in known and t.fence_id in places]
    for t, nth in zip(new, _numbers(session, new, places), strict=True):
        known[t.visit_id] = (places[t.fence_id], nth)
    ends = {t.visit_id: t.ended_s for t in transitions if t.ended_s is not None} if new else {}
    begun = [Begun(t.visit_id, t.shopper_id, t.device_id, places[t.fence_id], t.started_s, ends.get(t.visit_id, math.inf)) for t in new]
    visits = {
        visit_id: _Visit(t, *known[visit_id], t.started_s, 0, t.confidence, t.doubts, t.decided_s, raised.get(visit_id, TrustLevel.CLAIMED), lasting=lasting[visit_id])
        for visit_id, t in firsts.items()
        if visit_id in known
    }
    return visits, begun, ends


def _numbers(session: Session, new: Sequence[Transition], places: Mapping[str, str]) -> list[int]:
    """Of each new visit the how-manieth it is of its shopper at its place."""
    if not new:
        return []
    before: dict[tuple[str, str], list[datetime]] = {}
    earlier = select(VisitRow.shopper_id, VisitRow.place_id, VisitRow.started_at).where(
        VisitRow.shopper_id.in_(listed(session, {t.shopper_id for t in new})),
        VisitRow.place_id.in_(listed(session, {places[t.fence_id] for t in new})),
    )
    for shopper_id, place_id, started_at in session.execute(earlier):
        before.setdefault((shopper_id, place_id), []).append(started_at)
    for t in new:
        before.setdefault((t.shopper_id, places[t.fence_id]), []).append(from_epoch_s(t.started_s))
    return [1 + sum(at < from_epoch_s(t.started_s) for at in before[(t.shopper_id, places[t.fence_id])]) for t in new]


def record_moments(session: Session, moments: Sequence[Moment], at: datetime) -> int:
    """Those moments that are not written yet, with an event each; returns how many."""
    by_id = {m.id: m for m in moments}
    if not by_id:
        return 0
    known = set(session.scalars(select(MomentRow.id).where(MomentRow.id.in_(listed(session, by_id)))))
    new = [m for m in by_id.values() if m.id not in known]
    insert_many(session, MomentRow, _MOMENT_COLUMNS, [_moment_row(m, at) for m in new])
    emit_many(session, [(_event(m, at), m.shopper_id) for m in new])
    return len(new)


def _moment_row(m: Moment, at: datetime) -> tuple[object, ...]:
    return (
        m.id,
        m.kind.value,
        m.shopper_id,
        m.device_id,
        m.place_id,
        m.fence_id,
        m.visit_id,
        from_epoch_s(m.at_s),
        at,
        m.dwell_s,
        m.nth_visit,
        m.confidence,
        m.trust.value,
        list(m.doubts),
    )


def _event(m: Moment, at: datetime) -> MomentDetected:
    return MomentDetected(
        moment_id=m.id,
        kind=m.kind.value,
        shopper_id=m.shopper_id,
        device_id=m.device_id,
        place_id=m.place_id,
        visit_id=m.visit_id,
        occurred_at=from_epoch_s(m.at_s),
        detected_at=at,
        dwell_s=m.dwell_s,
        nth_visit=m.nth_visit,
        confidence=m.confidence,
        trust=m.trust.value,
        trust_reasons=m.doubts,
    )


def decided_since(session: Session, since: datetime) -> dict[Key, float]:
    """Of each device with a visit of which something was decided at or after `since`: when last (event time, seconds)."""
    newest = select(VisitRow.shopper_id, VisitRow.device_id, VisitRow.decided_at).where(
        VisitRow.decided_at >= since, VisitRow.fence_id.not_like(HEARD_BY_BEACONS)
    )
    return {
        Key(shopper_id, device_id): decided_at.timestamp()
        for shopper_id, device_id, decided_at in session.execute(newest.order_by(VisitRow.decided_at))
        if decided_at is not None
    }


def close_unseen(session: Session, keys: Collection[Key]) -> None:
    """Tracks that may no longer be looked at: their open visits end where they were last told of, without a moment."""
    for key in keys:
        here = (VisitRow.shopper_id == key.shopper_id, VisitRow.device_id == key.device_id, VisitRow.ended_at.is_(None))
        session.execute(
            update(VisitRow).where(*here).values(ended_at=VisitRow.seen_at).execution_options(synchronize_session=False)
        )
