"""Visits from transitions: one stay, one visit.

Owns the fold of transitions into visits. Pure. It must not store or announce anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from geofences.index import FenceIndex
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Presence, Transition, TransitionKind, visit_id


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay; seconds since 1970. `ended_s` is None while open; `seen_s` is the last time it was known to last."""

    id: str
    shopper_id: str
    device_id: str
    fence_id: str
    started_s: float
    ended_s: float | None
    seen_s: float
    dwell_s: int
    confidence: float
    doubts: tuple[str, ...]


def fold(visits: dict[str, Visit], transitions: Iterable[Transition]) -> dict[str, Visit]:
    """Apply transitions to the visits by id (changed in place and returned). Applying the same transition twice changes nothing."""
    for t in transitions:
        if t.kind is TransitionKind.CROSSED:
            continue
        known = visits.get(t.visit_id)
        if known is None:
            known = Visit(
                t.visit_id,
                t.shopper_id,
                t.device_id,
                t.fence_id,
                t.started_s,
                None,
                t.started_s,
                0,
                t.confidence,
                t.doubts,
            )
        visits[t.visit_id] = replace(
            known,
            ended_s=t.ended_s if t.ended_s is not None else known.ended_s,
            seen_s=max(known.seen_s, t.at_s),
            dwell_s=max(known.dwell_s, t.dwell_s),
            confidence=max(known.confidence, t.confidence),
            doubts=tuple(sorted({*known.doubts, *t.doubts})),
        )
    return visits


def open_presences(state: TrackState) -> list[Presence]:
    return [p for p in state.presences.values() if p.is_open]


@dataclass(frozen=True, slots=True)
class Detected:
    """A whole track, detected: transitions as they happened and visits by start. Visits still open at the end have no end."""

    transitions: tuple[Transition, ...]
    visits: tuple[Visit, ...]
    late: int


def detect(key: Key, samples: Sequence[Sample], fences: FenceIndex, rules: TrackRules | None = None) -> Detected:
    """The live detector over a finished track: the watermark ends with the last fix, so what is open then stays open."""
    state = TrackState()
    if not samples:
        return Detected((), (), 0)
    end_s = max(s.at_s for s in samples)
    transitions, _ = advance_many({key: state}, {key: samples}, end_s, fences, rules or TrackRules())
    visits = fold({}, transitions)
    for p in open_presences(state):
        known = visits[visit_id(key.shopper_id, p.fence_id, p.since_s)]
        visits[known.id] = replace(
            known, seen_s=max(known.seen_s, p.last_in_s), dwell_s=max(known.dwell_s, int(p.last_in_s - p.since_s))
        )
    transitions.sort(key=lambda t: (t.decided_s, t.fence_id, t.at_s))
    return Detected(
        tuple(transitions), tuple(sorted(visits.values(), key=lambda v: (v.started_s, v.fence_id))), state.late
    )
