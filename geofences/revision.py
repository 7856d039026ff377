"""Telling a track again when a fix came too late: what was said that is not so, what is so and was not said.

Owns the comparison. The track is run twice from the same mark (`geofences.checkpoints`), once with what was known and once
with the late fixes too, by the same `advance_many` as ever; the difference is what the late fixes change, and nothing else is
touched. Ids are deterministic, so it is a difference of sets. Pure. It must not store or announce anything.

    known fixes ──────────┐
                          ├─> story before ─┐
    mark ─────────────────┤                 ├─> told now, retracted, visits that changed
                          ├─> story after ──┘
    known + late fixes ───┘
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from geofences.checkpoints import Checkpoint, before, copied
from geofences.index import FenceIndex
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many, next_wake_s, recent_of
from geofences.transitions import Presence, PresenceMachine, Transition, TransitionKind
from geofences.visits import Visit, fold

History = Callable[[float], Sequence[Sample] | None]
"""since_s -> every fix of the track at or after `since_s` that was taken in, in order of time; None where that is no longer known.
The late ones themselves may be among them, and must be from the next revision on."""

Told = Callable[[], Iterable[tuple[float, float]]]
"""(started, newest decision) of every visit told of the track that may reach into the window, event time; inf while it is open."""

FAR_S = 7200.0
"""A mark further back is used only if no time nearer is known at which nothing was remembered."""
SETTLED_S = 3600.0
"""Undecided evidence of a stay is older than this only if it came to a visit."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What late fixes change. `told` and `retracted` are in order of event time; `visits` were told before and are otherwise now.

    `state` replaces the one that was revised, `wake_s` is when (event time) to look at it again. `dropped` late fixes could not be used: older than the window or than what is remembered.
    """

    state: TrackState
    told: tuple[Transition, ...] = ()
    retracted: tuple[Transition, ...] = ()
    visits: tuple[Visit, ...] = ()
    retracted_visits: tuple[str, ...] = ()
    dropped: int = 0
    wake_s: float | None = None

    @property
    def changes(self) -> bool:
        """Whether anything that was told, or could have been, is different now."""
        return bool(self.told or self.retracted or self.visits or self.retracted_visits)


@dataclass(frozen=True, slots=True)
class _Story:
    """One run from a mark: `transitions` by identity, with those of visits that were open at the mark."""

    state: TrackState
    transitions: dict[tuple[str, str, float, int], Transition]
    visits: dict[str, Visit]


@dataclass(frozen=True, slots=True)
class Case:
    """A track and the fixes that came too late for it. They must not have been taken in before: the caller knows duplicates by its history."""

    key: Key
    state: TrackState
    late: Sequence[Sample]
    history: History
    told: Told


@dataclass(frozen=True, slots=True)
class _Plan:
    """From which mark a case is told again, with what was known and with the late fixes too; `dropped` ones could not be used."""

    case: Case
    mark: Checkpoint
    known: list[Sample]
    both: list[Sample]
    dropped: int


def revise(
    key: Key,
    state: TrackState,
    late: Iterable[Sample],
    history: History,
    told: Told,
    *,
    watermark_s: float,
    fences: FenceIndex,
    rules: TrackRules,
) -> Revision:
    """`revise_many` for one track."""
    case = Case(key, state, list(late), history, told)
    return revise_many([case], watermark_s=watermark_s, fences=fences, rules=rules)[0]


def revise_many(
    cases: Sequence[Case], *, watermark_s: float, fences: FenceIndex, rules: TrackRules
) -> list[Revision]:
    """Work late fixes into tracks that have been advanced to `watermark_s`, each key once; a revision for each case, in their order.

    States are not changed: use those that are returned. The outcome is the one that in-order arrival would have had, as long as
    `history` reaches back (`TrackRules.history_s`); see docs/algorithms/detection.md for what holds beyond.
    """
    plans = {case.key: plan for case in cases if (plan := _plan(case, watermark_s, rules)) is not None}
    was = _run([(p, p.known) for p in plans.values()], watermark_s, fences, rules)
    now = _run([(p, p.both) for p in plans.values()], watermark_s, fences, rules)
    out: list[Revision] = []
    for case in cases:
        plan = plans.get(case.key)
        if plan is None:
            wake_s = next_wake_s(case.key, case.state, fences, rules)
            out.append(Revision(case.state, dropped=len(case.late), wake_s=wake_s))
            continue
        found = _difference(case.state, was[case.key], now[case.key])
        wake_s = next_wake_s(case.key, found.state, fences, rules)
        out.append(replace(found, dropped=plan.dropped, wake_s=wake_s))
    return out


def _plan(case: Case, watermark_s: float, rules: TrackRules) -> _Plan | None:
    """None where nothing can be done: all too old, or what was known then is forgotten."""
    state = case.state
    since_s = (watermark_s if math.isfinite(watermark_s) else state.floor_s) - rules.correction_window_s
    usable = [s for s in case.late if s.at_s >= since_s]
    if not usable:
        return None
    first_s = min(s.at_s for s in usable)
    mark = before(state.checkpoints, first_s)
    if mark is None or first_s - mark.floor_s > FAR_S:
        between = _mark_between(case.told(), first_s, case.history, rules)
        mark = between if mark is None or between.floor_s > mark.floor_s else mark
    heard = case.history(mark.floor_s - rules.forget_s)
    if heard is None:
        return None
    known = _known(state, heard, {s.id for s in usable})
    ids = {s.id for s in known}
    both = sorted([*known, *{s.id: s for s in usable if s.id not in ids}.values()])
    return _Plan(case, mark, known, both, len(case.late) - len(usable))


def _known(state: TrackState, found: Sequence[Sample], late_ids: set[str]) -> list[Sample]:
    """What had been worked in or waits to be: the history without the late fixes."""
    known = {s.id: s for s in found if s.id not in late_ids}
    for sample in state.buffer:
        known.setdefault(sample.id, sample)
    return sorted(known.values())


def _mark_between(
    told: Iterable[tuple[float, float]], first_s: float, history: History, rules: TrackRules
) -> Checkpoint:
    """The last time well before `first_s` at which nothing was remembered: no visit that was told was being decided, and after
    the one before a fix had said whether it lasted.
    """
    floor_s = first_s - SETTLED_S
    for started_s, decided_s in sorted(told, reverse=True):
        if started_s > floor_s or decided_s < floor_s - rules.presence.dormant_s:
            continue
        if decided_s >= floor_s or not any(
            decided_s < s.at_s <= floor_s and s.accuracy_m <= rules.presence.vague_m for s in history(decided_s) or ()
        ):
            floor_s = started_s - SETTLED_S
    return Checkpoint(floor_s, -math.inf, 0)


def _run(
    runs: Sequence[tuple[_Plan, list[Sample]]], watermark_s: float, fences: FenceIndex, rules: TrackRules
) -> dict[Key, _Story]:
    """Each plan's track from its mark over the samples beside it, all with one pass of the detector."""
    states: dict[Key, TrackState] = {}
    events: dict[Key, list[Sample]] = {}
    for plan, samples in runs:
        states[plan.case.key], events[plan.case.key] = _from_mark(plan, samples, rules)
    found: dict[Key, list[Transition]] = {key: [] for key in states}
    for t in advance_many(states, events, watermark_s, fences, rules)[0]:
        found[Key(t.shopper_id, t.device_id)].append(t)
    stories: dict[Key, _Story] = {}
    for plan, _ in runs:
        key, mark = plan.case.key, plan.mark
        several = sorted(found[key], key=lambda t: (t.decided_s, t.started_s, t.fence_id))
        machine = PresenceMachine(key.shopper_id, key.device_id, rules.presence)
        visits = fold({}, [t for p in mark.presences.values() for t in machine.told_of(p)])
        visits = fold(visits, [t for p in mark.dormant.values() for t in machine.told_of_dormant(p)])
        stories[key] = _Story(states[key], {_identity(t): t for t in several}, fold(visits, several))
    return stories


