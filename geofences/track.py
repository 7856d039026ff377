"""The core: fixes of one device, in whatever order they came, into transitions in the order they happened.

Owns `advance`: events wait in the key's buffer until the watermark passes, then apply in event-time order, interleaved
with the key's own dwell and exit deadlines. The outcome depends on the set of events, never on arrival order, batching or
engine. A sample that comes after what it should have come before is *overdue*: it is set aside for `geofences.revision`.
Pure. It must not read a clock: `watermark_s` (event time, seconds since 1970) is the only "now".

What a runner may rely on (tests/geofences/test_track_state.py, TestPassBy): a sample that is not overdue, applied to a `quiet`
state, hitting no fence and crossing none, does exactly what `pass_by` does, and yields no transition and no wake-up.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from geofences import trust
from geofences.asking import Hit, locate, look_along, measure
from geofences.checkpoints import Checkpoint, keep, take
from geofences.geometry import haversine_m
from geofences.index import FenceIndex, kernel_name
from geofences.neighbours import Neighbours
from geofences.track_state import (
    DEFAULT_ACCURACY_M,
    RECENT_SAMPLES,
    Key,
    Sample,
    TrackRules,
    TrackState,
    pass_by,
    recent_of,
    revived,
)
from geofences.transitions import (
    Observation,
    Presence,
    PresenceMachine,
    Transition,
    inside_probability,
    log_odds,
    visit_id,
)

__all__ = [
    "DEFAULT_ACCURACY_M",
    "RECENT_SAMPLES",
    "Key",
    "Sample",
    "TrackRules",
    "TrackState",
    "advance",
    "advance_many",
    "next_wake_s",
    "pass_by",
    "recent_of",
    "revived",
]


ELSEWHERE_M = 250.0
"""A fix of which only a cell is left hit no fence: it counts as clearly outside of each, at least so far."""


def advance(
    state: TrackState,
    events: Iterable[Sample],
    watermark_s: float,
    fences: FenceIndex,
    key: Key,
    rules: TrackRules | None = None,
) -> tuple[TrackState, list[Transition], float | None]:
    """Take in `events`, apply what `watermark_s` has passed. Returns state (the same object), transitions, next wake-up (event time)."""
    outcome, wake = advance_many({key: state}, {key: events}, watermark_s, fences, rules or TrackRules())
    return state, outcome, wake[key]


def advance_many(
    states: Mapping[Key, TrackState],
    events: Mapping[Key, Iterable[Sample]],
    watermark_s: float,
    fences: FenceIndex,
    rules: TrackRules,
) -> tuple[list[Transition], dict[Key, float | None]]:
    """`advance` for many keys with one question to the index. `states` are changed in place; every key of `events` is in it.

    Samples that cannot be applied in order any more stand in `state.overdue` afterwards. Visits of fences that are no longer in
    `fences` end: after a change of fences, pass every state that remembers something once.
    """
    ready: list[tuple[Key, list[Sample]]] = []
    for key, state in states.items():
        _take_in(state, events.get(key, ()))
        due = [s for s in state.buffer if s.at_s <= watermark_s]
        state.buffer = state.buffer[len(due) :]
        ready.append((key, due))
    hits = locate([sample for _, due in ready for sample in due], fences)
    measure(ready, states, hits, fences)
    if kernel_name() == "numpy":  # the compiled kernel answers the exact question in less time than this takes
        look_along(ready, states, hits, fences, rules)
    outcome: list[Transition] = []
    wake: dict[Key, float | None] = {}
    neighbours = Neighbours(fences)
    at = 0
    for key, due in ready:
        track = _Track(key, states[key], fences, rules, neighbours)
        outcome += track.close_retired(watermark_s)
        for sample in due:
            outcome += track.apply(sample, hits[at])
            at += 1
        outcome += track.fire_until(watermark_s)
        wake[key] = track.wake_at()
    return outcome, wake


def _take_in(state: TrackState, events: Iterable[Sample]) -> None:
    events = list(events)
    if not events:
        return
    known = {s.id for s in state.recent}
    known.update(state.floor_ids)
    if state.buffer or state.overdue:
        known.update([s.id for s in state.buffer], [s.id for s in state.overdue])
    for sample in events:
        if sample.id in known:
            continue  # a duplicate changes nothing
        known.add(sample.id)
        if state.is_overdue(sample):
            state.late += 1
            state.overdue.append(sample)
        else:
            state.buffer.append(sample)
    state.buffer.sort()


def next_wake_s(key: Key, state: TrackState, fences: FenceIndex, rules: TrackRules) -> float | None:
    """Event time at which the watermark next matters to this track, None for never."""
    return _Track(key, state, fences, rules).wake_at()


class _Track:
    """One key being advanced."""

    def __init__(
        self, key: Key, state: TrackState, fences: FenceIndex, rules: TrackRules, neighbours: Neighbours | None = None
    ) -> None:
        self._key, self._state, self._fences, self._rules = key, state, fences, rules
        self._neighbours = neighbours or Neighbours(fences)
        self._machine = PresenceMachine(key.shopper_id, key.device_id, rules.presence)

    def close_retired(self, watermark_s: float) -> list[Transition]:
        """Fences that are gone take their visits with them, as of what was last heard."""
        presences = self._state.presences
        gone = sorted([f for f in presences if self._fences.number_of(f) is None])
        if not gone:
            return []
        at_s = watermark_s if math.isfinite(watermark_s) else max(presences[f].seen_s for f in gone)
        self._state.fired_s = max(self._state.fired_s, at_s)
        return [t for f in gone for t in self._machine.close_retired(presences.pop(f), at_s)]

    def apply(self, sample: Sample, hit: Hit) -> list[Transition]:
        """Deadlines before the sample, the sample, deadlines it has made due."""
        state = self._state
        out = self.fire_until(sample.at_s)
        before = take(state, sample.at_s)
        moved = self._moved_mps(sample)
        speed = self._speed_mps(sample, moved)
        accuracy_m = DEFAULT_ACCURACY_M if sample.coarse else sample.accuracy_m
        doubts = self._doubts(sample, accuracy_m, moved)
        here = {self._fences.fences[f].id: f for f in hit.fences}
        seen = partial(Observation, sample.at_s, accuracy_m=accuracy_m, speed_mps=speed, doubts=doubts)
        if state.dormant:
            out += self._wake(sample, here, seen)
        out += self._weigh(sample, hit, here, seen)
        out += self._ways_through(sample, hit, here, out, doubts)
        self._note(sample, before)
        return out + self.fire_until(sample.at_s)

    def _doubts(self, sample: Sample, accuracy_m: float, moved_mps: float | None) -> tuple[str, ...]:
        return trust.weigh(
            mocked=sample.mocked,
            accuracy_m=accuracy_m,
            age_s=sample.age_s,
            moved_mps=moved_mps,
            rules=self._rules.trust,
            sample=None if sample.coarse else sample,
            recent=[s for s in self._state.recent if not s.coarse],
        ).doubts

    def _note(self, sample: Sample, before: Checkpoint | None) -> None:
        """The sample is worked in; `before` is the mark that was due."""
        state = self._state
        if before is not None and state.presences:  # dormant ones are told of by the mark before them
            state.checkpoints = keep([*state.checkpoints, before], sample.at_s - self._rules.correction_window_s)
        if state.presences:
            state.weighed += 1
        state.note(sample, self._rules)

    def _weigh(
        self, sample: Sample, hit: Hit, here: Mapping[str, int], seen: Callable[..., Observation]
    ) -> list[Transition]:
        """Every fence that holds the fix or is remembered, larger places and open visits first."""
        out: list[Transition] = []
        presences = self._state.presences
        distances = {f: self._distance_m(f, sample, hit, here) for f in {*here, *presences}}
        alone = len(distances) < 2
        for fence_id in self._neighbours.in_order(presences, distances):
            observed = seen(distance_m=distances[fence_id])
            known = presences.get(fence_id)
            if known is not None and known.is_open:
                contested = not alone and self._neighbours.contested(fence_id, distances)
                after, found = self._machine.weigh(known, observed, contested=contested)
            else:
                after, found = self._weigh_closed(fence_id, known, observed, distances if not alone else None)
            out += found
            if after is None:
                presences.pop(fence_id, None)
            else:
                presences[fence_id] = after
        return out

    def _weigh_closed(
        self, fence_id: str, known: Presence | None, seen: Observation, distances: Mapping[str, float] | None
    ) -> tuple[Presence | None, list[Transition]]:
        """A fix for a fence without an open visit."""
        holder, parent_id, presences = None, "", self._state.presences
        if distances is not None:
            reach_m = self._rules.presence.rival_reach_m + 2 * seen.accuracy_m
            holder = self._neighbours.held_by(fence_id, presences, distances, reach_m)
            parent_id = self._parent_id(fence_id)
        if known is None:
            return self._machine.begin(fence_id, seen, held=holder is not None, parent_id=parent_id)
        known.parent_id = parent_id
        if holder is not None and holder.out_since_s is None:  # still next door: nothing has begun here
            known.first_s = known.since_s = seen.at_s
        return self._machine.weigh(known, seen, held=holder is not None)

    def _parent_id(self, fence_id: str) -> str:
        parent = self._neighbours.parent_of(fence_id, self._state.presences)
        if parent is None:
            return ""
        return parent.told_as or visit_id(self._key.shopper_id, parent.fence_id, parent.since_s)

    def _distance_m(self, fence_id: str, sample: Sample, hit: Hit, here: Mapping[str, int]) -> float:
        fence_no = self._fences.number_of(fence_id)
        assert fence_no is not None  # retired ones are closed already
        known = hit.distance_m.get(fence_no)
        if known is not None:
            return known
        return self._away_m(fence_no, sample, inside=fence_id in here)

    def _away_m(self, fence_no: int, sample: Sample, *, inside: bool) -> float:
        away_m = self._fences.distance_m(fence_no, sample.lat_deg, sample.lon_deg, inside)
        return max(ELSEWHERE_M, away_m) if sample.coarse else away_m

    def _wake(self, sample: Sample, here: Mapping[str, int], seen: Callable[..., Observation]) -> list[Transition]:
        """Visits closed for silence: what the first fix since says of them."""
        out: list[Transition] = []
        if sample.accuracy_m > self._rules.presence.vague_m and not here and not sample.coarse:
            return out
        for fence_id, dormant in sorted(self._state.dormant.items()):
            fence_no = self._fences.number_of(fence_id)
            if fence_no is not None:
                distance = self._away_m(fence_no, sample, inside=fence_id in here)
                out += self._machine.heard_leaving(dormant, seen(distance_m=distance))
        self._state.dormant = {}
        return out

    def fire_until(self, until_s: float) -> list[Transition]:
        """All deadlines up to `until_s`, in the order of their time."""
        out: list[Transition] = []
        state, presences = self._state, self._state.presences
        while presences:
            if len(presences) == 1:
                ((fence_id, presence),) = presences.items()
                due_s = self._machine.deadline_s(presence)
            else:
                due_s, _, fence_id = min((self._machine.deadline_s(p), -p.score, f) for f, p in presences.items())
                presence = presences[fence_id]
            if due_s > until_s:
                break
            state.fired_s = max(state.fired_s, due_s)
            held = False
            if len(presences) > 1 and not presence.is_open:
                holder = self._neighbours.held_by(fence_id, presences)
                held = holder is not None and holder.out_since_s is None
                presence.parent_id = self._parent_id(fence_id)
            after, found = self._machine.fire(presence, due_s, held=held)
            out += found
            if after is None:
                del presences[fence_id]
                if found and found[-1].why == "silent":
                    state.dormant[fence_id] = presence
        if not state.dormant:
            return out
        for fence_id in [f for f, p in state.dormant.items() if self._forget_s(p) <= until_s]:
            state.fired_s = max(state.fired_s, self._forget_s(state.dormant.pop(fence_id)))
        return out

    def _forget_s(self, dormant: Presence) -> float:
        return dormant.last_in_s + max(self._rules.presence.dormant_s, 2 * self._rules.presence.silence_s)

    def wake_at(self) -> float | None:
        """See `next_wake_s`."""
        times = [self._machine.deadline_s(p) for p in self._state.presences.values()]
        times += [self._forget_s(p) for p in self._state.dormant.values()]
        if self._state.buffer:
            times.append(self._state.buffer[0].at_s)
        return min(times) if times else None

    def _moved_mps(self, sample: Sample) -> float | None:
        """The least speed that explains the way from the last fix: accuracies are given the benefit of the doubt."""
        last = self._state.last
        if last is None:
            return None
        way = haversine_m(last.lat_deg, last.lon_deg, sample.lat_deg, sample.lon_deg)
        return max(0.0, way - last.accuracy_m - sample.accuracy_m) / max(1.0, sample.at_s - last.at_s)

    def _speed_mps(self, sample: Sample, moved_mps: float | None) -> float | None:
        """Reported speed where it says anything (0 and -1 are also sent for "unknown"), or the way since the last fix.

        A jump faster than anyone travels is no speed: one of the two fixes lies, and trust has noted it.
        """
        last = self._state.last
        recent = last is not None and sample.at_s - last.at_s <= self._rules.forget_s
        if moved_mps is not None and moved_mps > self._rules.trust.jump_mps:
            recent = False
        known = [v for v in (sample.speed_mps, moved_mps if recent else None) if v is not None and v > 0]
        return max(known) if known else None

    def _ways_through(
        self,
        sample: Sample,
        hit: Hit,
        here: Mapping[str, int],
        found: list[Transition],
        doubts: tuple[str, ...],
    ) -> list[Transition]:
        """Fences passed between two fixes without a fix inside: deep enough that the fixes' errors do not explain it."""
        last, rules = self._state.last, self._rules.presence
        if last is None or not 0 < sample.at_s - last.at_s <= rules.crossed_max_gap_s or last.coarse or sample.coarse:
            return []
        spoken_of = {*here, *self._state.presences}
        if found:
            spoken_of |= {t.fence_id for t in found}
        if hit.passing is not None and all(self._fences.fences[no].id in spoken_of for no in hit.passing):
            return []
        out: list[Transition] = []
        error_m = max(last.accuracy_m, sample.accuracy_m, rules.min_accuracy_m)
        for fence_no, depth_m in self._fences.crossed(
            last.lat_deg, last.lon_deg, sample.lat_deg, sample.lon_deg, spoken_of
        ):
            if depth_m < error_m / 2:
                continue
            fence_id = self._fences.fences[fence_no].id
            middle_s = (last.at_s + sample.at_s) / 2
            sure = log_odds(inside_probability(-depth_m, error_m, rules))
            out.append(self._machine.crossed(fence_id, middle_s, sample.at_s, sure, doubts))
        return out
