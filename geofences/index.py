"""Which fences hold a point: an exact index over circles and areas, answering in batches.

Owns `Fence` and `FenceIndex`. Answers equal `shapely.covers` for areas and haversine <= radius for circles. A snapshot:
it never changes once built; a new set of fences is a new index. It must not know shoppers, time or storage, so that a
faster structure can slide in behind the same three questions (`locate`, `distance_m`, `crossed`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from geofences.geometry import EARTH_RADIUS_M, Area, Circle, Shape, haversine_m

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M


@dataclass(frozen=True, slots=True)
class Fence:
    """A shape with a name in the world: `id` ours, `place_id` what it belongs to."""

    id: str
    place_id: str
    name: str
    shape: Shape


def _box(shape: Shape) -> tuple[float, float, float, float]:
    """Bounds (west, south, east, north) in degrees that surely hold the shape; a circle's may reach beyond +-180."""
    if isinstance(shape, Area):
        west, south, east, north = shape.geometry.bounds
        return west, south, east, north
    angle = shape.radius_m / EARTH_RADIUS_M * 1.000001
    half_lat = math.degrees(angle) + 1e-9
    south, north = shape.lat_deg - half_lat, shape.lat_deg + half_lat
    if south <= -90 or north >= 90:  # holds a pole: every longitude
        return -180.0, max(-90.0, south), 180.0, min(90.0, north)
    half_lon = math.degrees(math.asin(min(1.0, math.sin(angle) / math.cos(math.radians(shape.lat_deg))))) + 1e-9
    return shape.lon_deg - half_lon, south, shape.lon_deg + half_lon, north


def _segments(area: Area) -> Floats:
    """Edges of all rings, (n, 4): lon0, lat0, lon1, lat1 in degrees."""
    rings: list[Any] = []
    for part in shapely.get_parts(area.geometry):
        rings.extend([part.exterior, *part.interiors])
    edges: list[Any] = []
    for ring in rings:
        xy = shapely.get_coordinates(ring)
        edges.append(np.hstack([xy[:-1], xy[1:]]))
    return np.vstack(edges)


