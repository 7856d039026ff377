"""Recorded tracks made worse in the ways phones make them worse, to see whether detection depends on their luck.

Owns the perturbations. Pure: the seed is an argument. It must not score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace

from geofences.shapes import METRES_PER_DEGREE
from geofences.track import Sample

Perturbation = Callable[[Sequence[Sample], np.random.Generator], list[Sample]]


def _moved(sample: Sample, east_m: float, north_m: float, accuracy_m: float | None = None) -> Sample:
    k_lon = METRES_PER_DEGREE * max(1e-6, math.cos(math.radians(sample.lat_deg)))
    return replace(
        sample,
        lat_deg=min(90.0, max(-90.0, sample.lat_deg + north_m / METRES_PER_DEGREE)),
        lon_deg=sample.lon_deg + east_m / k_lon,
        accuracy_m=sample.accuracy_m if accuracy_m is None else accuracy_m,
    )


def thinned(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """Every second fix, by chance, is lost."""
    return [s for s, keep in zip(samples, rng.random(len(samples)) < 0.5, strict=True) if keep]


def noisy(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """15 m of noise more (one sigma, each way) that the phone does not know of."""
    noise = rng.normal(0, 15, (len(samples), 2)).tolist()
    return [_moved(s, east, north) for s, (east, north) in zip(samples, noise, strict=True)]


def dropouts(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """Nothing is heard for 20 minutes, about once in two hours."""
    if not samples:
        return []
    first_s, last_s = samples[0].at_s, samples[-1].at_s
    starts = rng.uniform(first_s, last_s, rng.poisson(max(0.0, last_s - first_s) / 7200)).tolist()
    return [s for s in samples if not any(a <= s.at_s < a + 1200 for a in starts)]


def clock_off(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """The phone's clock is wrong by up to 20 s."""
    off_s = float(rng.uniform(-20, 20))
    return [replace(s, at_s=s.at_s + off_s) for s in samples]


def coarse(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """A third of the fixes are of the kind of 65 m, from cells and wireless networks."""
    noise = rng.normal(0, 65 / 1.51, (len(samples), 2)).tolist()
    bad = (rng.random(len(samples)) < 1 / 3).tolist()
    return [
        _moved(s, east, north, 65.0) if b and s.accuracy_m < 65 else s
        for s, b, (east, north) in zip(samples, bad, noise, strict=True)
    ]


def wild(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    """One fix in 25 is a kilometre off and claims what it claimed."""
    turn = rng.uniform(0, 2 * math.pi, len(samples)).tolist()
    bad = (rng.random(len(samples)) < 0.04).tolist()
    return [
        _moved(s, 1000 * math.cos(t), 1000 * math.sin(t)) if b else s
        for s, b, t in zip(samples, bad, turn, strict=True)
    ]


PERTURBATIONS: dict[str, Perturbation] = {
    "thinned": thinned,
    "noisy": noisy,
    "dropouts": dropouts,
    "clock_off": clock_off,
    "coarse": coarse,
    "wild": wild,
}
