"""Made-up tracks for the tests of this room: metres around one place, fixed seeds."""

from __future__ import annotations

import itertools
import math

import numpy as np

from geofences.geometry import EARTH_RADIUS_M, Circle
from geofences.index import Fence, FenceIndex
from geofences.track import Key, Sample

LAT, LON = 60.17, 24.94
K = math.radians(1) * EARTH_RADIUS_M
K_LON = K * math.cos(math.radians(LAT))
KEY = Key("shp_1", "dev_1")
SHOP = Fence("fen_shop", "plc_shop", "Shop", Circle(LAT, LON, 60.0))
FENCES = FenceIndex([SHOP])


def sample(at_s: float, east_m: float, north_m: float = 0.0, accuracy_m: float = 8.0, **more: object) -> Sample:
    """A fix `east_m`, `north_m` from the centre of SHOP."""
    return Sample(at_s, f"{at_s:.3f}/{east_m:.1f}", LAT + north_m / K, LON + east_m / K_LON, accuracy_m, **more)  # type: ignore[arg-type]


def walk(*points: tuple[float, float], every_s: float = 5.0) -> list[Sample]:
    """Fixes along (at_s, east_m) corners, evenly in time."""
    out: list[Sample] = []
    for (t0, x0), (t1, x1) in itertools.pairwise(points):
        t = t0
        while t < t1:
            out.append(sample(t, x0 + (x1 - x0) * (t - t0) / (t1 - t0)))
            t += every_s
    out.append(sample(*points[-1]))
    return out


def standing(
    seed: int, *, east_m: float = 60.0, every_s: float = 10.0, lasting_s: float = 3600.0, together_s: float = 0.0
) -> list[Sample]:
    """A phone lying at `east_m` (60: on the border) with 5-30 m of noise, correlated over `together_s`."""
    rng = np.random.default_rng(seed)
    sigma, count = rng.uniform(5, 30), int(lasting_s / every_s)
    noise = rng.normal(0, sigma, (count, 2))
    if together_s:
        keep = math.exp(-every_s / together_s)
        for i in range(1, count):
            noise[i] = keep * noise[i - 1] + math.sqrt(1 - keep**2) * noise[i]
    return [sample(i * every_s, east_m + float(x), float(y), accuracy_m=sigma * 1.51) for i, (x, y) in enumerate(noise)]
