"""Fences and fixes to measure with, the same ones every time: cities of circles and store-like polygons, and people walking in them.

Owns the workloads. W1, W2, W3 have 10,000, 100,000 and 1,000,000 fences in 50 cities, W2Z is W2 with 500 large zones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geofences.index.fence import Fence
from geofences.index.grid import Floats, Ints
from geofences.shapes import METRES_PER_DEGREE, Area, Circle, Shape

CITIES = 50
DEVICES = 50_000
SIZES = {"W1": 10_000, "W2": 100_000, "W3": 1_000_000, "W2Z": 100_000}
ZONES = 500
CITY_KM = 27.0
"""Radius of a city that holds 2,000 fences; it grows and shrinks with their number, so that one fix in twenty is inside a fence."""
LATE = 0.03


@dataclass(frozen=True, slots=True)
class Fixes:
    """Columns in order of arrival: 3 in 100 arrive late."""

    device_no: Ints
    at_s: Floats
    lat_deg: Floats
    lon_deg: Floats


def cities(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """(lat, lon) of the cities' middles; one of them lies on the antimeridian."""
    lat, lon = rng.uniform(-55, 65, CITIES), rng.uniform(-180, 180, CITIES)
    lat[0], lon[0] = -16.9, 180.0
    return lat, lon


def fences(name: str, count: int | None = None) -> list[Fence]:
    """The fences of a workload, or `count` of its kind."""
    count = count or SIZES[name]
    rng = np.random.default_rng(20_261_121)
    lat, lon = _spread(rng, count, count)
    circles = count * 6 // 10
    radius = rng.uniform(30, 300, circles)
    shapes: list[Shape] = [
        Circle(*at) for at in zip(lat[:circles].tolist(), lon[:circles].tolist(), radius.tolist(), strict=True)
    ]
    shapes += [Area(g) for g in _stores(rng, lat[circles:], lon[circles:])]
    if name == "W2Z":
        shapes += [Area(g) for g in _zones(rng, count)]
    order = rng.permutation(len(shapes)).tolist()
    return [Fence(f"fen_{n:07d}", f"plc_{n:07d}", f"Fence {n}", shapes[i]) for n, i in enumerate(order)]


def fixes(count: int, fence_count: int) -> Fixes:
    """Fixes of people walking in the cities of `fence_count` fences, in order of time but for the late ones."""
    rng = np.random.default_rng(7)
    devices = min(DEVICES, max(1, count // 20))
    lat, lon = _spread(np.random.default_rng(20_261_121), devices, fence_count, rng)
    each = -(-count // devices)
    heading = rng.uniform(0, 2 * math.pi, (devices, 1)) + np.cumsum(rng.normal(0, 0.4, (devices, each)), axis=1)
    step_m = 30.0 * rng.uniform(0.2, 1.6, (devices, each))
    north = np.cumsum(step_m * np.cos(heading), axis=1) / METRES_PER_DEGREE
    east = np.cumsum(step_m * np.sin(heading), axis=1) / METRES_PER_DEGREE / np.cos(np.radians(lat))[:, None]
    at_s = 30.0 * np.arange(each) + rng.uniform(0, 30, (devices, 1)) + 1_700_000_000.0
    arrives = at_s + np.where(rng.random(at_s.shape) < LATE, rng.uniform(30, 300, at_s.shape), 0.0)
    order = np.argsort(arrives, axis=None, kind="stable")[:count]
    turned = np.mod(lon[:, None] + east + 180.0, 360.0) - 180.0
    device = np.repeat(np.arange(devices), each)
    columns = (at_s.ravel(), (lat[:, None] + north).ravel(), turned.ravel())
    return Fixes(device[order], *(np.ascontiguousarray(c[order]) for c in columns))


def _spread(
    places: np.random.Generator, count: int, fence_count: int, rng: np.random.Generator | None = None
) -> tuple[Floats, Floats]:
    """`count` points spread evenly over the discs of the cities."""
    city_lat, city_lon = cities(places)
    rng = rng or places
    city = rng.integers(0, CITIES, count)
    radius = CITY_KM * 1000 * math.sqrt(fence_count / 100_000) / METRES_PER_DEGREE
    away, angle = radius * np.sqrt(rng.random(count)), rng.uniform(0, 2 * math.pi, count)
    lat = city_lat[city] + away * np.cos(angle)
    lon = city_lon[city] + away * np.sin(angle) / np.cos(np.radians(city_lat[city]))
    return lat, np.mod(lon + 180.0, 360.0) - 180.0


def _ring(rng: np.random.Generator, lat: float, lon: float, reach_m: float, corners: int) -> Floats:
    """A star-shaped outline around a point, as store outlines are: no edge crosses another."""
    angle = (np.arange(corners) + rng.uniform(0.1, 0.9, corners)) * (2 * math.pi / corners)
    away = reach_m * rng.uniform(0.5, 1.0, corners) / METRES_PER_DEGREE
    x = np.clip(lon + away * np.sin(angle) / math.cos(math.radians(lat)), -180.0, 180.0)
    return np.column_stack([x, lat + away * np.cos(angle)])


def _stores(rng: np.random.Generator, lat: Floats, lon: Floats) -> list[Any]:
    """Polygons: of every 20, two have a hole, one has two parts, and one is a mall with the next three inside it."""
    made: list[Any] = []
    reach, corners = rng.uniform(20, 90, len(lat)), rng.integers(5, 61, len(lat))
    for i, (y, x, r, n) in enumerate(zip(lat.tolist(), lon.tolist(), reach.tolist(), corners.tolist(), strict=True)):
        kind = i % 20
        x = min(max(x, -179.99), 179.99)  # a polygon does not cross the antimeridian; it is cut there  # noqa: PLW2901
        if kind == 5:
            mall = (y, x)
            outline = _ring(rng, y, x, 250.0, n)
        elif 5 < kind < 9:
            y, x = mall[0] + (kind - 7) * 5e-4, mall[1]  # noqa: PLW2901 # pyright: ignore[reportPossiblyUnboundVariable]
            outline = _ring(rng, y, x, r / 2, n)
        else:
            outline = _ring(rng, y, x, r, n)
        middle = np.array([x, y])
        holes = [middle + (outline - middle)[::-1] * 0.3] if kind in (1, 2) else []
        polygon = shapely.Polygon(outline, holes)
        if kind == 3:
            polygon = shapely.MultiPolygon([polygon, shapely.Polygon(_ring(rng, y + 0.003, x, r, n))])
        made.append(polygon)
    return made


def _zones(rng: np.random.Generator, fence_count: int) -> list[Any]:
    lat, lon = _spread(np.random.default_rng(20_261_121), ZONES, fence_count, rng)
    lon = np.clip(lon, -179.5, 179.5)
    reach, corners = rng.uniform(1_000, 12_500, ZONES), rng.integers(20, 200, ZONES)
    every = zip(lat.tolist(), lon.tolist(), reach.tolist(), corners.tolist(), strict=True)
    return [shapely.Polygon(_ring(rng, y, x, r, n)) for y, x, r, n in every]