class FenceIndex:
    """An immutable snapshot over `fences`; numbers in answers are positions in that sequence."""

    def __init__(self, fences: Sequence[Fence], version: int = 0) -> None:
        self.fences = tuple(fences)
        self.version = version
        self._number = {fence.id: i for i, fence in enumerate(self.fences)}
        self._is_circle = np.array([isinstance(f.shape, Circle) for f in self.fences], dtype=bool)
        circles = [f.shape if isinstance(f.shape, Circle) else Circle(0.0, 0.0, -1.0) for f in self.fences]
        self._lat = np.radians(np.array([c.lat_deg for c in circles], dtype=np.float64))
        self._lon = np.array([c.lon_deg for c in circles], dtype=np.float64)
        self._radius = np.array([c.radius_m for c in circles], dtype=np.float64)
        self._geometry = np.array(
            [f.shape.geometry if isinstance(f.shape, Area) else None for f in self.fences], dtype=object
        )
        areas = self._geometry[~self._is_circle]
        if len(areas):
            shapely.prepare(areas)
        self._edges: dict[int, Floats] = {}
        boxes: list[Any] = []
        owner: list[int] = []
        for i, fence in enumerate(self.fences):
            west, south, east, north = _box(fence.shape)
            # A circle over the antimeridian stands in the tree on both sides.
            for shift in (0.0, 360.0 if west < -180 else None, -360.0 if east > 180 else None):
                if shift is not None:
                    boxes.append(shapely.box(west + shift, south, east + shift, north))
                    owner.append(i)
        self._owner = np.array(owner, dtype=np.int64)
        self._tree = shapely.STRtree(boxes)

    def __len__(self) -> int:
        return len(self.fences)

    def number_of(self, fence_id: str) -> int | None:
        return self._number.get(fence_id)

    def get(self, fence_id: str) -> Fence | None:
        number = self._number.get(fence_id)
        return self.fences[number] if number is not None else None

    def locate(self, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """All (point, fence) pairs where the fence holds the point, sorted by point then fence."""
        none = np.empty(0, dtype=np.int64)
        if not len(self.fences) or not len(lat_deg):
            return none, none
        points: Any = shapely.points(lon_deg, lat_deg)
        point_no, box_no = self._tree.query(points)
        fence_no = self._owner[box_no]
        circle = self._is_circle[fence_no]
        keep = np.zeros(len(fence_no), dtype=bool)
        if circle.any():
            p, f = point_no[circle], fence_no[circle]
            keep[circle] = self._circle_distance(f, lat_deg[p], lon_deg[p]) <= self._radius[f]
        area = ~circle
        if area.any():
            keep[area] = shapely.covers(self._geometry[fence_no[area]], points[point_no[area]])
        pairs = np.unique(np.column_stack([point_no[keep], fence_no[keep]]), axis=0)
        return pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)

    def _circle_distance(self, fence_no: Ints, lat_deg: Floats, lon_deg: Floats) -> Floats:
        lat0, lat1 = self._lat[fence_no], np.radians(lat_deg)
        a = np.sin((lat1 - lat0) / 2) ** 2
        a += np.cos(lat0) * np.cos(lat1) * np.sin(np.radians(lon_deg - self._lon[fence_no]) / 2) ** 2
        return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, a)))

    def distance_m(self, fence_no: int, lat_deg: float, lon_deg: float, inside: bool) -> float:
        """Signed distance to the fence's border in metres, negative inside. `inside` is what `locate` said of this point."""
        fence = self.fences[fence_no].shape
        if isinstance(fence, Circle):
            return haversine_m(fence.lat_deg, fence.lon_deg, lat_deg, lon_deg) - fence.radius_m
        edges = self._edges.get(fence_no)
        if edges is None:
            edges = self._edges[fence_no] = _segments(fence)
        # A plane that touches the earth at the point: exact enough where it matters, near the point.
        k_lon = _METRES_PER_DEGREE * math.cos(math.radians(lat_deg))
        x0 = _wrap(edges[:, 0] - lon_deg) * k_lon
        y0 = (edges[:, 1] - lat_deg) * _METRES_PER_DEGREE
        dx = (edges[:, 2] - edges[:, 0]) * k_lon
        dy = (edges[:, 3] - edges[:, 1]) * _METRES_PER_DEGREE
        length2 = dx * dx + dy * dy
        along = -(x0 * dx + y0 * dy) / np.where(length2 == 0, 1.0, length2)
        along = np.clip(along, 0.0, 1.0)
        distance = float(np.sqrt(np.min((x0 + along * dx) ** 2 + (y0 + along * dy) ** 2)))
        return -distance if inside else distance

    def crossed(
        self, lat0_deg: float, lon0_deg: float, lat1_deg: float, lon1_deg: float, skip: AbstractSet[str] = frozenset()
    ) -> list[tuple[int, float]]:
        """Fences (but for the ids in `skip`) that the straight way between two points passes, each with its depth there in metres.

        Ways over the antimeridian or longer than 20 km are not judged: nobody knows them to be straight.
        """
        if (
            not len(self.fences)
            or abs(lon1_deg - lon0_deg) > 180
            or haversine_m(lat0_deg, lon0_deg, lat1_deg, lon1_deg) > 20_000
        ):
            return []
        line = shapely.linestrings([[lon0_deg, lat0_deg], [lon1_deg, lat1_deg]])
        found: list[tuple[int, float]] = []
        for fence_no in sorted({int(self._owner[b]) for b in self._tree.query(line)}):
            if self.fences[fence_no].id in skip:
                continue
            depth = self._depth_on_way(fence_no, (lat0_deg, lon0_deg), (lat1_deg, lon1_deg), line)
            if depth > 0:
                found.append((fence_no, depth))
        return found

    def _depth_on_way(self, fence_no: int, start: tuple[float, float], end: tuple[float, float], line: Any) -> float:
        shape = self.fences[fence_no].shape
        if isinstance(shape, Area):
            chord = cast("Any", shapely).intersection(shape.geometry, line)
            if chord.is_empty or chord.length == 0:
                return 0.0
            longest = max(shapely.get_parts(chord), key=lambda part: part.length)
            middle = longest.interpolate(0.5, normalized=True)
            return -self.distance_m(fence_no, middle.y, middle.x, inside=True)
        k_lon = _METRES_PER_DEGREE * math.cos(math.radians(shape.lat_deg))
        x0, y0 = (start[1] - shape.lon_deg) * k_lon, (start[0] - shape.lat_deg) * _METRES_PER_DEGREE
        x1, y1 = (end[1] - shape.lon_deg) * k_lon, (end[0] - shape.lat_deg) * _METRES_PER_DEGREE
        dx, dy = x1 - x0, y1 - y0
        length2 = dx * dx + dy * dy
        along = 0.0 if length2 == 0 else min(1.0, max(0.0, -(x0 * dx + y0 * dy) / length2))
        return shape.radius_m - math.hypot(x0 + along * dx, y0 + along * dy)


def _wrap(degrees: Floats) -> Floats:
    """Longitude differences brought into -180..180."""
    return (degrees + 180.0) % 360.0 - 180.0
