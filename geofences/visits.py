"""Visits from transitions: one stay, one visit.

Owns the fold of transitions into visits. Pure. It must not store or announce anything.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from geofences.index import FenceIndex
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition, TransitionKind


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay; seconds since 1970. `ended_s` is None while open; `seen_s` is the last time it was known to last.

    `decided_s`: event time of the newest decision about it; a fix from before that comes late may change it.
    """

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
    ended_by: str | None = None
    decided_s: float = -math.inf
    parent_id: str = ""


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
                parent_id=t.parent_id,
            )
        visits[t.visit_id] = replace(
            known,
            ended_s=t.ended_s if t.ended_s is not None else known.ended_s,
            ended_by=t.why if t.ended_s is not None else known.ended_by,
            seen_s=max(known.seen_s, t.at_s),
            decided_s=max(known.decided_s, t.decided_s),
            dwell_s=max(known.dwell_s, t.dwell_s),
            confidence=t.confidence,
            doubts=tuple(sorted({*known.doubts, *t.doubts})),
        )
    return visits


@dataclass(frozen=True, slots=True)
class Detected:
    """A whole track, detected: transitions as they could be known, visits by start."""

    transitions: tuple[Transition, ...]
    visits: tuple[Visit, ...]
    late: int


def detect(key: Key, samples: Sequence[Sample], fences: FenceIndex, rules: TrackRules | None = None) -> Detected:
    """The live detector over a finished track. After the last fix the phone is silent, as it would be live: deadlines fire, visits end."""
    state = TrackState()
    transitions, _ = advance_many({key: state}, {key: samples}, math.inf, fences, rules or TrackRules())
    transitions.sort(key=lambda t: (t.decided_s, t.fence_id, t.at_s))
    visits = fold({}, transitions)
    return Detected(
        tuple(transitions), tuple(sorted(visits.values(), key=lambda v: (v.started_s, v.fence_id))), state.late
    )
