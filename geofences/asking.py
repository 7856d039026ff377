"""What the index says of samples: which fences hold them, how far away the others are, which a way passes; asked once for many.

Owns the questions of the detector to the index. Pure. It must not decide what an answer means (`track`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from geofences.index import FenceIndex
from geofences.index.passing import passing
from geofences.track_state import Key, Sample, TrackRules, TrackState


@dataclass(slots=True)
class Hit:
    """What the index said of one sample. `distance_m`: for those fences it was asked about beforehand; `passing`: of the fences
    that the way to it may pass, if it was asked."""

    fences: frozenset[int]
    distance_m: dict[int, float] = field(default_factory=dict[int, float])
    passing: set[int] | None = None


def locate(samples: list[Sample], fences: FenceIndex) -> list[Hit]:
    if not samples:
        return []
    lat = np.array([s.lat_deg for s in samples], dtype=np.float64)
    lon = np.array([s.lon_deg for s in samples], dtype=np.float64)
    found: list[set[int]] = [set() for _ in samples]
    sample_nos, fence_nos = fences.locate(lat, lon)
    for sample_no, fence_no in zip(sample_nos.tolist(), fence_nos.tolist(), strict=True):
        if not samples[int(sample_no)].coarse:  # which hit none, whatever its cell holds
            found[int(sample_no)].add(int(fence_no))
    return [Hit(frozenset(f)) for f in found]


MEASURE_FROM = 8
"""Below so many samples one question a distance is quicker than one for all."""
MEASURE_AHEAD = 64
"""A fence is measured beforehand for so many samples of a track after it was last hit."""


def measure(
    ready: list[tuple[Key, list[Sample]]], states: Mapping[Key, TrackState], hits: list[Hit], fences: FenceIndex
) -> None:
    """Put into `hits` the distances that will surely or probably be asked for, with one question to the index."""
    if len(hits) < MEASURE_FROM:
        return
    at: list[int] = []
    fence_nos: list[int] = []
    inside: list[bool] = []
    lat: list[float] = []
    lon: list[float] = []
    sample_no = 0
    for key, due in ready:
        until = {fences.number_of(fence_id): MEASURE_AHEAD for fence_id in states[key].presences}
        until.pop(None, None)
        for i, sample in enumerate(due):
            if sample.coarse:
                sample_no += 1
                continue
            here = hits[sample_no].fences
            for fence_no in here:
                until[fence_no] = i + MEASURE_AHEAD
            for fence_no, last in until.items():
                if i <= last and fence_no is not None:
                    at.append(sample_no)
                    fence_nos.append(fence_no)
                    inside.append(fence_no in here)
                    lat.append(sample.lat_deg)
                    lon.append(sample.lon_deg)
            sample_no += 1
    if at:
        measured = fences.distances_m(
            np.array(fence_nos, dtype=np.int64),
            np.array(lat, dtype=np.float64),
            np.array(lon, dtype=np.float64),
            np.array(inside, dtype=bool),
        ).tolist()
        for no, fence_no, distance in zip(at, fence_nos, measured, strict=True):
            hits[no].distance_m[fence_no] = distance


def look_along(
    ready: list[tuple[Key, list[Sample]]],
    states: Mapping[Key, TrackState],
    hits: list[Hit],
    fences: FenceIndex,
    rules: TrackRules,
) -> None:
    """Put into `hits` the fences that the way from the fix before may pass, with one question to the index for all."""
    at: list[int] = []
    ends: list[tuple[float, float, float, float]] = []
    sample_no = 0
    for key, due in ready:
        last = states[key].last
        for sample in due:
            if last is not None and 0 < sample.at_s - last.at_s <= rules.presence.crossed_max_gap_s:
                at.append(sample_no)
                ends.append((last.lat_deg, last.lon_deg, sample.lat_deg, sample.lon_deg))
            last = sample
            sample_no += 1
    if at:
        passed: list[set[int]] = [set() for _ in at]
        for no, some in zip(at, passed, strict=True):
            hits[no].passing = some
        way_nos, fence_nos = passing(fences.arrays, *np.array(ends, dtype=np.float64).T)
        for way_no, fence_no in zip(way_nos.tolist(), fence_nos.tolist(), strict=True):
            passed[int(way_no)].add(int(fence_no))
