"""The shapes a fence may have, and what can be measured of them.

Owns circles, areas and corridors, the distance on the sphere, and the one expression that says how far a point lies from a
corridor's line. Pure: no database, no web. It must not read or mend documents; geometry does.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG), used by every distance in this room."""
METRES_PER_DEGREE = math.radians(1) * EARTH_RADIUS_M
PIECE_M = 1_000.0
"""Lines are cut into pieces no longer than this; each piece is measured in a flat plane of its own."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Circle:
    """All points within `radius_m` of the centre (haversine)."""

    lat_deg: float
    lon_deg: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon or multipolygon in degrees (x = longitude, y = latitude); its border belongs to it."""

    geometry: BaseGeometry


@dataclass(frozen=True, slots=True)
class Corridor:
    """All points within `buffer_m` of a line, as `corridor_distance_m` measures: a street, a promenade, a stretch of rail.

    `geometry` is a LineString or MultiLineString in degrees. Along each of its lines the longitude is continuous: over the
    antimeridian it runs on beyond 180 or -180, never jumps.
    """

    geometry: BaseGeometry
    buffer_m: float


Shape = Circle | Area | Corridor


def haversine_m(lat0_deg: float, lon0_deg: float, lat1_deg: float, lon1_deg: float) -> float:
    """Great-circle distance in metres between two points in degrees."""
    lat0, lat1 = math.radians(lat0_deg), math.radians(lat1_deg)
    a = (
        math.sin((lat1 - lat0) / 2) ** 2
        + math.cos(lat0) * math.cos(lat1) * math.sin(math.radians(lon1_deg - lon0_deg) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, a)))


# -- corridors ---------------------------------------------------------------------------------------------------------


def corridor_pieces(corridor: Corridor) -> Floats:
    """The corridor's line as `(n, 6)` numbers: lon_deg, lat_deg, metres per degree of longitude, dx_m, dy_m, length squared.

    A piece starts at (lon, lat) and runs (dx, dy) metres east and north, straight in degrees as GeoJSON means it, at most
    `PIECE_M` long. Its metres per degree of longitude are those of its middle latitude. All that needs a cosine is in here,
    computed once: a copy of these numbers is all that another implementation of the distance needs.
    """
    found: list[tuple[float, ...]] = []
    for line in shapely.get_parts(corridor.geometry):
        points: list[list[float]] = shapely.get_coordinates(line).tolist()
        for (lon0, lat0), (lon1, lat1) in itertools.pairwise(points):
            k_lon = METRES_PER_DEGREE * math.cos(math.radians((lat0 + lat1) / 2))
            count = max(1, math.ceil(math.hypot((lon1 - lon0) * k_lon, (lat1 - lat0) * METRES_PER_DEGREE) / PIECE_M))
            step_lon, step_lat = (lon1 - lon0) / count, (lat1 - lat0) / count
            for i in range(count):
                lon, lat = lon0 + i * step_lon, lat0 + i * step_lat
                k_lon = METRES_PER_DEGREE * math.cos(math.radians(lat + step_lat / 2))
                dx, dy = step_lon * k_lon, step_lat * METRES_PER_DEGREE
                if dx or dy:
                    found.append((lon, lat, k_lon, dx, dy, dx * dx + dy * dy))
    return np.array(found, dtype=np.float64).reshape(-1, 6)


