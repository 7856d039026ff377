"""Walks as receivers tell them, made for the tests: people turn and pause, and the error wanders."""

from __future__ import annotations

import math

import numpy as np

from geofences.shapes import METRES_PER_DEGREE
from geofences.spoofing.motion import Motion

LAT, LON = 60.17, 24.94


def motion(at_s: list[float], east: list[float], north: list[float], accuracy_m: float = 8.0) -> Motion:
    """Of metres from a corner in Helsinki, rounded as phones send it."""
    n = len(at_s)
    k_lon = METRES_PER_DEGREE * math.cos(math.radians(LAT))
    lat = LAT + np.array(north, dtype=np.float64) / METRES_PER_DEGREE
    lon = LON + np.array(east, dtype=np.float64) / k_lon
    return Motion(
        np.array(at_s, dtype=np.float64), lat.round(7), lon.round(7), np.full(n, accuracy_m), np.full(n, np.nan)
    )


def walk(seed: int, fixes: int = 128, every_s: float = 1.0) -> Motion:
    """A person on foot under a receiver whose error has a memory of a minute."""
    rng = np.random.default_rng(seed)
    east, north, error_e, error_n, way = 0.0, 0.0, 0.0, 0.0, float(rng.uniform(0, 2 * math.pi))
    keep = math.exp(-every_s / 60)
    told: list[tuple[float, float]] = []
    pace = 1.3
    for _ in range(fixes):
        error_e, error_n = (keep * e + 5.0 * math.sqrt(1 - keep**2) * float(rng.normal()) for e in (error_e, error_n))
        told.append((east + 0.3 * error_e, north + 0.3 * error_n))
        pace = float(np.clip(pace + rng.normal(0, 0.2), 0.0, 1.8)) if rng.random() > 0.05 else 0.0
        way += float(rng.normal(0, 0.2))
        east, north = east + pace * every_s * math.cos(way), north + pace * every_s * math.sin(way)
    return motion([1e9 + i * every_s for i in range(fixes)], [e for e, _ in told], [n for _, n in told])
