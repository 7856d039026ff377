"""Places within places: which fence is part of which, and which are neighbours that a shopper is in one at a time.

Owns the ranks of kinds of place and the test of containment. Pure. It must not know shoppers.
"""

from __future__ import annotations

import shapely

from geofences.geometry import haversine_m
from geofences.shapes import Area, Circle, Corridor, Shape

LEVELS: dict[str, int] = {
    "city": -3,
    "district": -2,
    "airport": -1,
    "mall": -1,
    "market": -1,
    "retail_park": -1,
    "station": -1,
    "department": 1,
    "counter": 2,
    "shelf": 2,
}
"""Ranks of kinds, larger ones first; every other kind is a store's, 0."""

MOST = 9


def level_of(kind: str, given: object = None) -> int | None:
    """The rank of a place: `given` (properties.level, -9 to 9) or else by its kind. None: `given` is no such number."""
    if given is None:
        return LEVELS.get(kind, 0)
    if isinstance(given, bool) or not isinstance(given, int) or not -MOST <= given <= MOST:
        return None
    return given


def holds(outer: Shape, inner: Shape) -> bool:
    """Whether `inner` lies within `outer`. A corridor holds nothing, and lies within something as its middle line does."""
    if isinstance(outer, Corridor):
        return False
    if isinstance(outer, Circle):
        if isinstance(inner, Circle):
            apart_m = haversine_m(outer.lat_deg, outer.lon_deg, inner.lat_deg, inner.lon_deg)
            return apart_m + inner.radius_m <= outer.radius_m
        return all(
            haversine_m(outer.lat_deg, outer.lon_deg, lat, lon) <= outer.radius_m for lon, lat in _corners(inner)
        )
    if isinstance(inner, Circle):
        return bool(shapely.covers(outer.geometry, shapely.Point(inner.lon_deg, inner.lat_deg))) and _clear_of(
            outer, inner
        )
    return bool(shapely.covers(outer.geometry, inner.geometry))


def _corners(shape: Area | Corridor) -> list[tuple[float, float]]:
    return [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(shape.geometry)]


def _clear_of(area: Area, circle: Circle) -> bool:
    """No corner of the area lies within the circle, which is tested at sixteen points of its rim as well."""
    if any(haversine_m(circle.lat_deg, circle.lon_deg, lat, lon) < circle.radius_m for lon, lat in _corners(area)):
        return False
    return all(shapely.covers(area.geometry, shapely.Point(lon, lat)) for lat, lon in circle_rim(circle))


def circle_rim(circle: Circle) -> list[tuple[float, float]]:
    """Sixteen points (lat, lon) on the rim."""
    import math

    from geofences.geometry import EARTH_RADIUS_M

    k = math.degrees(circle.radius_m / EARTH_RADIUS_M)
    wide = k / max(1e-6, math.cos(math.radians(circle.lat_deg)))
    turns = [2 * math.pi * i / 16 for i in range(16)]
    return [(circle.lat_deg + k * math.cos(t), circle.lon_deg + wide * math.sin(t)) for t in turns]
