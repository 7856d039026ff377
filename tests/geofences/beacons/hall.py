"""A made-up mall: beacons along two floors, walks through it, and what a phone would hear. Fixed seeds, no shared data.

Owns the simulation. Strength falls with the distance (exponent 2), a storey takes 14 dB, noise is 5 dB with some words far off, and weak
words are lost.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from geofences.beacons.radio_map import Plan, Walk, plan_of

SIDE_M, CELL_M = 60.0, 3.0
FLOORS = ("F1", "F2")
SPACING_M = 12.0
POWER_DBM = -60.0


def beacons() -> dict[str, tuple[int, float, float]]:
    """address -> (floor number, x, y)."""
    steps = np.arange(SPACING_M / 2, SIDE_M, SPACING_M)
    return {
        f"00:00:00:00:0{floor}:{i:02X}": (floor, float(x), float(y))
        for floor in range(len(FLOORS))
        for i, (x, y) in enumerate((x, y) for x in steps for y in steps)
    }


def strength_dbm(beacon: tuple[int, float, float], floor: int, x: float, y: float) -> float:
    away_m = math.sqrt((x - beacon[1]) ** 2 + (y - beacon[2]) ** 2 + 3.0**2)
    return POWER_DBM - 20 * math.log10(away_m) - 14.0 * abs(floor - beacon[0])


def walk(name: str, seed: int, *, lasting_s: float = 60.0, floor: int | None = None) -> Walk:
    """Somebody going straight to one point after another at 1.2 m/s; each beacon in reach is heard about once a second."""
    rng = np.random.default_rng(seed)
    at_floor = int(rng.integers(len(FLOORS))) if floor is None else floor
    times, points = [0.0], [rng.uniform(3, SIDE_M - 3, 2)]
    while times[-1] < lasting_s:
        target = rng.uniform(3, SIDE_M - 3, 2)
        times.append(times[-1] + max(0.5, float(np.hypot(*(target - points[-1]))) / 1.2))
        points.append(target)
    made = Walk(name, FLOORS[at_floor], np.array(times), np.array(points), ())
    heard: list[tuple[float, str, float]] = []
    for address, beacon in beacons().items():
        at_s = np.cumsum(rng.exponential(1.0, int(times[-1])))
        at_s = at_s[at_s < times[-1]]
        away_m = np.sqrt(((made.at(at_s) - beacon[1:]) ** 2).sum(axis=1) + 3.0**2)
        rssi = POWER_DBM - 20 * np.log10(away_m) - 14.0 * abs(at_floor - beacon[0]) + rng.normal(0, 5, len(at_s))
        rssi -= 15 * (rng.random(len(at_s)) < 0.05)
        kept = rng.random(len(at_s)) < 1 / (1 + np.exp(-(rssi + 92) / 3))
        heard += [(float(t), address, float(r)) for t, r in zip(at_s[kept], np.round(rssi[kept]), strict=True)]
    return Walk(name, made.floor, made.times_s, made.xy_m, tuple(sorted(heard)))


@cache
def _walk(seed: int) -> Walk:
    return walk(f"walk{seed}", seed)


def walks(count: int, first_seed: int = 0) -> list[Walk]:
    """Made once a test process."""
    return [_walk(first_seed + i) for i in range(count)]


def plan(known: list[Walk]) -> Plan:
    side = int(SIDE_M / CELL_M)
    weights = {floor: np.ones((side, side)) for floor in FLOORS}
    return plan_of(FLOORS, weights, origin_m=(0.0, 0.0), grid=(side, side), cell_m=CELL_M, walks=known)
