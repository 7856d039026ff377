"""Before a moment is told, the way that led to it is judged: graded by itself, and looked for among the ways told before.

Owns the doubts this adds to transitions, and the keeping of prints. Must not lower or raise a level: `geofences.trust` does, from doubts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.clock import from_epoch_s
from app.security.sealing import derived_key
from geofences import trust
from geofences.spoofing.calibration import shipped
from geofences.spoofing.grading import LONGEST_S, MOST_FIXES, grade
from geofences.spoofing.models import MotionPrintRow
from geofences.spoofing.motion import Motion, motion_of, stretches
from geofences.spoofing.prints import ENOUGH, Print, prints
from geofences.spoofing.prints import MOST_FIXES as MOST_PRINTED
from geofences.track_state import Key, Sample
from geofences.transitions import Transition, TransitionKind

Heard = Callable[[Key, float, int], Sequence[Sample]]
"""(whose, since when in epoch seconds, at most how many) -> the newest fixes, in order of time."""

SAME_TIME_S = 600.0
"""Told by the same shopper for about the same time, a way is the same way: two apps of one phone, a queue sent again."""
_JUDGED = frozenset({TransitionKind.ENTERED, TransitionKind.DWELLED})
_LEAST = 20
_BATCH = 500
_COLUMNS = ("value", "device_id", "shopper_id", "at")


def judged(session: Session, transitions: Sequence[Transition], heard: Heard) -> list[Transition]:
    """The same transitions with the doubts of their ways; prints of ways that began a visit are kept."""
    ways: dict[tuple[Key, float], Motion] = {}
    for t in transitions:
        key = Key(t.shopper_id, t.device_id)
        if t.kind in _JUDGED and (key, t.decided_s) not in ways:
            way = _way(heard(key, t.decided_s - LONGEST_S, MOST_PRINTED), t.decided_s)
            if len(way) >= _LEAST:
                ways[key, t.decided_s] = way
    if not ways:
        return list(transitions)
    found = {of: prints(way, _keyed()) for of, way in ways.items()}
    doubts = {of: {doubt for doubt, strength in _grades(way) if strength >= trust.SUSPECT} for of, way in ways.items()}
    for of in _told_before(session, found):
        doubts[of].add(trust.REPLAYED)
    _keep(session, transitions, found)
    out: list[Transition] = []
    for t in transitions:
        more = doubts.get((Key(t.shopper_id, t.device_id), t.decided_s)) if t.kind in _JUDGED else None
        out.append(replace(t, doubts=tuple(sorted({*t.doubts, *more}))) if more else t)
    return out


def _way(samples: Sequence[Sample], until_s: float) -> Motion:
    """The unbroken way up to then, of what is known to the metre."""
    precise = motion_of(s for s in samples if s.at_s <= until_s and not s.coarse)
    pieces = stretches(precise, most=MOST_PRINTED + 1, longest_s=LONGEST_S)
    return pieces[-1] if pieces else motion_of(())


def _grades(way: Motion) -> tuple[tuple[str, float], ...]:
    return grade(way.part(max(0, len(way) - MOST_FIXES), len(way)), shipped().weights).grades


def _keyed() -> Callable[[bytes], int]:
    key = derived_key("motion_print", 0)
    return lambda data: int.from_bytes(hashlib.blake2b(data, key=key, digest_size=8).digest(), "big", signed=True)


def _told_before(session: Session, found: dict[tuple[Key, float], list[Print]]) -> list[tuple[Key, float]]:
    """Which of these ways share enough prints with one that somebody else told, or that she told for another time."""
    values = {p.value for some in found.values() for p in some}
    if not values:
        return []
    known: dict[int, list[tuple[str, float]]] = {}
    columns = select(MotionPrintRow.value, MotionPrintRow.shopper_id, MotionPrintRow.at)
    ordered = sorted(values)
    for start in range(0, len(ordered), _BATCH):
        some = columns.where(MotionPrintRow.value.in_(ordered[start : start + _BATCH]))
        for value, shopper_id, told_at in session.execute(some):
            known.setdefault(value, []).append((shopper_id, told_at.timestamp()))

    def again(of: Key, one: Print) -> bool:
        return any(who != of.shopper_id or abs(then - one.at_s) > SAME_TIME_S for who, then in known.get(one.value, ()))

    return [(key, until_s) for (key, until_s), some in found.items() if sum(again(key, p) for p in some) >= ENOUGH]


def _keep(session: Session, transitions: Sequence[Transition], found: dict[tuple[Key, float], list[Print]]) -> None:
    rows: dict[tuple[int, str], tuple[object, ...]] = {}
    for t in transitions:
        if t.kind is TransitionKind.ENTERED:
            for one in found.get((Key(t.shopper_id, t.device_id), t.decided_s), ()):
                rows.setdefault(
                    (one.value, t.device_id), (one.value, t.device_id, t.shopper_id, from_epoch_s(one.at_s))
                )
    insert_many(session, MotionPrintRow, _COLUMNS, list(rows.values()), unique=("value", "device_id"))
