"""Distances on the WGS 84 ellipsoid by brute force, for proofs: Vincenty's inverse formula over points set closely along outlines.

Owns an oracle that shares nothing with the room: no plane, no shapely distance, no index. It must not be used to decide anything.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

A, F = 6_378_137.0, 1 / 298.257223563
B = A * (1 - F)
Points = NDArray[np.float64]
"""(n, 2): longitude, latitude in degrees."""


def vincenty_m(lat1: float | Points, lon1: float | Points, lat2: Points, lon2: Points) -> Points:
    """T. Vincenty, Survey Review 23 (1975): from one point to many, or pair by pair; good to a millimetre where it converges (not between antipodes)."""
    lon = np.radians((lon2 - lon1 + 180) % 360 - 180)
    u1, u2 = np.arctan((1 - F) * np.tan(np.radians(lat1))), np.arctan((1 - F) * np.tan(np.radians(lat2)))
    s1, c1, s2, c2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    lam = sigma = ss = cs = cm = ca2 = lon.copy()
    for _ in range(6):
        sl, cl = np.sin(lam), np.cos(lam)
        ss = np.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl) + 1e-300
        cs = s1 * s2 + c1 * c2 * cl
        sigma = np.arctan2(ss, cs)
        sa = c1 * c2 * sl / ss
        ca2 = 1 - sa * sa
        cm = np.where(ca2 > 1e-12, cs - 2 * s1 * s2 / np.where(ca2 > 1e-12, ca2, 1), 0.0)
        c = F / 16 * ca2 * (4 + F * (4 - 3 * ca2))
        lam = lon + (1 - c) * F * sa * (sigma + c * ss * (cm + c * cs * (2 * cm * cm - 1)))
    k = ca2 * (A * A - B * B) / (B * B)
    big = 1 + k / 16384 * (4096 + k * (-768 + k * (320 - 175 * k)))
    small = k / 1024 * (256 + k * (-128 + k * (74 - 47 * k)))
    change = small * ss * (cm + small / 4 * (cs * (2 * cm * cm - 1) - small / 6 * cm * (4 * ss * ss - 3) * (4 * cm * cm - 3)))
    return np.asarray(B * big * (sigma - change))


def along(line: Sequence[Sequence[float]], step_m: float) -> Points:
    """Points of a line straight in degrees, no further than about `step_m` apart, its corners among them."""
    out: list[Points] = []
    for (x0, y0), (x1, y1) in itertools.pairwise(line):
        length = math.hypot((x1 - x0) * 111_320 * math.cos(math.radians(y0)), (y1 - y0) * 111_320)
        t = np.linspace(0, 1, max(2, math.ceil(length / step_m) + 1))
        out.append(np.column_stack([x0 + t * (x1 - x0), y0 + t * (y1 - y0)]))
    return np.concatenate(out)


def inside(point: Sequence[float], ring: Sequence[Sequence[float]]) -> bool:
    """By counting crossings."""
    x, y = point
    found = False
    for (x0, y0), (x1, y1) in itertools.pairwise(ring):
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            found = not found
    return found


def in_area(point: Sequence[float], polygons: Sequence[Sequence[Sequence[Sequence[float]]]]) -> bool:
    """Within an outer ring and in none of its holes."""
    return any(inside(point, rings[0]) and not any(inside(point, hole) for hole in rings[1:]) for rings in polygons)


def nearest_m(ours: Points, theirs: Points, *, unless_over_m: float = math.inf) -> float:
    """The least of all distances between two sets of points; infinity if a flat look says that it is over `unless_over_m`. That look is off
    by less than 1 % up to some kilometres, and finds the pairs worth the exact formula."""
    k = math.cos(math.radians(float(theirs[0, 1])))
    rough = np.hypot((ours[:, None, 0] - theirs[None, :, 0]) * k, ours[:, None, 1] - theirs[None, :, 1]).ravel()
    least = float(rough.min())
    if least * 110_000 > unless_over_m:
        return math.inf
    pairs = np.flatnonzero(rough <= least * 1.02 + 1e-6)
    i, j = np.divmod(pairs, len(theirs))
    return float(vincenty_m(ours[i, 1], ours[i, 0], theirs[j, 1], theirs[j, 0]).min())