def corridor_distance_m(pieces: Floats, lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Distance in metres from each point to the line of `corridor_pieces`: the reference every index must equal, bit for bit.

    A corridor holds a point if this is <= its `buffer_m`. For each piece, in this order and rounding after every step
    (no fused multiply-add):

        x = lon0 - lon;  x = (x - 360 * rint(x / 360)) * k_lon        rint: to the nearest, ties to even
        y = (lat0 - lat) * METRES_PER_DEGREE
        t = -(x * dx + y * dy) / length2, held to 0..1
        u = x + t * dx;  v = y + t * dy;  squared = u * u + v * v

    and the distance is the square root of the least `squared`. Against the sphere it is off by less than 0.2 % of the
    distance up to 60 degrees of latitude and 1 % up to 85, for distances up to 5 km; 11 cm of 100 m at the worst.
    """
    out = np.empty(len(lat_deg), dtype=np.float64)
    lon0, lat0, k_lon, dx, dy, length2 = pieces.T
    most = max(1, 2_000_000 // max(1, len(pieces)))  # points at once: what is held in memory stays small
    for start in range(0, len(out), most):
        some = slice(start, start + most)
        x = lon0 - lon_deg[some, None]
        x = (x - 360.0 * np.rint(x / 360.0)) * k_lon
        y = (lat0 - lat_deg[some, None]) * METRES_PER_DEGREE
        t = np.minimum(np.maximum(-(x * dx + y * dy) / length2, 0.0), 1.0)
        u, v = x + t * dx, y + t * dy
        out[some] = np.sqrt(np.min(u * u + v * v, axis=1))
    return out


def corridor_box(corridor: Corridor) -> tuple[float, float, float, float]:
    """Bounds (west, south, east, north) in degrees that surely hold the corridor; west and east may lie beyond +-180."""
    lon, lat, k_lon, dx, dy, _ = corridor_pieces(corridor).T
    wide = corridor.buffer_m / k_lon * 1.000001 + 1e-9
    high = corridor.buffer_m / METRES_PER_DEGREE * 1.000001 + 1e-9
    far_lon, far_lat = lon + dx / k_lon, lat + dy / METRES_PER_DEGREE
    return (
        float(np.min(np.minimum(lon, far_lon) - wide)),
        float(np.min(np.minimum(lat, far_lat)) - high),
        float(np.max(np.maximum(lon, far_lon) + wide)),
        float(np.max(np.maximum(lat, far_lat)) + high),
    )


# -- measures of any shape ---------------------------------------------------------------------------------------------


def area_m2(shape: Shape) -> float:
    """Area in square metres. Polygons by a cylindrical equal-area projection (exact on the sphere but for the bow of an edge);
    corridors as length times width and two round ends a line, with what lies twice in a bend counted twice."""
    if isinstance(shape, Circle):
        return math.pi * shape.radius_m**2
    if isinstance(shape, Corridor):
        lines = len(shapely.get_parts(shape.geometry))
        length_m = float(np.sum(np.sqrt(corridor_pieces(shape)[:, 5])))
        return 2 * shape.buffer_m * length_m + lines * math.pi * shape.buffer_m**2
    scale = math.radians(1) * EARTH_RADIUS_M

    def project(xy: Any) -> Any:
        return np.column_stack([xy[:, 0] * scale, np.sin(np.radians(xy[:, 1])) * EARTH_RADIUS_M])

    return float(shapely.transform(shape.geometry, project).area)


def representative_point(shape: Shape) -> tuple[float, float]:
    """A point (lat, lon in degrees) inside the shape, for a pin on the map; of a corridor, half way along its longest line."""
    if isinstance(shape, Circle):
        return shape.lat_deg, shape.lon_deg
    if isinstance(shape, Corridor):
        parts: list[Any] = list(shapely.get_parts(shape.geometry))
        lines = [corridor_pieces(Corridor(part, shape.buffer_m)) for part in parts]
        pieces = max(lines, key=lambda rows: float(np.sum(np.sqrt(rows[:, 5]))))
        along = np.cumsum(np.sqrt(pieces[:, 5]))
        at = int(np.sum(along < along[-1] / 2))
        lon, lat, k_lon, dx, dy, length2 = pieces[at].tolist()
        part = 1.0 - (float(along[at]) - float(along[-1]) / 2) / math.sqrt(length2)
        lon += part * dx / k_lon
        return lat + part * dy / METRES_PER_DEGREE, lon - 360 * round(lon / 360)
    point = shape.geometry.representative_point()
    return float(point.y), float(point.x)


def watch_circle(shape: Shape) -> Circle:
    """A circle that surely holds the shape, for a phone that can only watch circles and for finding what lies near.

    Not the least one: about the middle of the bounds, out to the farthest point of the border and 2 m more.
    """
    if isinstance(shape, Circle):
        return shape
    line = isinstance(shape, Corridor)
    # Edges are straight in degrees: cut to a tenth of a degree, none bulges more than 1.2 m beyond its ends.
    xy: Floats = shapely.get_coordinates(shapely.segmentize(shape.geometry, 0.1))
    lon, lat = xy[:, 0], xy[:, 1]
    over = np.where(lon < 0, lon + 360.0, lon)  # a shape over the antimeridian is narrower counted from 0 to 360
    if np.ptp(over) < np.ptp(lon):
        lon = over
    mid_lat, mid_lon = float(np.min(lat) + np.max(lat)) / 2, float(np.min(lon) + np.max(lon)) / 2
    reach = max(haversine_m(mid_lat, mid_lon, y, x) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)) + 2.0
    # A corridor's metric is up to 1 % off the sphere's.
    return Circle(mid_lat, mid_lon - 360 * round(mid_lon / 360), reach + (shape.buffer_m * 1.01 if line else 0.0))


def distance_m(shape: Shape, lat_deg: float, lon_deg: float) -> float:
    """Metres from a point to a shape of any size, negative inside. Never too long: for areas far away it may be some per cent short."""
    if isinstance(shape, Circle):
        return haversine_m(shape.lat_deg, shape.lon_deg, lat_deg, lon_deg) - shape.radius_m
    if isinstance(shape, Corridor):
        at = np.array([lat_deg]), np.array([lon_deg])
        return float(corridor_distance_m(corridor_pieces(shape), *at)[0]) - shape.buffer_m
    k_lon = METRES_PER_DEGREE * max(1e-6, math.cos(math.radians(lat_deg)))
    geos, found = cast("Any", shapely), list[float]()
    for turn in (0.0, 360.0, -360.0):

        def flat(xy: Any, turn: float = turn) -> Any:
            return np.column_stack([(xy[:, 0] + turn - lon_deg) * k_lon, (xy[:, 1] - lat_deg) * METRES_PER_DEGREE])

        plane, here = geos.transform(shape.geometry, flat), geos.points(0.0, 0.0)
        if geos.covers(plane, here):
            return -float(geos.distance(geos.boundary(plane), here))
        found.append(float(geos.distance(plane, here)))
    away = min(found)
    # Towards the poles degrees of longitude grow shorter than they are at the point.
    lean = math.tan(math.radians(min(89.0, abs(lat_deg)))) + away / EARTH_RADIUS_M
    return away * max(0.0, 1.0 - 1.1 * away / EARTH_RADIUS_M * lean)
