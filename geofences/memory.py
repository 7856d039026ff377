"""What one runner remembers of its devices between flushes: last fixes in columns, the tracks of busy ones, and lately heard fixes.

Owns how the three are kept in step: a device is quiet (columns only) or awake (a `TrackState` as well). Pure: no database and
no clock. Must not detect anything itself.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from geofences.columns import FixColumns, Ints, empty, joined, of_samples
from geofences.history import History
from geofences.index import FenceIndex
from geofences.live import Fixes, LiveDevices
from geofences.track import RECENT_SAMPLES, Key, Sample, TrackRules, TrackState


@dataclass(slots=True)
class Work:
    """What must be done with some fixes, by device number: samples `for_rules`, samples that are `overdue`; `taken` is to be remembered."""

    for_rules: dict[int, list[Sample]] = field(default_factory=dict[int, list[Sample]])
    overdue: dict[int, list[Sample]] = field(default_factory=dict[int, list[Sample]])
    taken: FixColumns = field(default_factory=empty)


class Memory:
    """Device numbers are those of `live`."""

    def __init__(self, rules: TrackRules, history_fixes: int) -> None:
        self._rules = rules
        self.live = LiveDevices()
        self.history = History(history_fixes)
        self._history_fixes = history_fixes
        self.states: dict[int, TrackState] = {}

    def recall(
        self, states: Mapping[Key, TrackState], lately: Sequence[FixColumns], decided_s: Mapping[Key, float], cut_s: float = -math.inf
    ) -> list[int]:
        """Of devices that are another's until now: committed states, what the log still holds (not whole before `cut_s`), and the newest
        time at which anything was decided of each. The numbers of the devices that have a state."""
        self.history.begins_s = max(self.history.begins_s, cut_s)
        together = joined([(columns, self.live.numbers(columns.keys)) for columns in lately])
        if len(together):
            if len(together) + max(map(len, lately)) >= self._history_fixes:  # more was there than is kept
                self.history.begins_s = float(lately[0].at_s.max(initial=-np.inf))
            order = np.lexsort((together.at_s, together.key_no))
            in_time = together.take(order)
            self.live.pass_by(_fixes(in_time))
            self.history.append(in_time, in_time.key_no)
        for key, at_s in decided_s.items():
            no = self.live.number(key)
            self.live.settle(no, None, max(at_s, float(self.live.floor_s[no])), busy=False)
        numbers: list[int] = []
        for key, state in states.items():
            no = self.live.number(key)
            self.states[no] = state
            if state.last is None and math.isfinite(state.floor_s):
                heard = self.history.recent(no, RECENT_SAMPLES, state.floor_s - self._rules.forget_s)
                state.recent = [s for s in heard if s.at_s <= state.floor_s]
                state.last = state.recent[-1] if state.recent else None
            self.live.settle(no, state.last, max(state.floor_s, state.fired_s), busy=not state.quiet)
            numbers.append(no)
        return numbers

    def take_in(self, ready: FixColumns, fences: FenceIndex) -> Work:
        """Sort out fixes (by device and time; `key_no` are device numbers). What may pass by has passed by afterwards."""
        if not len(ready):
            return Work()
        overdue = self.live.overdue(_fixes(ready))
        work = Work()
        if overdue.any():
            work.overdue = self._overdue(ready.take(overdue), fences)
            ready = ready.take(~overdue)
            if work.overdue:
                # a queue that begins too late is told as a whole: its end alone would be another story, to be taken back at once
                theirs = np.isin(ready.key_no, list(work.overdue))
                for no, samples in _by_device(ready.take(theirs)).items():
                    work.overdue[no] += self.unknown(no, samples)
                ready = ready.take(~theirs)
        fixes = _fixes(ready)
        for_rules = self.live.for_rules(fixes, fences, self._rules)
        self.live.pass_by(fixes.take(~for_rules))
        if for_rules.any():
            work.for_rules = _by_device(ready.take(for_rules))
        work.taken = ready
        return work

    def _overdue(self, late: FixColumns, fences: FenceIndex) -> dict[int, list[Sample]]:
        """Of fixes that come too late, those that may change what was told; the others are only remembered.

        Nothing is changed by one of a quiet device, from after it became quiet, that hits no fence, and on whose ways, from the fix before
        it and to the fix after it, there is none: in its own time it would have passed by.
        """
        point_no, _ = fences.locate(late.lat_deg, late.lon_deg)
        hits = set(point_no.tolist())
        heard: dict[int, list[tuple[float, float, float, float]]] = {}
        new: dict[int, list[int]] = {}
        suspect: set[int] = set()
        legs: list[tuple[float, float, float, float]] = []
        whose: list[int] = []
        max_gap_s = self._rules.presence.crossed_max_gap_s
        there = zip(*(c.tolist() for c in (late.at_s, late.reported_s, late.lat_deg, late.lon_deg)), strict=True)
        for row, (no, place) in enumerate(zip(late.key_no.tolist(), there, strict=True)):
            known = heard.get(no)
            if known is None:
                known = heard[no] = self.history.positions(no, place[0] - self._rules.forget_s)
            at = bisect_left(known, place)
            if at < len(known) and known[at] == place:
                continue  # sent again
            known.insert(at, place)
            new.setdefault(no, []).append(row)
            if self.live.busy[no] or row in hits or place[0] <= self.live.quiet_s[no]:
                suspect.add(no)
            for a, b in pairwise(known[max(0, at - 1) : at + 2]):
                if b[0] - a[0] <= max_gap_s:
                    legs.append((a[2], a[3], b[2], b[3]))
                    whose.append(no)
        if legs:
            crossing = fences.may_cross(*np.array(legs, dtype=np.float64).T)
            suspect.update(no for no, may in zip(whose, crossing.tolist(), strict=True) if may)
        harmless = [row for no, rows in new.items() if no not in suspect for row in rows]
        if harmless:
            some = late.take(np.array(harmless))
            self.history.append(some, some.key_no)
        return {no: self.unknown(no, late.samples(rows)) for no, rows in new.items() if no in suspect}

    def unknown(self, no: int, samples: Sequence[Sample]) -> list[Sample]:
        """Those samples that are not remembered: the same fix sent again is not late, it is known."""
        known = {s.id for s in self.history.samples(no, min(s.at_s for s in samples) - 1.0)} if samples else set[str]()
        return [s for s in samples if s.id not in known]

    def awake(self, no: int) -> TrackState:
        """The device's track, with what it did while it was quiet."""
        state = self.states.get(no)
        if state is None:
            # marks of it must not say that nothing was remembered at a time when something was
            state = self.states[no] = TrackState(fired_s=float(self.live.quiet_s[no]))
        at_s = float(self.live.at_s[no])
        if not self.live.busy[no] and math.isfinite(at_s) and (state.last is None or state.last.at_s < at_s):
            recent = self.history.recent(no, RECENT_SAMPLES, at_s - self._rules.forget_s)
            if recent:
                state.recent, state.last = recent, recent[-1]
                state.floor_s = at_s
                state.floor_ids = tuple(s.id for s in recent if s.at_s == at_s)
        return state

    def remember(self, work: Work) -> None:
        """The fixes of `work` are now part of what was heard."""
        self.history.append(work.taken, work.taken.key_no)

    def put_late(self, no: int, late: Sequence[Sample]) -> None:
        """Late fixes are part of what was heard as well."""
        columns = of_samples({self.live.keys[no]: late})
        self.history.append(columns, np.full(len(columns), no, dtype=np.int64))

    def settle(self, no: int, wake_s: float | None) -> float | None:
        """After the rules: keep the track or only its last fix; when (event time) to look at the device again."""
        state = self.states[no]
        floor_s = max(state.floor_s, state.fired_s)
        self.live.settle(no, state.last, floor_s, busy=not state.quiet)
        if not state.quiet:
            return wake_s
        del self.states[no]
        return None

    def forget(self, no: int) -> None:
        """Nothing is remembered of this device any more."""
        self.states.pop(no, None)
        self.history.forget(no)
        self.live.settle(no, None, float(self.live.floor_s[no]), busy=False)
        self.live.lat_deg[no] = self.live.lon_deg[no] = math.nan

    def hand_over(self, nos: Sequence[int]) -> None:
        """These devices are another's from now on: as if nothing had ever been heard of them."""
        for no in nos:
            self.states.pop(no, None)
            self.history.forget(no)
        self.live.reset(nos)

    def heard(self, no: int, since_s: float) -> list[Sample] | None:
        """All that was heard of a device at or after `since_s`; None where that is no longer known."""
        return None if self.history.reaches_back_s(no) > since_s else self.history.samples(no, since_s)


def _fixes(columns: FixColumns) -> Fixes:
    return Fixes(columns.key_no, columns.at_s, columns.lat_deg, columns.lon_deg, columns.accuracy_m)


def _by_device(columns: FixColumns) -> dict[int, list[Sample]]:
    """Samples by device number; `columns` are sorted by it."""
    samples, nos = columns.samples(), columns.key_no
    if not len(nos):
        return {}
    starts: Ints = np.flatnonzero(np.r_[True, nos[1:] != nos[:-1]])
    ends = [*starts[1:].tolist(), len(samples)]
    return {int(nos[a]): samples[a:b] for a, b in zip(starts.tolist(), ends, strict=True)}