def _from_mark(plan: _Plan, samples: list[Sample], rules: TrackRules) -> tuple[TrackState, list[Sample]]:
    """The track as it was at the mark, and the samples after it."""
    mark, state = plan.mark, plan.case.state
    applied = [s for s in samples if s.at_s <= mark.floor_s]
    recent = recent_of(applied, rules)
    again = TrackState(
        presences=copied(mark.presences),
        dormant=copied(mark.dormant),
        last=recent[-1] if recent else None,
        recent=recent,
        floor_s=mark.floor_s,
        floor_ids=tuple(s.id for s in recent if s.at_s == mark.floor_s),
        fired_s=mark.fired_s,
        late=state.late,
        checkpoints=[m for m in state.checkpoints if m.floor_s <= mark.floor_s],
        weighed=mark.weighed,
    )
    return again, samples[len(applied) :]


def _identity(t: Transition) -> tuple[str, str, float, int]:
    """What makes a transition the same one in two runs."""
    if t.kind is TransitionKind.CROSSED:
        return (t.kind.value, t.fence_id, t.at_s, 0)
    return (t.kind.value, t.visit_id, 0.0, t.dwell_s if t.kind is TransitionKind.DWELLED else 0)


def _difference(state: TrackState, was: _Story, now: _Story) -> Revision:
    odd = {
        fence_id
        for fence_id in {*state.presences, *was.state.presences}
        if not _same(state.presences.get(fence_id), was.state.presences.get(fence_id))
    }
    for known, again in ((state.presences, now.state.presences), (state.dormant, now.state.dormant)):
        for fence_id in known.keys() & again.keys():
            if known[fence_id].told_as and known[fence_id].since_s == again[fence_id].since_s:
                name(now.state, fence_id, known[fence_id].since_s, known[fence_id].told_as)
    for fence_id in odd:  # the fence was changed since: what was told under its old shape stays
        now.state.presences.pop(fence_id, None)
        if fence_id in state.presences:
            now.state.presences[fence_id] = state.presences[fence_id]
    return Revision(
        state=now.state,
        told=tuple(t for i, t in now.transitions.items() if i not in was.transitions and t.fence_id not in odd),
        retracted=tuple(t for i, t in was.transitions.items() if i not in now.transitions and t.fence_id not in odd),
        visits=tuple(
            visit
            for visit_id, visit in now.visits.items()
            if visit_id in was.visits and visit != was.visits[visit_id] and visit.fence_id not in odd
        ),
        retracted_visits=tuple(i for i, v in was.visits.items() if i not in now.visits and v.fence_id not in odd),
    )


def name(state: TrackState, fence_id: str, since_s: float, visit_id: str) -> None:
    """The visit that began at `since_s` goes by `visit_id`, now and when the track is told again from a mark."""
    for presences in (
        state.presences,
        state.dormant,
        *(m.presences for m in state.checkpoints),
        *(m.dormant for m in state.checkpoints),
    ):
        presence = presences.get(fence_id)
        if presence is not None and presence.since_s == since_s:
            presence.told_as = visit_id


def _same(one: Presence | None, other: Presence | None) -> bool:
    if one is None or other is None:
        return one is other
    return (one.is_open, one.since_s, one.dwelled) == (other.is_open, other.since_s, other.dwelled)
