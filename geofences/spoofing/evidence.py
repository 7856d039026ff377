"""What a piece of motion looks like, in numbers that physics binds and spoofers forget.

Owns the features of a stretch of fixes and the three plain signs (frozen, carried off, ruled). Pure. What they weigh is said by
`grading`; docs/algorithms/spoofing.md explains each. A receiver's error wanders over minutes and follows its claimed accuracy, people
brake and turn: white noise about a plan does none of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geofences.spoofing.motion import Floats, Motion

LEAST_FIXES = 32
"""Fewer fixes say nothing about noise."""
FEATURES = (
    "lag_growth",
    "lag_growth_squared",
    "far_lag_growth",
    "evenness",
    "white_lag_1",
    "white_lag_2",
    "noise_to_claim",
    "noise_size",
    "line_excess",
    "pace_spread",
    "speed_told_exactly",
    "speed_told_flat",
    "calm_share",
    "white",
    "white_often",
    "steady_pace",
    "beyond_claim",
    "on_a_line",
)


@dataclass(frozen=True, slots=True)
class PlainRules:
    """The plain signs. Frozen: the share of fixes at one place and for how long. Carried off: further than `far_m`, faster than `jump_mps`,
    or harder than `pull_mps2` from slow to slow. Ruled: so near to a straight line at constant speed (root mean square), that far."""

    frozen_share: float = 0.9
    frozen_s: float = 120.0
    frozen_fixes: int = 20
    far_m: float = 1_000.0
    jump_mps: float = 90.0
    pull_mps2: float = 12.0
    ruled_m: float = 0.2
    ruled_way_m: float = 15.0
    ruled_fixes: int = 16


def frozen(motion: Motion, rules: PlainRules) -> float:
    """The share of the fixes that stand at the middlemost position, to the last bit; 0 while it is too short to tell."""
    if len(motion) < rules.frozen_fixes or motion.at_s[-1] - motion.at_s[0] < rules.frozen_s:
        return 0.0
    # whoever holds nine tenths holds the middle of each axis
    lat, lon = np.partition(motion.lat_deg, len(motion) // 2), np.partition(motion.lon_deg, len(motion) // 2)
    middle = len(motion) // 2
    here = (motion.lat_deg == lat[middle]) & (motion.lon_deg == lon[middle])
    return float(here.mean())


def carried_off(motion: Motion, rules: PlainRules) -> bool:
    """Somebody who was here for some fixes is far away for the next ones, and nobody travels like that."""
    if len(motion) < 6:
        return False
    east, north = motion.plane()
    way, took = np.hypot(np.diff(east), np.diff(north)), np.maximum(np.diff(motion.at_s), 1.0)
    net = way - 2 * (motion.accuracy_m[1:] + motion.accuracy_m[:-1])
    for i in np.flatnonzero(net > rules.far_m).tolist():
        before, after = slice(max(0, i - 3), i + 1), slice(i + 1, i + 5)
        if i < 2 or len(east[after]) < 3:
            continue
        stayed = np.hypot(
            np.median(east[after]) - np.median(east[before]), np.median(north[after]) - np.median(north[before])
        )
        if stayed < 0.7 * way[i]:
            continue  # a wild fix or two; the phone was back at once
        around = max(float(np.median((way / took)[max(0, i - 3) : i])), float(np.median((way / took)[i + 1 : i + 4])))
        mps = net[i] / took[i]
        if mps > rules.jump_mps or (mps > 4 * around and 4 * net[i] / took[i] ** 2 > rules.pull_mps2):
            return True
    return False


def ruled(motion: Motion, rules: PlainRules) -> bool:
    """Along a ruler at constant speed, closer than any receiver can tell and longer than anybody walks or drives so."""
    starts = range(0, len(motion) - rules.ruled_fixes + 1, rules.ruled_fixes)
    pieces = [motion.part(i, i + rules.ruled_fixes) for i in starts]
    if not pieces or (not _is_ruled(pieces[0], rules) and not _is_ruled(pieces[len(pieces) // 2], rules)):
        return False  # nearly everybody goes here
    return 2 * sum(_is_ruled(piece, rules) for piece in pieces) > len(pieces)


def _is_ruled(motion: Motion, rules: PlainRules) -> bool:
    east, north = motion.plane()
    way = float(np.hypot(east[-1] - east[0], north[-1] - north[0]))
    most_m = max(rules.ruled_m, 1e-4 * way)  # a line on the globe is none on the plane
    return way >= rules.ruled_way_m and _line_miss_m(motion.at_s, east, north) <= most_m


def _line_miss_m(at_s: Floats, east: Floats, north: Floats) -> float:
    """Root mean square by which the way misses the straight line at constant speed that it misses least."""
    since = at_s - at_s.mean()
    square = float((since**2).sum())
    if square == 0:
        return float("inf")
    miss = 0.0
    for axis in (east, north):
        off = axis - axis.mean()
        off = off - since * (float((since * off).sum()) / square)
        miss += float((off**2).mean())
    return float(np.sqrt(miss))


_FLOOR_M = 0.05
"""Below this, differences are rounding."""


def features(motion: Motion) -> Floats | None:
    """The numbers named by `FEATURES`, each bounded; None for too few fixes, or for somebody who rests without noise to look at."""
    if len(motion) < LEAST_FIXES:
        return None
    east, north = motion.plane()
    at_s = motion.at_s
    off_1, off_2, off_4 = (_off_chord(at_s, east, north, lag) for lag in (1, 2, 4))
    size_1, size_2, size_4 = (float(np.median(np.hypot(*off))) + _FLOOR_M for off in (off_1, off_2, off_4))
    near = np.hypot(*off_1)
    rms = float(np.sqrt((near**2).mean())) + _FLOOR_M
    if rms < 4 * _FLOOR_M:
        return None
    step_s = np.maximum(np.diff(at_s), 0.1)
    pace = np.hypot(np.diff(east), np.diff(north)) / step_s
    usual = float(np.median(pace))
    spread = float(np.median(np.abs(pace - usual))) / (usual + 0.1)
    growth = np.log(size_2 / size_1)
    exactly, flat = _told_speed(motion.speed_mps[1:], pace)
    line = _line_miss_m(at_s, east, north) + _FLOOR_M
    excess, way = np.log(line / rms), float(np.hypot(east[-1] - east[0], north[-1] - north[0]))
    even = np.log(size_1 / rms)
    lag_1, lag_2 = _correlation(off_1, 1) + 2 / 3, _correlation(off_1, 2) - 1 / 6
    claim = np.log(size_1 / max(1.0, float(np.median(motion.accuracy_m))))
    # what 128 fixes of white noise give, one standard deviation each
    white = np.exp(
        -0.5 * ((growth / 0.15) ** 2 + ((even + 0.17) / 0.1) ** 2 + (lag_1 / 0.1) ** 2 + (lag_2 / 0.12) ** 2)
    )
    values = (
        growth,
        growth**2,
        np.log(size_4 / size_2),
        even,
        lag_1**2,
        lag_2**2,
        claim,
        np.log(size_1),
        excess,
        np.log(spread + 0.02),
        exactly,
        flat,
        float((near < 0.25 * size_1).mean()),
        white,
        white * min(1.0, 2.0 / float(np.median(step_s))),
        -1.5 - np.log(spread + 0.02),
        claim,
        float(np.clip(np.log((way + line) / line) - 1.5, 0.0, 3.0)) * float(np.clip(1.0 - excess, 0.0, 1.0)),
    )
    low = (-0.5, 0.0, -0.5, -1.5, 0.0, 0.0, -4.0, -2.0, -0.5, -3.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    high = (1.5, 1.5, 1.5, 0.0, 0.5, 0.2, 1.5, 3.5, 4.0, 0.5, 1.0, 1.0, 0.5, 1.0, 1.0, 1.5, 1.5, 3.0)
    return np.clip(np.array(values, dtype=np.float64), low, high)


def _off_chord(at_s: Floats, east: Floats, north: Floats, lag: int) -> tuple[Floats, Floats]:
    """How far each fix lies off the chord between those `lag` before and after it, in proportion to the time."""
    part = (at_s[lag:-lag] - at_s[: -2 * lag]) / (at_s[2 * lag :] - at_s[: -2 * lag])
    return (
        east[lag:-lag] - (1 - part) * east[: -2 * lag] - part * east[2 * lag :],
        north[lag:-lag] - (1 - part) * north[: -2 * lag] - part * north[2 * lag :],
    )


def _correlation(off: tuple[Floats, Floats], lag: int) -> float:
    """Of white noise off its chords: -2/3 at lag 1 and 1/6 at lag 2."""
    together = sum(float((axis[lag:] * axis[:-lag]).sum()) for axis in off)
    return together / (sum(float((axis**2).sum()) for axis in off) + 1e-3)


def _told_speed(told: Floats, pace: Floats) -> tuple[float, float]:
    """(share of told speeds that are the positions' own difference to a hair, share that never change) among moving steps."""
    moving = np.isfinite(told) & (told > 0.5)
    if int(moving.sum()) < LEAST_FIXES // 2:
        return 0.0, 0.0
    some, real = told[moving], pace[moving]
    exactly = np.abs(some - real) < 0.02 + 0.002 * real
    flat = np.abs(some - np.median(some)) < 0.006 * np.median(some)
    return float(exactly.mean()), float(flat.mean())
