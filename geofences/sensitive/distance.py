"""How far a fence is from a sensitive place, perimeter to perimeter, in metres on the WGS 84 ellipsoid; never too long.

Owns this measure. Pure. Each place has a plane of its own that touches the ellipsoid there; what of a fence's border may lie within
reach is laid into it. Up to 5 km from the place the plane is true to a millimetre, so that the distance is exact but for how edges
are meant (straight in degrees, as everywhere in this room) and for the metres of circles and corridors, which the room counts on a
sphere: they are taken as large as they may be meant, up to 0.5 % (docs/algorithms/sensitive-places.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geofences.shapes import EARTH_RADIUS_M, Circle, Corridor, Shape, watch_circle

Floats = NDArray[np.float64]

MARGIN_M = 0.5
"""Taken off every distance: more than the measure can be wrong by."""
LARGEST_M = 50_000.0
"""How far a sensitive place may reach from its middle; a fence may be of any size."""
_A_M = 6_378_137.0
_E2 = 0.00669437999014
_PIECE_DEG = 0.002
_geos = cast("Any", shapely)


def _normal_m(lat_deg: float) -> float:
    """Radius of curvature across the meridian, the larger of the two."""
    return _A_M / math.sqrt(1 - _E2 * math.sin(math.radians(lat_deg)) ** 2)


def _widest_m(metres: float, lat_deg: float) -> float:
    """Metres as this room counts them on its sphere, in those of the ellipsoid where that makes them most."""
    return metres * max(1.0, _normal_m(min(89.0, abs(lat_deg) + 1)) / EARTH_RADIUS_M)


def _earth_centred(lon_lat: Floats) -> Floats:
    lon, lat = np.radians(lon_lat[:, 0]), np.radians(lon_lat[:, 1])
    n = _A_M / np.sqrt(1 - _E2 * np.sin(lat) ** 2)
    return np.column_stack([n * np.cos(lat) * np.cos(lon), n * np.cos(lat) * np.sin(lon), n * (1 - _E2) * np.sin(lat)])


class _Plane:
    """East, north (and up) in metres about a point of the ellipsoid."""

    def __init__(self, lat_deg: float, lon_deg: float) -> None:
        lat, lon = math.radians(lat_deg), math.radians(lon_deg)
        self._origin = _earth_centred(np.array([[lon_deg, lat_deg]]))[0]
        self._axes: Floats = np.array(
            [
                [-math.sin(lon), math.cos(lon), 0.0],
                [-math.sin(lat) * math.cos(lon), -math.sin(lat) * math.sin(lon), math.cos(lat)],
                [math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)],
            ]
        )

    def put(self, lon_lat: Floats) -> Floats:
        return (_earth_centred(lon_lat) - self._origin) @ self._axes.T

    def lift(self, xy: Floats) -> Floats:
        """Back to degrees, for drawing: good to a metre or so up to some kilometres away."""
        up = -np.sum(xy**2, axis=1) / (2 * _A_M)
        x, y, z = (np.column_stack([xy, up]) @ self._axes + self._origin).T
        lon, lat = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y) * (1 - _E2)))
        return np.column_stack([lon, lat])

    def lay(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in degrees, its edges cut so short that they stay where they are meant to be."""

        def flat(lon_lat: Floats) -> Floats:
            return self.put(lon_lat)[:, :2]

        return _geos.transform(_geos.segmentize(geometry, _PIECE_DEG), flat)


class Perimeter:
    """A sensitive place made ready to be measured from. `around` surely holds it."""

    def __init__(self, shape: Shape) -> None:
        self.around = watch_circle(shape)
        self._plane = _Plane(self.around.lat_deg, self.around.lon_deg)
        self._pad_m = 0.0
        if isinstance(shape, Circle):
            geometry: BaseGeometry = _geos.Point(shape.lon_deg, shape.lat_deg)
            self._pad_m = _widest_m(shape.radius_m, shape.lat_deg)
        else:
            geometry = shape.geometry
            if isinstance(shape, Corridor):
                self._pad_m = _corridor_m(shape)
        self._points: Any = _geos.points([part.coords[0] for part in _first_lines(geometry)])
        self._flat = self._plane.lay(geometry)
        _geos.prepare(self._flat)

    def distance_m(self, fence: Outline, within_m: float) -> float | None:
        """Metres from the fence's area to this place's, 0 if they touch; None: surely more than `within_m`."""
        if fence.covers(self._points):
            return 0.0
        found = self._to_centre_m(fence) if fence.lines is None else self._to_lines_m(fence, within_m)
        if found is None:
            return None
        away = max(0.0, found - self._pad_m - fence.pad_m - MARGIN_M)
        return away if away <= within_m else None

    def grown(self, distance_m: float) -> BaseGeometry:
        """For drawing."""
        zone = _geos.buffer(self._flat, self._pad_m + distance_m, quad_segs=12)
        return _geos.transform(zone, self._plane.lift)

    def _to_centre_m(self, fence: Outline) -> float:
        """Of a circle: from its centre. It may lie 100 km away: then the plane falls short, and the way is reckoned through the earth."""
        x, y, up = self._plane.put(np.array([[fence.around.lon_deg, fence.around.lat_deg]]))[0].tolist()
        centre = _geos.Point(x, y)
        near = _geos.get_coordinates(_geos.shortest_line(self._flat, centre))[0]
        flat_m = math.hypot(x - near[0], y - near[1])
        chord_m = math.hypot(flat_m, up + (near[0] ** 2 + near[1] ** 2) / (2 * _A_M)) if flat_m > 5_000.0 else flat_m
        return 2 * EARTH_RADIUS_M * math.asin(min(1.0, chord_m / (2 * EARTH_RADIUS_M)))

    def _to_lines_m(self, fence: Outline, within_m: float) -> float | None:
        reach_m = self.around.radius_m * 1.01 + self._pad_m + fence.pad_m + within_m + 10.0
        high = reach_m / 110_500.0
        top = abs(self.around.lat_deg) + high
        wide = 400.0 if top > 89.0 else reach_m / (111_000.0 * math.cos(math.radians(top)))
        found: list[float] = []
        west, _, east, _ = fence.bounds
        for turn in (0.0, 360.0, -360.0):
            lon = self.around.lon_deg + turn
            if lon + wide < west or lon - wide > east:
                continue
            lat = self.around.lat_deg
            near = _geos.clip_by_rect(fence.lines, lon - wide, lat - high, lon + wide, lat + high)
            if not near.is_empty:
                found.append(float(_geos.distance(self._flat, self._plane.lay(near))))
        return min(found, default=None)


