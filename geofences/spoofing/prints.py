"""Prints of motion: by which a way that is told again is known, whenever and wherever it is told to have been.

Owns what a print is made of. Pure: the keyed hash is handed in, so that prints tell nothing to who has no key. It must not store any.

A print is a hash of some steps in a row, each step how far north it went: whatever constant was added to times or places (in degrees
or in metres), that stays, and so it does when the pace is changed. Of neighbouring prints only the smallest is kept (winnowing,
Schleimer et al. 2003): two ways that share `steps + window` steps share a kept print. Somebody who moves is known by steps in quarters
of a metre; of somebody who rests there is only the receiver's own trembling, in units of the last digit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geofences.shapes import METRES_PER_DEGREE
from geofences.spoofing.motion import Floats, Motion

ENOUGH = 3
"""So many shared prints say that the way was told before."""
MOST_FIXES = 300


@dataclass(frozen=True, slots=True)
class Grain:
    """`steps` steps of a whole number of `unit_deg` each make a print if `different` of them differ; one in `window` is kept."""

    name: bytes
    unit_deg: float
    steps: int
    window: int
    different: int


MOVING = Grain(b"moving", 0.25 / METRES_PER_DEGREE, 8, 6, 5)
RESTING = Grain(b"resting", 1e-7, 12, 4, 3)


@dataclass(frozen=True, slots=True)
class Print:
    """`value` fits a signed 64-bit column; `at_s` is when its last step ended."""

    value: int
    at_s: float


def prints(motion: Motion, keyed: Callable[[bytes], int]) -> list[Print]:
    """Of a stretch, in order of time. `keyed` hashes bytes to 64 bits. Positions that repeat the one before make no step."""
    moved = np.flatnonzero(np.concatenate([[True], (np.diff(motion.lat_deg) != 0) | (np.diff(motion.lon_deg) != 0)]))
    moved = moved[-MOST_FIXES:]
    lat, at_s = motion.lat_deg[moved], motion.at_s[moved]
    found = _winnowed(lat, at_s, MOVING, keyed)
    return found if len(found) >= 2 * ENOUGH else found + _winnowed(lat, at_s, RESTING, keyed)


def _winnowed(lat_deg: Floats, at_s: Floats, grain: Grain, keyed: Callable[[bytes], int]) -> list[Print]:
    if len(lat_deg) <= grain.steps:
        return []
    steps = np.clip(np.rint(np.diff(lat_deg) / grain.unit_deg), -(2**31), 2**31 - 1).astype("<i4")
    grams = np.lib.stride_tricks.sliding_window_view(steps, grain.steps)
    different = 1 + (np.diff(np.sort(grams, axis=1), axis=1) != 0).sum(axis=1)
    rows = np.flatnonzero(different >= grain.different).tolist()
    packed, width = steps.tobytes(), 4 * grain.steps
    values = [keyed(grain.name + packed[4 * row : 4 * row + width]) for row in rows]
    kept: dict[int, float] = {}
    for i in range(len(values) - grain.window + 1) if len(values) > grain.window else range(min(1, len(values))):
        least = min(values[i : i + grain.window])
        if least not in kept:
            kept[least] = float(at_s[rows[values.index(least, i)] + grain.steps])
    return [Print(value, at) for value, at in sorted(kept.items(), key=_by_time)]


def _by_time(one: tuple[int, float]) -> float:
    return one[1]
