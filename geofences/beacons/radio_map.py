"""What every transmitter of a building sounds like everywhere in it, learned from walks with known positions.

Owns the learning and the shape of a map: for each transmitter and each cell of the plan a mean strength, its variance and a
rate of being heard. Pure numpy. It must not follow anybody: locating.py does. docs/algorithms/beacons.md has the reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RadioRules:
    """Thresholds of learning; set by cross-validation on the learning walks of one mall, see the page."""

    reach_m: float = 4.0
    """Width of the kernel that spreads what was heard at one spot to its surroundings."""
    trust_level: float = 1.0
    """How many sightings nearby weigh as much as the path-loss curve, for the mean strength."""
    trust_rate_s: float = 5.0
    """How many seconds of listening nearby weigh as much as the curve, for the rate."""
    decay: float = 2.0
    """Path-loss exponent."""
    near_m: float = 3.0
    """Closer than this the curve is flat: beacons hang overhead."""
    noise_db: float = 5.5
    doubt_db: float = 7.0
    """How wrong the curve is where nobody has listened: what was found on walks 10-60 m from any other."""
    listened_worth: float = 0.5
    """How much of a sighting a second of listening nearby is worth, as to that doubt."""
    offset_db: float = 6.0
    """How much transmitters differ in strength from each other."""
    floor_loss_db: float = 8.0
    """What one storey takes away, as a first guess; each transmitter's own value is learned."""
    unheard_db: float = 3.0
    """And a little more on floors where it was never heard."""
    min_walks: int = 2
    """A transmitter heard on fewer walks than this cannot be told from a passing phone."""
    silence_weight: float = 0.3
    """How far a transmitter's not being heard where one listened counts against its strength there."""
    spread_m: float = 24.0
    """How far from where it was heard best a transmitter may hang."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Cells a person may be in: square, `cell_m` wide, on the floors of one building, in metres of one common frame.

    `grid` is (columns, rows); cell k lies on floor `floor_no[k]` at column/row `at[k]`, its centre at `centre_m[k]`, and
    `weight[k]` says how usual it is to be there (1 for a way, less for what is not walked through).
    """

    floors: tuple[str, ...]
    cell_m: float
    origin_m: tuple[float, float]
    grid: tuple[int, int]
    floor_no: Ints
    at: Ints
    centre_m: Floats
    weight: Floats

    def grid_nos(self, floor_no: int, xy_m: Floats) -> Ints:
        """The number of the grid square of each position (N, 2)."""
        ij = np.floor((xy_m - np.asarray(self.origin_m)) / self.cell_m).astype(np.int64)
        ij = np.clip(ij, 0, np.asarray(self.grid) - 1)
        return (floor_no * self.grid[0] + ij[:, 0]) * self.grid[1] + ij[:, 1]

    def centres_of(self, grid_nos: Ints) -> Floats:
        """Metres of the middle of grid squares, floors left aside."""
        ij = np.stack([grid_nos // self.grid[1] % self.grid[0], grid_nos % self.grid[1]], axis=-1).astype(np.float64)
        return np.asarray(self.origin_m, np.float64) + (ij + 0.5) * self.cell_m


@dataclass(frozen=True, slots=True)
class Walk:
    """One calibration walk on one floor. `times_s` (N) rising and `xy_m` (N, 2): where it is known to have been; between them
    it went straight. `heard`: (at_s, transmitter, rssi_dbm), in order of time."""

    id: str
    floor: str
    times_s: Floats
    xy_m: Floats
    heard: tuple[tuple[float, str, float], ...]

    def at(self, times_s: Floats) -> Floats:
        """Positions (N, 2) at times."""
        return np.stack([np.interp(times_s, self.times_s, self.xy_m[:, i]) for i in (0, 1)], axis=-1)


@dataclass(frozen=True, slots=True)
class RadioMap:
    """M transmitters over C cells. `level_dbm` mean strength, `variance` of it (dB^2), `log_rate` of sightings a second."""

    plan: Plan
    transmitters: Mapping[str, int]
    level_dbm: Float32s
    variance: Float32s
    log_rate: Float32s
    total_rate: Float32s


@dataclass(slots=True)
class _Spots:
    """What one transmitter was heard like: one row per walked square. `level` is the mean strength of `count` sightings."""

    square: Ints
    floor_no: Ints
    xy_m: Floats
    level: Floats
    count: Floats


@dataclass(frozen=True, slots=True)
class _Curve:
    """Path-loss of one transmitter: where it hangs and how strong it is on each floor (dBm at 1 m)."""

    xy_m: Floats
    power_dbm: Floats
    power_variance: Floats
    home: int


@dataclass(slots=True)
class _Survey:
    """The walks as sums over grid squares."""

    squares: Ints
    listened_s: Floats
    spots: dict[str, _Spots] = field(default_factory=dict[str, _Spots])


def learn(plan: Plan, walks: Sequence[Walk], rules: RadioRules | None = None) -> RadioMap:
    """A map from walks on the plan's floors. Walks that heard nothing at all are left out: their radio may have been off."""
    rules = rules or RadioRules()
    survey = _summed(plan, walks, rules)
    names = sorted(survey.spots)
    curves = _fit_curves(plan, [survey.spots[n] for n in names], rules)
    level, unsure, heard, listened = _corrected(plan, survey, names, curves, rules)
    usual = _rate_by_level(plan, survey, names, level)
    if rules.silence_weight:
        curves = _hushed(plan, survey, names, curves, usual, rules)
        level, unsure, heard, listened = _corrected(plan, survey, names, curves, rules)
        usual = _rate_by_level(plan, survey, names, level)
    doubt = (
        np.stack([rules.doubt_db**2 + c.power_variance for c in curves]).astype(np.float32)
        if names
        else np.zeros((0, len(plan.floors)), np.float32)
    )
    variance = np.float32(rules.noise_db**2) + doubt[:, plan.floor_no] * unsure
    rate = (heard + np.float32(rules.trust_rate_s) * usual(level)) / (listened + np.float32(rules.trust_rate_s))
    return RadioMap(
        plan,
        {name: k for k, name in enumerate(names)},
        level,
        variance,
        np.log(rate).astype(np.float32),
        rate.sum(axis=0).astype(np.float32) if names else np.zeros(len(plan.floor_no), np.float32),
    )


def _summed(plan: Plan, walks: Sequence[Walk], rules: RadioRules) -> _Survey:
    number = {floor: i for i, floor in enumerate(plan.floors)}
    squares: list[Ints] = []
    heard: dict[str, list[tuple[Ints, Floats]]] = {}
    for walk in walks:
        if not walk.heard:
            continue
        floor_no = number[walk.floor]
        squares.append(plan.grid_nos(floor_no, walk.at(np.arange(walk.times_s[0], walk.times_s[-1], 0.5))))
        by_name: dict[str, list[tuple[float, float]]] = {}
        for at_s, name, rssi in walk.heard:
            if walk.times_s[0] <= at_s <= walk.times_s[-1]:
                by_name.setdefault(name, []).append((at_s, rssi))
        for name, rows in by_name.items():
            found = np.array(rows, dtype=np.float64)
            heard.setdefault(name, []).append((plan.grid_nos(floor_no, walk.at(found[:, 0])), found[:, 1]))
    visited, counts = (
        np.unique(np.concatenate(squares), return_counts=True) if squares else (np.zeros(0, np.int64),) * 2
    )
    survey = _Survey(visited, counts.astype(np.float64) * 0.5)
    for name, parts in heard.items():
        if len(parts) < rules.min_walks:
            continue
        square, inverse = np.unique(np.concatenate([p[0] for p in parts]), return_inverse=True)
        count = np.bincount(inverse).astype(np.float64)
        level = np.bincount(inverse, np.concatenate([p[1] for p in parts])) / count
        floor_no = square // (plan.grid[0] * plan.grid[1])
        survey.spots[name] = _Spots(square, floor_no, plan.centres_of(square), level, count)
    return survey


# -- the curve of each transmitter -----------------------------------------------------------------------------------


def _loss_db(xy_m: Floats, from_m: Floats, rules: RadioRules) -> Floats:
    """What the way takes away: (..., 2) against (..., 2)."""
    squared = ((xy_m - from_m) ** 2).sum(axis=-1) + rules.near_m**2
    return 5.0 * rules.decay * np.log10(squared)


def _fit_curves(plan: Plan, spots: Sequence[_Spots], rules: RadioRules) -> list[_Curve]:
    """Each transmitter's place and strength: the mean over candidate places, weighted by how well they explain the sightings.

    The strength all have in common is not known beforehand: it is taken from the fits, twice.
    """
    usual_dbm = -62.0
    curves: list[_Curve] = []
    for _ in range(3):
        curves = [_fit_curve(len(plan.floors), s, usual_dbm, rules) for s in spots]
        if curves:
            usual_dbm = float(np.mean([c.power_dbm[c.home] for c in curves]))
    return curves


def _fit_curve(floors: int, spots: _Spots, usual_dbm: float, rules: RadioRules) -> _Curve:
    """Weighted over candidate places *and* candidate floors: what is heard best from below may hang above, where nobody listened."""
    noise = 36.0  # dB^2 of one sighting about the curve
    loudest = spots.level >= np.quantile(spots.level, 0.8)
    weight = 10 ** ((spots.level[loudest] + 100) / 20) * spots.count[loudest]
    middle = (spots.xy_m[loudest] * weight[:, None]).sum(axis=0) / weight.sum()
    steps = np.arange(-rules.spread_m, rules.spread_m + 0.1, 3.0)
    places = middle + np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    over = spots.level + _loss_db(spots.xy_m[None, :, :], places[:, None, :], rules)  # (places, spots)
    apart = np.minimum(np.abs(np.arange(floors)[:, None] - np.arange(floors)), 2)
    guess = usual_dbm - rules.floor_loss_db * apart  # (homes, floors)
    power = np.broadcast_to(guess[None] - rules.unheard_db * (apart > 0)[None], (len(places), floors, floors)).copy()
    cost = np.repeat((((places - middle) ** 2).sum(axis=-1) / 15.0**2)[:, None], floors, axis=1)  # (places, homes)
    prior_weight = noise / rules.offset_db**2
    for floor_no in range(floors):
        here = spots.floor_no == floor_no
        if not here.any():
            continue
        count = spots.count[here]
        n = count.sum()
        worth = n / (1 + n / 20)  # sightings of one spot err together
        mean = (over[:, here] * count).sum(axis=1) / n
        within = ((over[:, here] - mean[:, None]) ** 2 * count).sum(axis=1) / n
        here_dbm = (worth * mean[:, None] + prior_weight * guess[None, :, floor_no]) / (worth + prior_weight)
        power[:, :, floor_no] = here_dbm
        left = within[:, None] + (mean[:, None] - here_dbm) ** 2
        cost += left * worth / noise + (here_dbm - guess[None, :, floor_no]) ** 2 / rules.offset_db**2
    likely = np.exp(-0.5 * (cost - cost.min()))
    likely /= likely.sum()
    mean_power = np.einsum("ph,phf->f", likely, power)
    spread = np.einsum("ph,phf->f", likely, (power - mean_power) ** 2)
    home = int(likely.sum(axis=0).argmax())
    return _Curve(likely.sum(axis=1) @ places, mean_power, spread, home)


def _hushed(
    plan: Plan, survey: _Survey, names: Sequence[str], curves: Sequence[_Curve], usual: _RateByLevel, rules: RadioRules
) -> list[_Curve]:
    """The curves with what was *not* heard: on floors where one listened and heard less than the strength would give, it is less."""
    floors = len(plan.floors)
    square_floor = survey.squares // (plan.grid[0] * plan.grid[1])
    where = plan.centres_of(survey.squares)
    shifts = np.arange(-30.0, 7.0, 3.0)
    out: list[_Curve] = []
    for name, curve in zip(names, curves, strict=True):
        spots, power = survey.spots[name], curve.power_dbm.copy()
        loss = _loss_db(where, curve.xy_m, rules)
        for floor_no in range(floors):
            here = square_floor == floor_no
            n = float(spots.count[spots.floor_no == floor_no].sum())
            worth = n / (1 + n / 20) + 36.0 / rules.offset_db**2
            levels = (power[floor_no] + shifts[:, None] - loss[None, here]).astype(np.float32)
            expected = np.maximum((usual(levels) * survey.listened_s[here]).sum(axis=1), 1e-6)
            likely = rules.silence_weight * (n * np.log(expected) - expected) - shifts**2 * worth / 72.0
            likely = np.exp(likely - likely.max())
            power[floor_no] += (likely * shifts).sum() / likely.sum()
        out.append(_Curve(curve.xy_m, power, curve.power_variance, curve.home))
    return out


# -- corrected by what was heard nearby ------------------------------------------------------------------------------


def _corrected(
    plan: Plan, survey: _Survey, names: Sequence[str], curves: Sequence[_Curve], rules: RadioRules
) -> tuple[Float32s, Float32s, Float32s, Float32s]:
    """Level, how unsure it is (0..1), sightings (M, C) and seconds of listening (C) about each cell, kernel-weighted."""
    cells, squares = len(plan.floor_no), len(survey.squares)
    count = np.zeros((squares, len(names)), np.float32)
    above = np.zeros((squares, len(names)), np.float32)
    level = np.zeros((len(names), cells), np.float32)
    for k, (name, curve) in enumerate(zip(names, curves, strict=True)):
        spots = survey.spots[name]
        rows = np.searchsorted(survey.squares, spots.square)
        rows = np.clip(rows, 0, squares - 1)
        expected = curve.power_dbm[spots.floor_no] - _loss_db(spots.xy_m, curve.xy_m, rules)
        np.add.at(count[:, k], rows, spots.count)
        np.add.at(above[:, k], rows, spots.count * (spots.level - expected))
        level[k] = curve.power_dbm[plan.floor_no] - _loss_db(plan.centre_m, curve.xy_m, rules)
    heard = np.zeros((len(names), cells), np.float32)
    listened = np.zeros(cells, np.float32)
    excess = np.zeros((len(names), cells), np.float32)
    square_floor = survey.squares // (plan.grid[0] * plan.grid[1])
    for floor_no in range(len(plan.floors)):
        rows, columns = square_floor == floor_no, plan.floor_no == floor_no
        near = _kernel(plan.centre_m[columns], plan.centres_of(survey.squares[rows]), rules.reach_m)
        heard[:, columns] = (near @ count[rows]).T
        excess[:, columns] = (near @ above[rows]).T
        listened[columns] = near @ survey.listened_s[rows].astype(np.float32)
    trust = np.float32(rules.trust_level)
    level += excess / (heard + trust)
    unsure = (trust / (heard + np.float32(rules.listened_worth) * listened + trust)).astype(np.float32)
    return level, unsure, heard, listened


def _kernel(cells_m: Floats, squares_m: Floats, reach_m: float) -> Float32s:
    """(cells, squares): 1 where they coincide, falling off with the distance."""
    a, b = cells_m.astype(np.float32) / reach_m, squares_m.astype(np.float32) / reach_m
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    near = np.exp(-0.5 * np.maximum(squared, 0))
    near[squared > 6.25] = 0  # beyond 2.5 widths
    return near


@dataclass(frozen=True, slots=True)
class _RateByLevel:
    """Sightings a second to expect of a transmitter whose mean strength somewhere is known; the same curve for all."""

    levels: Floats
    rates: Floats

    def __call__(self, level: Float32s) -> Float32s:
        return np.interp(level, self.levels, self.rates).astype(np.float32)


def _rate_by_level(plan: Plan, survey: _Survey, names: Sequence[str], level: Float32s) -> _RateByLevel:
    """Counted over the walks: how often transmitters of each expected strength were really heard. It never falls with strength."""
    edges = np.arange(-130.0, -39.0, 3.0)
    seconds, times = np.zeros(len(edges)), np.zeros(len(edges))
    cell_of = np.full(len(plan.floors) * plan.grid[0] * plan.grid[1], -1, np.int64)
    cell_of[(plan.floor_no * plan.grid[0] + plan.at[:, 0]) * plan.grid[1] + plan.at[:, 1]] = np.arange(
        len(plan.floor_no)
    )
    walked = cell_of[survey.squares]
    for k, name in enumerate(names):
        bins = np.clip(((level[k, walked] + 130) / 3).astype(np.int64), 0, len(edges) - 1)
        seconds += np.bincount(bins, survey.listened_s, len(edges))
        rows = np.clip(np.searchsorted(survey.squares, survey.spots[name].square), 0, len(bins) - 1)
        times += np.bincount(bins[rows], survey.spots[name].count, len(edges))
    rates = np.maximum.accumulate(np.maximum((times + 0.001) / (seconds + 1.0), 2e-5))
    return _RateByLevel(edges + 1.5, rates)


def plan_of(
    floors: Sequence[str],
    weights: Mapping[str, Floats],
    *,
    origin_m: tuple[float, float],
    grid: tuple[int, int],
    cell_m: float,
    walks: Sequence[Walk],
) -> Plan:
    """A plan from a weight per grid square and floor, (columns, rows), 0 where nobody can be; walked squares are always in."""
    columns, rows = grid
    full = np.stack([np.asarray(weights[f], np.float64) for f in floors])
    plan = Plan(tuple(floors), cell_m, origin_m, grid, *(np.zeros(0),) * 4)  # type: ignore[arg-type]
    for walk in walks:
        steps = np.arange(walk.times_s[0], walk.times_s[-1] + 0.25, 0.5)
        nos = plan.grid_nos(floors.index(walk.floor), walk.at(steps))
        full.reshape(-1)[nos] = 1.0
    floor_no, i, j = np.nonzero(full > 0)
    at = np.stack([i, j], axis=-1).astype(np.int64)
    centre = np.asarray(origin_m, np.float64) + (at.astype(np.float64) + 0.5) * cell_m
    return Plan(tuple(floors), cell_m, origin_m, (columns, rows), floor_no.astype(np.int64), at, centre, full[full > 0])
