"""What the index must equal: the plain answers of shapely, the haversine formula and the corridor's expression.

Owns the definition of "holds". It is asked where a float filter is unsure; `SlowIndex`, an STRtree over boxes with the exact
test behind it, is the oracle of the tests and the peer of the benchmarks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from geofences.index.fence import Fence
from geofences.index.grid import Bools, Floats, Ints
from geofences.shapes import (
    EARTH_RADIUS_M,
    Circle,
    Corridor,
    Shape,
    corridor_box,
    corridor_distance_m,
    corridor_pieces,
    haversine_m,
)

NEAR_M = 1e-5
"""Closer to a circle than this, numpy's rounding may differ from the formula's: the formula itself decides."""


def holds(shape: Shape, lat_deg: float, lon_deg: float) -> bool:
    """Whether `shape` holds the point. Points that are not on the earth are held by nothing."""
    if not (-90.0 <= lat_deg <= 90.0 and -180.0 <= lon_deg <= 180.0):
        return False
    if isinstance(shape, Circle):
        return haversine_m(shape.lat_deg, shape.lon_deg, lat_deg, lon_deg) <= shape.radius_m
    if isinstance(shape, Corridor):
        return bool(_in_corridor(shape, np.array([lat_deg]), np.array([lon_deg]))[0])
    return bool(shapely.covers(shape.geometry, shapely.Point(lon_deg, lat_deg)))


def _in_corridor(shape: Corridor, lat_deg: Floats, lon_deg: Floats) -> Bools:
    pieces = corridor_pieces(shape)
    if not len(pieces):
        return np.zeros(len(lat_deg), dtype=bool)
    return corridor_distance_m(pieces, lat_deg, lon_deg) <= shape.buffer_m


def boxes(shape: Shape) -> list[tuple[float, float, float, float]]:
    """Bounds (west, south, east, north) that surely hold the shape, twice if it reaches over the antimeridian."""
    if isinstance(shape, Circle):
        angle = shape.radius_m / EARTH_RADIUS_M * 1.000001
        half = math.degrees(angle) + 1e-9
        south, north = shape.lat_deg - half, shape.lat_deg + half
        if south <= -90 or north >= 90:
            return [(-180.0, south, 180.0, north)]
        wide = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(shape.lat_deg))))) + 1e-9
        west, east = shape.lon_deg - wide, shape.lon_deg + wide
    elif isinstance(shape, Corridor):
        if not len(corridor_pieces(shape)):
            return []
        west, south, east, north = corridor_box(shape)
    else:
        west, south, east, north = shape.geometry.bounds
        return [(west, south, east, north)]
    return [(west + turn, south, east + turn, north) for turn in (0.0, 360.0, -360.0) if west + turn <= 180 and east + turn >= -180]


class SlowIndex:
    """The usual way: a tree over boxes, then the exact test of each candidate. Answers as `FenceIndex.locate` does."""

    def __init__(self, fences: Sequence[Fence]) -> None:
        self._shapes = [f.shape for f in fences]
        every = [(box, i) for i, shape in enumerate(self._shapes) for box in boxes(shape)]
        bounds = np.array([box for box, _ in every]).reshape(-1, 4)
        self._owner = np.array([i for _, i in every], dtype=np.int64)
        west, south, east, north = bounds.T
        self._tree = shapely.STRtree(shapely.box(west, south, east, north))
        circles = [s if isinstance(s, Circle) else Circle(0.0, 0.0, -1.0) for s in self._shapes]
        self._lat = np.radians([c.lat_deg for c in circles])
        self._lon = np.array([c.lon_deg for c in circles], dtype=np.float64)
        self._radius = np.array([c.radius_m for c in circles], dtype=np.float64)
        self._kind = np.array([0 if isinstance(s, Circle) else 1 if isinstance(s, Corridor) else 2 for s in self._shapes])
        self._geometry: Any = np.array([None if isinstance(s, Circle) else s.geometry for s in self._shapes], dtype=object)
        if (self._kind == 2).any():
            shapely.prepare(self._geometry[self._kind == 2])

    def locate(self, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """All (point, fence) pairs, sorted by point then fence."""
        good = (np.abs(lat_deg) <= 90.0) & (np.abs(lon_deg) <= 180.0)
        lat_deg, lon_deg = np.where(good, lat_deg, 0.0), np.where(good, lon_deg, 0.0)
        points: Any = shapely.points(lon_deg, lat_deg)
        point, box = self._tree.query(points)
        fence = self._owner[box]
        keep = np.zeros(len(fence), dtype=bool)
        at = np.flatnonzero(self._kind[fence] == 0)
        keep[at] = self._in_circles(fence[at], lat_deg[point[at]], lon_deg[point[at]])
        at = np.flatnonzero(self._kind[fence] == 2)
        keep[at] = shapely.covers(self._geometry[fence[at]], points[point[at]])
        corridors = np.flatnonzero(self._kind[fence] == 1)
        for number in np.unique(fence[corridors]).tolist():
            at = corridors[fence[corridors] == number]
            keep[at] = _in_corridor(self._shapes[number], lat_deg[point[at]], lon_deg[point[at]])  # type: ignore[arg-type]
        keep &= good[point]
        pairs = np.unique((point[keep].astype(np.int64) << 32) | fence[keep])
        return pairs >> 32, pairs & 0xFFFFFFFF

    def _in_circles(self, fence: Ints, lat_deg: Floats, lon_deg: Floats) -> Bools:
        lat0, lat1 = self._lat[fence], np.radians(lat_deg)
        a = np.sin((lat1 - lat0) / 2) ** 2
        a += np.cos(lat0) * np.cos(lat1) * np.sin(np.radians(lon_deg - self._lon[fence]) / 2) ** 2
        away = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, a)))
        inside = away <= self._radius[fence]
        for i in np.flatnonzero(np.abs(away - self._radius[fence]) < NEAR_M).tolist():
            inside[i] = holds(self._shapes[int(fence[i])], float(lat_deg[i]), float(lon_deg[i]))
        return inside
