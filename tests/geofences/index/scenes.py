"""Fences and points that are hard for an index: every kind and size, at the equator, the antimeridian and the poles, and points on every border."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely

from geofences.index import Fence, FenceIndex
from geofences.index.reference import SlowIndex
from geofences.shapes import METRES_PER_DEGREE, Area, Circle, Corridor, Shape, corridor_pieces

PLACES = [(60.17, 24.94), (0.0, 180.0), (0.0, -179.99), (89.995, 0.0), (-89.999, 30.0), (78.2, 15.0), (0.0, 0.0), (-16.9, 179.995)]
"""Helsinki, both sides of the antimeridian, both poles, Svalbard, the null island, Taveuni."""

Pairs = set[tuple[int, int]]


def fence(shape: Shape, number: int = 0) -> Fence:
    return Fence(f"f{number}", f"p{number}", f"Fence {number}", shape)


def numbered(shapes: Sequence[Shape]) -> list[Fence]:
    return [fence(shape, number) for number, shape in enumerate(shapes)]


def star(rng: np.random.Generator, lat: float, lon: float, reach_m: float, corners: int, hole: bool) -> Any:
    """An outline around a point, cut at the antimeridian and at 89.9 degrees as RFC 7946 wants it."""
    angle = (np.arange(corners) + rng.uniform(0.05, 0.95, corners)) * (2 * math.pi / corners)
    away = reach_m * rng.uniform(0.3, 1.0, corners) / METRES_PER_DEGREE
    ring = np.column_stack([away * np.sin(angle) / max(0.02, math.cos(math.radians(lat))), away * np.cos(angle)])
    whole = shapely.Polygon(ring + np.array([lon, lat]), [0.3 * ring + np.array([lon, lat])] if hole else [])
    whole = whole if whole.is_valid else whole.buffer(0)
    whole = whole.intersection(shapely.box(-540, -90, 540, 90))
    parts = [shapely.affinity.translate(whole, turn).intersection(shapely.box(-180, -90, 180, 90)) for turn in (0, 360, -360)]
    flat = [p for part in parts for p in shapely.get_parts(part).tolist() if p.geom_type == "Polygon" and p.area > 0]
    return flat[0] if len(flat) == 1 else shapely.MultiPolygon(flat)


def shapes(seed: int, each: int = 40) -> list[Shape]:
    """Circles, areas and corridors of 10 m to 100 km around every place."""
    rng = np.random.default_rng(seed)
    out: list[Shape] = []
    for place_lat, place_lon in PLACES:
        for i in range(each):
            lat = float(np.clip(place_lat + rng.normal(0, 0.02), -90, 90))
            lon = float(np.mod(place_lon + rng.normal(0, 0.02 / max(0.01, math.cos(math.radians(place_lat)))) + 180, 360) - 180)
            size = float(10 ** rng.uniform(1, 5))
            if i % 4 < 2:
                out.append(Circle(lat, lon, size))
            elif i % 4 == 2 and abs(lat) < 89.5:
                out.append(Area(star(rng, lat, lon, size, int(rng.integers(3, 90)), i % 8 == 2)))
            elif abs(lat) < 84:
                steps = rng.normal(0, size / 3e5, (int(rng.integers(1, 30)), 2))
                line = np.cumsum(np.vstack([[lon, lat], steps]), axis=0)
                out.append(Corridor(shapely.LineString(line), float(rng.uniform(5, 500))))
    return out


def points(seed: int, fences: Sequence[Fence], spread: int = 300) -> tuple[Any, Any]:
    """(lat, lon): around every place, on vertices and middles of edges and one float beside them, at the ends of the earth, and nowhere."""
    rng = np.random.default_rng(seed)
    lat: list[Any] = [np.array([90.0, -90.0, 0.0, 0.0, 90.0, -90.0, np.nan, 0.0, 91.0, 0.0, -90.1, np.inf])]
    lon: list[Any] = [np.array([0.0, 180.0, 180.0, -180.0, -180.0, 77.0, 0.0, np.nan, 0.0, 181.0, 0.0, 0.0])]
    for place_lat, place_lon in PLACES:
        for sigma in (0.02, 0.2):
            lat.append(np.clip(place_lat + rng.normal(0, sigma, spread), -90, 90))
            lon.append(np.mod(place_lon + rng.normal(0, sigma / max(0.01, math.cos(math.radians(place_lat))), spread) + 180, 360) - 180)
    for one in fences:
        for y, x in on_border(one.shape):
            for dy, dx in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
                lat.append(np.clip(np.nextafter(y, dy * np.inf) if dy else y, -90, 90))
                lon.append(np.clip(np.nextafter(x, dx * np.inf) if dx else x, -180, 180))
    return np.concatenate([np.atleast_1d(a) for a in lat]).astype(float), np.concatenate([np.atleast_1d(a) for a in lon]).astype(float)


def on_border(shape: Shape) -> Iterator[tuple[Any, Any]]:
    """Points (lat, lon) on the border, as nearly as floats allow."""
    if isinstance(shape, Circle):
        reach = shape.radius_m / METRES_PER_DEGREE
        angle = np.arange(0, 360, 45) * (math.pi / 180)
        sine = np.sin(math.radians(shape.lat_deg)) * math.cos(math.radians(reach))
        sine = sine + math.cos(math.radians(shape.lat_deg)) * math.sin(math.radians(reach)) * np.cos(angle)
        lat = np.degrees(np.arcsin(np.clip(sine, -1, 1)))
        turn = np.arctan2(
            np.sin(angle) * math.sin(math.radians(reach)) * math.cos(math.radians(shape.lat_deg)),
            math.cos(math.radians(reach)) - math.sin(math.radians(shape.lat_deg)) * sine,
        )
        yield lat, np.mod(shape.lon_deg + np.degrees(turn) + 180, 360) - 180
        yield np.array([shape.lat_deg]), np.array([shape.lon_deg])
        return
    if isinstance(shape, Corridor):
        lon, lat, k_lon, dx, dy, length2 = corridor_pieces(shape).T
        side = shape.buffer_m / np.sqrt(length2)
        yield lat + dx * side / METRES_PER_DEGREE, np.mod(lon - dy * side / k_lon + 180, 360) - 180
        return
    xy = shapely.get_coordinates(shape.geometry)[:60]
    yield xy[:, 1], xy[:, 0]
    middle = (xy[1:] + xy[:-1]) / 2
    yield middle[:, 1], middle[:, 0]


def asked(path: str, index: FenceIndex, lat: Any, lon: Any) -> Pairs:
    """All pairs, by one of the paths: a batch, or point by point."""
    if path == "scalar":
        every = zip(lat.tolist(), lon.tolist(), strict=True)
        return {(point, number) for point, at in enumerate(every) for number in index.locate_one(*at)}
    point, number = index.locate(lat, lon)
    pairs = list(zip(point.tolist(), number.tolist(), strict=True))
    assert pairs == sorted(set(pairs)), "pairs are sorted, each once"
    return set(pairs)


def expected(fences: Sequence[Fence], lat: Any, lon: Any) -> Pairs:
    return set(zip(*(a.tolist() for a in SlowIndex(fences).locate(lat, lon)), strict=True))
