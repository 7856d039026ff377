"""Where somebody is on the plan, from what their phone hears: a belief over cells that moves and is corrected.

Owns one step of a hidden Markov model over the cells of a plan, and fixed-lag smoothing: what was believed of a moment may be looked at
again a stated time later, and never sees further than that. Pure numpy. It must not learn (radio_map.py does) nor know people.
Source: Rabiner 1989, "A tutorial on hidden Markov models", the forward and the backward recursion.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from geofences.beacons.radio_map import Float32s, Floats, RadioMap


@dataclass(frozen=True, slots=True)
class LocatorRules:
    """How far what is heard is believed; set by cross-validation, see docs/algorithms/beacons.md."""

    step_s: float = 2.5
    """The belief is moved on and corrected once in this time."""
    wander_m: float = 2.0
    """How far a person gets in a second, one standard deviation."""
    elsewhere: float = 1e-5
    """The chance in a step of being anywhere, any floor: lifts, and beliefs gone wrong."""
    temper: float = 0.9
    """Errors of a step have causes in common with those of the next: each step counts this much."""
    tail: float = 6.0
    """Degrees of freedom of the strengths' error: small is forgiving of outliers."""
    repeat: float = 0.5
    """n sightings of one transmitter in a step count as n to this power."""
    unhurried: float = 2.0
    """Phones scan at rates of their own: how many sightings' worth the usual rate is believed."""
    off_way: float = 0.5
    """What a step costs in a cell that is not a way (weight below 1)."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """`floor_share`: belief in the floor, 0..1; `radius_m`: holds 68 % of the belief on it. `heard`: transmitters of the map."""

    floor: str
    floor_share: float
    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Step:
    """`belief` (C,) at `end_s` with all that was heard until then, `likely` (C,) of what was heard in the step alone."""

    end_s: float
    belief: Float32s
    likely: Float32s


class Locator:
    """The steps over one map. Beliefs are arrays (C,) that sum to 1; they are never changed in place."""

    def __init__(self, radio: RadioMap, rules: LocatorRules | None = None) -> None:
        self._radio, self.rules = radio, rules or LocatorRules()
        plan = radio.plan
        by_floor = np.bincount(plan.floor_no, plan.weight, len(plan.floors))
        start = (
            plan.weight / np.maximum(by_floor, 1e-9)[plan.floor_no]
        )  # a large floor is not likelier than a small one
        self._start = (start / start.sum()).astype(np.float32)
        self._toll = np.where(plan.weight < 1, self.rules.off_way, 1.0).astype(np.float32)
        self._half_log_variance = 0.5 * np.log(radio.variance)
        self._square = (plan.floor_no * plan.grid[0] + plan.at[:, 0]) * plan.grid[1] + plan.at[:, 1]
        self._centre = plan.centre_m.astype(np.float32)

    @property
    def start(self) -> Float32s:
        """What is believed of somebody of whom nothing was heard."""
        return self._start

    def knows(self, transmitter: str) -> bool:
        return transmitter in self._radio.transmitters

    def moved(self, belief: Float32s, lasting_s: float) -> Float32s:
        """The belief after `lasting_s` in which nothing was heard."""
        after = self._spread(belief, lasting_s) * self._toll
        after /= max(float(after.sum()), 1e-30)
        return ((1 - self.rules.elsewhere) * after + self.rules.elsewhere * self._start).astype(np.float32)

    def _foretold(self, likely: Float32s, lasting_s: float) -> Float32s:
        """How likely, from each cell, is what comes `lasting_s` later, given how likely it is there: `moved` the other way (C,)."""
        before = (1 - self.rules.elsewhere) * self._spread(likely * self._toll, lasting_s)
        before += self.rules.elsewhere * float(likely @ self._start)
        return (before / max(float(before.max()), 1e-30)).astype(np.float32)

    def _spread(self, belief: Float32s, lasting_s: float) -> Float32s:
        plan, sd_m = self._radio.plan, self.rules.wander_m * math.sqrt(lasting_s)
        full = np.zeros(len(plan.floors) * plan.grid[0] * plan.grid[1], np.float32)
        full[self._square] = belief
        spread = full.reshape(len(plan.floors), *plan.grid)
        taps = np.arange(-math.ceil(2.5 * sd_m / plan.cell_m), math.ceil(2.5 * sd_m / plan.cell_m) + 1)
        kernel = np.exp(-0.5 * (taps * plan.cell_m / sd_m) ** 2)
        for axis in (1, 2):
            spread = _convolved(spread, taps, kernel / kernel.sum(), axis)
        return spread.reshape(-1)[self._square]

    def corrected(self, belief: Float32s, heard: Mapping[str, Sequence[float]], lasting_s: float) -> Float32s:
        """The belief after hearing, in a step of `lasting_s`, each transmitter at the given strengths (dBm); strangers say nothing."""
        return _whole(belief * self._likely(heard, lasting_s), self._start)

    def _likely(self, heard: Mapping[str, Sequence[float]], lasting_s: float) -> Float32s:
        """How likely what was heard is in each cell (C,), 1 in the likeliest."""
        rules, radio = self.rules, self._radio
        known = [
            (radio.transmitters[name], rssi) for name, rssi in heard.items() if name in radio.transmitters and rssi
        ]
        likely = np.zeros(len(self._start), np.float32)
        worth = 0.0
        for k, rssi in known:
            count = len(rssi) ** rules.repeat
            worth += count
            off = (np.float32(np.median(rssi)) - radio.level_dbm[k]) ** 2 / radio.variance[k]
            likely += count * radio.log_rate[k] - (rules.tail + 1) / 2 * np.log1p(off / rules.tail)
            likely -= self._half_log_variance[k]
        # a phone's own scanning rate is not known: the total is compared, not counted on (a gamma prior, integrated out)
        likely -= (worth + rules.unhurried) * np.log(radio.total_rate * lasting_s + rules.unhurried)
        likely *= rules.temper
        return np.exp(likely - likely.max())

    def whereabouts(self, belief: Float32s) -> Whereabouts:
        """The likeliest floor, and on it the point nearest to all of the belief (geometric median)."""
        plan = self._radio.plan
        shares = np.bincount(plan.floor_no, belief, len(plan.floors))
        floor_no = int(shares.argmax())
        here = np.flatnonzero((plan.floor_no == floor_no) & (belief > 1e-4 * belief.max()))
        weight: Floats = belief[here].astype(np.float64)
        weight /= weight.sum()
        points: Floats = self._centre[here].astype(np.float64)
        point = weight @ points
        for _ in range(12):
            pull = weight / np.maximum(np.hypot(points[:, 0] - point[0], points[:, 1] - point[1]), 0.5)
            point = (pull / pull.sum()) @ points
        far = np.hypot(points[:, 0] - point[0], points[:, 1] - point[1])
        order = np.argsort(far)
        within = np.searchsorted(np.cumsum(weight[order]), 0.68)
        radius_m = float(far[order][min(int(within), len(far) - 1)])
        return Whereabouts(plan.floors[floor_no], float(shares[floor_no]), float(point[0]), float(point[1]), radius_m)

    def steps(self, heard: Iterable[tuple[float, str, float]], from_s: float, count: int) -> Iterable[Step]:
        """Step after step from `from_s`: nothing heard later is used. `heard` is in order of time."""
        rows = sorted(heard)
        times = np.array([r[0] for r in rows])
        belief = self._start
        for number in range(count):
            begin_s = from_s + number * self.rules.step_s
            end_s = begin_s + self.rules.step_s
            now: dict[str, list[float]] = {}
            for _, name, rssi in rows[slice(*np.searchsorted(times, [begin_s, end_s]))]:
                now.setdefault(name, []).append(rssi)
            if number:
                belief = self.moved(belief, self.rules.step_s)
            likely = self._likely(now, self.rules.step_s)
            belief = _whole(belief * likely, self._start)
            yield Step(end_s, belief, likely)

    def in_hindsight(self, step: Step, after: Sequence[Step]) -> Float32s:
        """The belief at the end of `step`, weighed with how well it foretells what was heard in the steps after it (C,)."""
        foretold: Float32s | None = None
        for later in reversed(after):
            foretold = self._foretold(later.likely if foretold is None else later.likely * foretold, self.rules.step_s)
        return step.belief if foretold is None else _whole(step.belief * foretold, step.belief)

    def follow(
        self, heard: Iterable[tuple[float, str, float]], from_s: float, count: int, later_steps: int = 0
    ) -> Iterable[tuple[float, Whereabouts]]:
        """The time each step ends and what is believed of it `later_steps` steps later (fewer at the end)."""
        waiting: deque[Step] = deque()
        for step in self.steps(heard, from_s, count):
            waiting.append(step)
            if len(waiting) > later_steps:
                yield self._told(waiting)
        while waiting:
            yield self._told(waiting)

    def _told(self, waiting: deque[Step]) -> tuple[float, Whereabouts]:
        step = waiting.popleft()
        return step.end_s, self.whereabouts(self.in_hindsight(step, tuple(waiting)))


def _whole(belief: Float32s, otherwise: Float32s) -> Float32s:
    """The belief made to sum to 1; `otherwise` where nothing is left of it."""
    total = float(belief.sum())
    return (belief / total).astype(np.float32) if total > 0 else otherwise


def _convolved(full: Float32s, taps: np.ndarray, kernel: np.ndarray, axis: int) -> Float32s:
    """Spread along one axis; what would leave the plan is lost (the belief is made whole again by the caller)."""
    out = np.zeros_like(full)
    length = full.shape[axis]
    for tap, share in zip(taps.tolist(), kernel.tolist(), strict=True):
        source, target = [slice(None)] * 3, [slice(None)] * 3
        source[axis] = slice(max(0, -tap), length - max(0, tap))
        target[axis] = slice(max(0, tap), length - max(0, -tap))
        out[tuple(target)] += np.float32(share) * full[tuple(source)]
    return out
