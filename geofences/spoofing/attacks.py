"""Tracks as spoofing apps make them, from genuine ones: for calibration and for scoring.

Owns the makers, each (a genuine motion, a seeded generator) -> motion. What a careful spoofer would fill in is filled in: plausible
accuracies, speeds that fit the way. Pure. It must not look at how detection works.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from geofences.shapes import METRES_PER_DEGREE
from geofences.spoofing.motion import Floats, Motion

Rng = np.random.Generator
DIGITS = (6, 7, 9)


def _rounded(motion: Motion, rng: Rng) -> Motion:
    digits = int(rng.choice(DIGITS))
    return replace(motion, lat_deg=motion.lat_deg.round(digits), lon_deg=motion.lon_deg.round(digits))


def _accuracies(n: int, typical_m: float, rng: Rng) -> Floats:
    """One value for ever, one drawn for each fix, or one that wanders."""
    kind = rng.integers(3)
    if kind == 0:
        return np.full(n, round(typical_m, 1))
    if kind == 1:
        return (typical_m * rng.uniform(0.7, 1.5, n)).round(1)
    steps = rng.normal(0, 0.08, n).cumsum()
    return (typical_m * np.exp(np.clip(steps, -0.5, 0.7))).round(1)


def _times(start_s: float, n: int, every_s: float, rng: Rng) -> Floats:
    """On the second, or off it by what a phone's timers are off."""
    steps = np.full(n, every_s)
    if rng.random() < 0.5:
        steps = steps + rng.normal(0, 0.01 * every_s, n).clip(-0.3 * every_s, 0.3 * every_s)
    return start_s + steps.cumsum()


def _placed(motion: Motion, at_s: Floats, east: Floats, north: Floats, accuracy_m: Floats, speed: Floats) -> Motion:
    lat0, lon0 = float(motion.lat_deg[0]), float(motion.lon_deg[0])
    lat = lat0 + north / METRES_PER_DEGREE
    lon = lon0 + east / (METRES_PER_DEGREE * math.cos(math.radians(lat0)))
    return Motion(at_s, lat, lon, accuracy_m, speed)


def _speeds(at_s: Floats, east: Floats, north: Floats, planned: Floats, rng: Rng) -> Floats:
    """None, as planned, or as the (noisy) positions say."""
    kind = rng.integers(3)
    if kind == 0:
        return np.full(len(at_s), np.nan)
    if kind == 1:
        return planned.round(2)
    way = np.hypot(np.diff(east), np.diff(north)) / np.maximum(np.diff(at_s), 0.1)
    return np.concatenate([way[:1], way]).round(2)


def _length(rng: Rng) -> tuple[int, float]:
    """How many fixes, and one each so many seconds: from three to fifteen minutes of pretending."""
    every_s = float(rng.choice([1.0, 2.0, 5.0, 10.0]))
    return int(min(240, max(40, rng.uniform(180, 900) / every_s))), every_s


# -- the attacks -----------------------------------------------------------------------------------------------------


def static(motion: Motion, rng: Rng) -> Motion:
    """A pin on the map: the same coordinates over and over, at a genuine phone's times or at the app's own."""
    if rng.random() < 0.5 and len(motion) >= 24 and motion.at_s[-1] - motion.at_s[0] >= 120:
        at_s = motion.at_s
    else:
        n, every_s = _length(rng)
        at_s = _times(float(motion.at_s[0]), n, every_s, rng)
    n, pick = len(at_s), int(rng.integers(len(motion)))
    accuracy = _accuracies(n, float(rng.uniform(3, 30)), rng)
    speed = np.zeros(n) if rng.random() < 0.5 else np.full(n, np.nan)
    return Motion(at_s, np.full(n, motion.lat_deg[pick]), np.full(n, motion.lon_deg[pick]), accuracy, speed)


def teleport(motion: Motion, rng: Rng) -> Motion:
    """Genuine up to some moment; from then on elsewhere, 5 to 1,000 km away."""
    return _hop(motion, rng, float(rng.uniform(3.7, 6)))


def short_hop(motion: Motion, rng: Rng) -> Motion:
    """The same over half a kilometre to five: in half a minute a train is that far too."""
    return _hop(motion, rng, float(rng.uniform(2.7, 3.7)))


