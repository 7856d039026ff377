"""A piece of a track as numbers on a plane, and how a track is cut into pieces.

Owns the projection and the cutting. Pure. It must not judge.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from geofences.shapes import METRES_PER_DEGREE
from geofences.track_state import Sample

Floats = npt.NDArray[np.float64]

LONGEST_GAP_S = 300.0
"""Across a longer silence fixes tell nothing of one motion."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Columns of equal length in order of time: seconds, degrees (WGS 84), metres; `speed_mps` is NaN where the phone said none."""

    at_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    accuracy_m: Floats
    speed_mps: Floats

    def __len__(self) -> int:
        return len(self.at_s)

    def part(self, start: int, end: int) -> Motion:
        cut = slice(start, end)
        return Motion(self.at_s[cut], self.lat_deg[cut], self.lon_deg[cut], self.accuracy_m[cut], self.speed_mps[cut])

    def plane(self) -> tuple[Floats, Floats]:
        """East and north of the first fix, in metres; the longitude the short way round."""
        k_lon = METRES_PER_DEGREE * float(np.cos(np.radians(self.lat_deg.mean())))
        east = ((self.lon_deg - self.lon_deg[:1] + 180.0) % 360.0 - 180.0) * k_lon
        return east, (self.lat_deg - self.lat_deg[:1]) * METRES_PER_DEGREE


def motion_of(samples: Iterable[Sample]) -> Motion:
    """Sorted, and of fixes of the same instant the first alone."""
    ordered = sorted(samples)
    once = [s for i, s in enumerate(ordered) if i == 0 or s.at_s > ordered[i - 1].at_s]
    rows = [(s.at_s, s.lat_deg, s.lon_deg, s.accuracy_m, np.nan if s.speed_mps is None else s.speed_mps) for s in once]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 5)
    return Motion(*(np.ascontiguousarray(column) for column in table.T))


def stretches(motion: Motion, *, most: int, longest_s: float, gap_s: float = LONGEST_GAP_S) -> Sequence[Motion]:
    """Pieces without a gap, each of at most `most` fixes and `longest_s`; the last piece of an unbroken way may be short."""
    out: list[Motion] = []
    start = 0
    times = motion.at_s
    for i in range(1, len(motion) + 1):
        ends = i == len(motion) or times[i] - times[i - 1] > gap_s
        if ends or i - start >= most or times[i] - times[start] > longest_s:
            out.append(motion.part(start, i))
            start = i
    return out


def thinned(motion: Motion, every_s: float) -> Motion:
    """As a phone that reports at most once in so many seconds would have told it."""
    kept: list[int] = []
    last_s = -np.inf
    for i, at_s in enumerate(motion.at_s.tolist()):
        if at_s - last_s >= every_s - 0.05:
            kept.append(i)
            last_s = at_s
    rows = np.array(kept, dtype=np.int64)
    return Motion(
        motion.at_s[rows], motion.lat_deg[rows], motion.lon_deg[rows], motion.accuracy_m[rows], motion.speed_mps[rows]
    )


def track_mark(motion: Motion) -> str:
    """The same for the same recording, whatever its file is called."""
    return hashlib.blake2b(motion.at_s.tobytes() + motion.lat_deg.tobytes(), digest_size=8).hexdigest()