class Outline:
    """A fence made ready to be measured to: the border of an area, the line of a corridor, or nothing but the centre of a circle."""

    def __init__(self, shape: Shape) -> None:
        self.around = watch_circle(shape)
        self.lines: BaseGeometry | None = None
        self.pad_m = 0.0
        self.bounds: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
        self._area: BaseGeometry | None = None
        if isinstance(shape, Circle):
            self.pad_m = _widest_m(shape.radius_m, shape.lat_deg)
            return
        self.lines = shape.geometry
        if isinstance(shape, Corridor):
            self.pad_m = _corridor_m(shape)
        else:
            self._area = shape.geometry
            self.lines = cast("BaseGeometry", shape.geometry.boundary)
            _geos.prepare(self._area)
        self.bounds = self.lines.bounds

    def covers(self, points: Any) -> bool:
        """Whether one of them lies in the area; of circles and corridors the distance says it."""
        return self._area is not None and bool(_geos.covers(self._area, points).any())


def _corridor_m(corridor: Corridor) -> float:
    """Half the width at its widest: the room's measure of corridors is up to 0.2 % off the sphere's as far as 60 degrees, 1 % at 85."""
    highest = float(np.max(np.abs(_geos.get_coordinates(corridor.geometry)[:, 1])))
    return _widest_m(corridor.buffer_m, highest) * (1.002 + 0.008 * max(0.0, highest - 60) / 25)


def _first_lines(geometry: BaseGeometry) -> Sequence[Any]:
    parts: list[Any] = list(shapely.get_parts(geometry))
    return [part.exterior if part.geom_type == "Polygon" else part for part in parts]


# -- many places -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sensitive:
    """A sensitive place: `kind` is of kinds.Kind."""

    id: str
    kind: str
    jurisdiction: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest sensitive place of a kind and jurisdiction."""

    sensitive_id: str
    distance_m: float


class SensitiveIndex:
    """All sensitive places; which are near a fence. Circles around both say what need not be measured."""

    def __init__(self, places: Sequence[Sensitive]) -> None:
        self._places = list(places)
        self._ready: dict[int, Perimeter] = {}
        circles = [watch_circle(place.shape) for place in self._places]
        self._at = _unit(circles)
        self._radius_m: Floats = np.array([c.radius_m for c in circles], dtype=np.float64)

    def __len__(self) -> int:
        return len(self._places)

    def near(self, shape: Shape, within_m: float) -> Mapping[tuple[str, str], Near]:
        """By (kind, jurisdiction): the nearest within `within_m` of the fence."""
        found: dict[tuple[str, str], Near] = {}
        if not self._places:
            return found
        outline: Outline | None = None
        least_m = least_distances_m(self._at, self._radius_m, watch_circle(shape))
        order: list[int] = np.argsort(least_m, kind="stable").tolist()
        for number in order:
            if least_m[number] > within_m:
                break
            place = self._places[number]
            known = found.get((place.kind, place.jurisdiction))
            if known is not None and known.distance_m <= max(0.0, float(least_m[number])):
                continue
            outline = outline or Outline(shape)
            away_m = self._perimeter(number).distance_m(outline, within_m)
            if away_m is not None and (known is None or away_m < known.distance_m):
                found[place.kind, place.jurisdiction] = Near(place.id, away_m)
        return found

    def _perimeter(self, number: int) -> Perimeter:
        ready = self._ready.get(number)
        if ready is None:
            ready = self._ready[number] = Perimeter(self._places[number].shape)
        return ready


def _unit(circles: Sequence[Circle]) -> Floats:
    lat: Floats = np.radians(np.array([c.lat_deg for c in circles], dtype=np.float64))
    lon: Floats = np.radians(np.array([c.lon_deg for c in circles], dtype=np.float64))
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def least_distances_m(at: Floats, radius_m: Floats, other: Circle) -> Floats:
    """For circles about points of the unit sphere: metres that are never more than from any of them to `other`."""
    chord = np.linalg.norm(at - _unit([other])[0], axis=1)
    between = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, chord / 2))
    return between * 0.993 - (radius_m + other.radius_m) * 1.013 - 5.0


def places_around(circles: Sequence[Circle], others: Sequence[Circle], within_m: float) -> list[int]:
    """The numbers of those `circles` that may come within `within_m` of one of `others`."""
    if not circles or not others:
        return []
    at, radius_m = _unit(circles), np.array([c.radius_m for c in circles], dtype=np.float64)
    hit = np.zeros(len(circles), dtype=bool)
    for other in others:
        hit |= least_distances_m(at, radius_m, other) <= within_m
    return np.flatnonzero(hit).tolist()


def drawn_around(shape: Shape, distance_m: float) -> BaseGeometry:
    """The zone within `distance_m` of a sensitive place, in degrees, for a map. Must not decide anything."""
    return Perimeter(shape).grown(distance_m)