def _hop(motion: Motion, rng: Rng, power: float) -> Motion:
    cut = int(rng.integers(max(1, len(motion) // 4), max(2, 3 * len(motion) // 4)))
    way_m, turn = 10**power, float(rng.uniform(0, 2 * math.pi))
    later = np.arange(len(motion)) >= cut
    lat0 = float(motion.lat_deg[cut])
    north = way_m * math.cos(turn) / METRES_PER_DEGREE
    if abs(lat0 + north) > 80:
        north = -north
    east = way_m * math.sin(turn) / (METRES_PER_DEGREE * math.cos(math.radians(lat0 + north / 2)))
    lon = motion.lon_deg + later * east
    lat = motion.lat_deg + later * north
    return replace(motion, lat_deg=lat.round(7), lon_deg=(((lon + 180) % 360) - 180).round(7))


def straight_line(motion: Motion, rng: Rng) -> Motion:
    """Along a ruler at constant speed."""
    return _line(motion, rng, 0.0)


def noisy_line(motion: Motion, rng: Rng) -> Motion:
    """Along a ruler at constant speed, each fix off by Gaussian noise of 1 to 15 m."""
    return _line(motion, rng, float(rng.choice([1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 15.0])))


def _line(motion: Motion, rng: Rng, noise_m: float) -> Motion:
    n, every_s = _length(rng)
    at_s = _times(float(motion.at_s[0]), n, every_s, rng)
    mps, turn = float(10 ** rng.uniform(0, 1.4)), float(rng.uniform(0, 2 * math.pi))
    way = mps * (at_s - at_s[0])
    east, north = way * math.cos(turn), way * math.sin(turn)
    east, north = east + rng.normal(0, noise_m, n), north + rng.normal(0, noise_m, n)
    accuracy = _accuracies(n, float(rng.uniform(0.8, 2.0)) * max(noise_m, 4.0), rng)
    speed = _speeds(at_s, east, north, np.full(n, mps), rng)
    return _rounded(_placed(motion, at_s, east, north, accuracy, speed), rng)


def noised_route(motion: Motion, rng: Rng) -> Motion:
    """A route planned along a genuine way's corners, driven or walked as a navigator would, with Gaussian noise of 2 to 15 m."""
    noise_m = float(rng.choice([2.0, 3.0, 5.0, 8.0, 10.0, 15.0]))
    n, every_s = _length(rng)
    at_s = _times(float(motion.at_s[0]), n, every_s, rng)
    mps = float(10 ** rng.uniform(0.1, 1.25))
    east, north, planned = _ride(_corners(motion, rng), at_s - at_s[0], mps, gentle=bool(rng.random() < 0.5))
    east, north = east + rng.normal(0, noise_m, n), north + rng.normal(0, noise_m, n)
    accuracy = _accuracies(n, float(rng.uniform(0.8, 2.0)) * noise_m, rng)
    speed = _speeds(at_s, east, north, planned, rng)
    return _rounded(_placed(motion, at_s, east, north, accuracy, speed), rng)


def _corners(motion: Motion, rng: Rng) -> Floats:
    """The corners (n, 2; metres) of a genuine way as a router would draw it; where somebody stood still, round the blocks."""
    east, north = motion.plane()
    corners = _simplified(np.column_stack([east, north]), float(rng.uniform(10, 25)))
    if len(corners) < 3 or np.hypot(*np.diff(corners, axis=0).T).sum() < 300:
        turns = rng.choice([0.0, 0.5, 1.0, 1.5], 30) * math.pi
        legs = rng.uniform(40, 250, 30)
        corners = np.column_stack([np.cumsum(legs * np.cos(turns)), np.cumsum(legs * np.sin(turns))])
    return corners


def _simplified(way: Floats, within_m: float) -> Floats:
    """Douglas and Peucker, without recursion."""
    keep = np.zeros(len(way), dtype=bool)
    keep[[0, -1]] = True
    todo = [(0, len(way) - 1)]
    while todo:
        first, last = todo.pop()
        if last - first < 2:
            continue
        chord, rest = way[last] - way[first], way[first + 1 : last] - way[first]
        length = float(np.hypot(*chord))
        off = np.hypot(*rest.T) if length == 0 else np.abs(rest[:, 0] * chord[1] - rest[:, 1] * chord[0]) / length
        worst = int(np.argmax(off))
        if off[worst] > within_m:
            middle = first + 1 + worst
            keep[middle] = True
            todo += [(first, middle), (middle, last)]
    return way[keep]


def _ride(corners: Floats, since_s: Floats, mps: float, *, gentle: bool) -> tuple[Floats, Floats, Floats]:
    """East, north and speed along the corners, there and back again until the time is over; `gentle` brakes before corners."""
    there_and_back: Floats = np.concatenate([corners, corners[-2::-1]])
    legs: Floats = np.hypot(*np.diff(there_and_back, axis=0).T)
    there_and_back = there_and_back[np.concatenate([[True], legs > 0.5])]
    at_m: Floats = np.concatenate([[0.0], np.hypot(*np.diff(there_and_back, axis=0).T).cumsum()])
    if at_m[-1] < 1.0:
        return np.zeros_like(since_s), np.zeros_like(since_s), np.zeros_like(since_s)
    grid_s = np.arange(0.0, since_s[-1] + 1.0, 0.5)
    way, now = np.zeros(len(grid_s)), 0.0
    for i in range(1, len(grid_s)):
        to_corner = float(np.abs(at_m - now % at_m[-1]).min())
        slow = min(1.0, 0.35 + to_corner / (4.0 * mps)) if gentle else 1.0
        now += 0.5 * mps * slow
        way[i] = now
    travelled: Floats = np.asarray(np.interp(since_s, grid_s, way))
    place: Floats = travelled % at_m[-1]
    speed: Floats = np.gradient(way, grid_s)
    east: Floats = np.interp(place, at_m, there_and_back[:, 0])
    north: Floats = np.interp(place, at_m, there_and_back[:, 1])
    return east, north, np.asarray(np.interp(since_s, grid_s, speed), dtype=np.float64)


def jittered_pin(motion: Motion, rng: Rng) -> Motion:
    """A pin on the map that is made to tremble."""
    n, every_s = _length(rng)
    at_s = _times(float(motion.at_s[0]), n, every_s, rng)
    noise_m = float(rng.choice([1.0, 2.0, 3.0, 5.0, 10.0]))
    east, north = rng.normal(0, noise_m, n), rng.normal(0, noise_m, n)
    speed = _speeds(at_s, east, north, np.zeros(n), rng)
    accuracy = _accuracies(n, float(rng.uniform(0.8, 2.0)) * max(noise_m, 3.0), rng)
    return _rounded(_placed(motion, at_s, east, north, accuracy, speed), rng)


def noised_trace(motion: Motion, rng: Rng) -> Motion:
    """A genuine way with Gaussian noise of 3 to 15 m put on it, so that it is not the same again; all else as it was recorded."""
    noise_m, n = float(rng.choice([3.0, 5.0, 8.0, 10.0, 15.0])), len(motion)
    east, north = motion.plane()
    east, north = east + rng.normal(0, noise_m, n), north + rng.normal(0, noise_m, n)
    return _rounded(_placed(motion, motion.at_s, east, north, motion.accuracy_m, motion.speed_mps), rng)


ATTACKS: dict[str, Callable[[Motion, Rng], Motion]] = {
    "static": static,
    "teleport": teleport,
    "straight_line": straight_line,
    "noisy_line": noisy_line,
    "noised_route": noised_route,
    "short_hop": short_hop,
    "jittered_pin": jittered_pin,
    "noised_trace": noised_trace,
}


# -- replays: not made up, but told before ---------------------------------------------------------------------------


def replay_exact(motion: Motion, rng: Rng) -> Motion:
    """Told again, to the last bit, some days later."""
    return replace(motion, at_s=motion.at_s + float(rng.integers(1, 30)) * 86_400.0)


def replay_shifted(motion: Motion, rng: Rng) -> Motion:
    """Told again at another time, a constant number of metres or degrees away."""
    later_s = float(rng.uniform(3_600, 30 * 86_400))
    way_m, turn = float(10 ** rng.uniform(1, 5)), float(rng.uniform(0, 2 * math.pi))
    north = way_m * math.cos(turn) / METRES_PER_DEGREE
    lat = motion.lat_deg + north
    if rng.random() < 0.5:  # in degrees
        lon = motion.lon_deg + way_m * math.sin(turn) / METRES_PER_DEGREE
    else:  # in metres: as wide on the ground as it was
        wider = np.cos(np.radians(motion.lat_deg)) / np.cos(np.radians(lat))
        lon = motion.lon_deg[0] + (motion.lon_deg - motion.lon_deg[0]) * wider
        lon = lon + way_m * math.sin(turn) / METRES_PER_DEGREE
    return replace(motion, at_s=(motion.at_s + later_s).round(3), lat_deg=lat.round(7), lon_deg=lon.round(7))


REPLAYS: dict[str, Callable[[Motion, Rng], Motion]] = {"replay_exact": replay_exact, "replay_shifted": replay_shifted}
