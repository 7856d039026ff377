"""From rings as people write them to the area they mean: mended with a notice where one reading is clear, refused by name where not.

Owns duplicates, rings left open, crossings, holes in the wrong place, members that overlap, the antimeridian and the poles. Pure.
It must not change what a fence covers without saying so: `Noticed` collects what was done, and by how much the area changed.

Edges are straight in degrees, as RFC 7946 says. The result lies within -180..180 and is cut at the antimeridian.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from geofences.shapes import EARTH_RADIUS_M, Area, area_m2

Position = tuple[float, float]
Ring = list[Position]
Noticed = Callable[[str, str], None]

MOST_CROSSINGS = 1_000
MOST_CHANGE = 0.01
"""A ring that crosses itself is mended if that changes its area by no more than this; a bow-tie changes all of it."""


class OutlineRefused(Exception):
    """What is wrong, as a reason and in words."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason, self.text = reason, text


def read_polygon(rings: Sequence[Ring], noticed: Noticed) -> BaseGeometry:
    """The area of one GeoJSON polygon: the first ring without the others. Longitudes may reach to +-540 degrees."""
    shell, turns = _unrolled(_closed(rings[0], "the outer ring", noticed), noticed)
    if turns:
        shell = _round_the_pole(shell, noticed)
    elif _is_clockwise(shell):
        noticed(
            "clockwise_ring", "the outer ring runs clockwise; RFC 7946 asks for counter-clockwise; read as the inside"
        )
    outline = _mended(shell, noticed)
    holes = [_beside(hole, outline) for ring in rings[1:] if (hole := _hole(ring, noticed)) is not None]
    if turns and len(holes) == 1 and shapely.covers(holes[0], outline):
        noticed(
            "rings_swapped", "the hole goes round the pole outside the outer ring; the area between the two is taken"
        )
        outline, holes = holes[0], [outline]
    return _cut(_without(outline, holes, noticed))


def _is_clockwise(ring: Ring) -> bool:
    x0, y0 = ring[0]  # near the origin, or the small areas of shops drown in rounding
    return sum((x - x0) * (v - y0) - (u - x0) * (y - y0) for (x, y), (u, v) in itertools.pairwise(ring)) < 0


def _hole(given: Ring, noticed: Noticed) -> BaseGeometry | None:
    try:
        ring, turns = _unrolled(_closed(given, "a hole", noticed), noticed)
        return _mended(_round_the_pole(ring, noticed) if turns else ring, noticed)
    except OutlineRefused as refused:
        if refused.reason not in ("no_area", "ring_too_short"):
            raise
        noticed("hole_without_area", "a hole encloses nothing and was left out")
        return None


def together(members: list[BaseGeometry], noticed: Noticed) -> BaseGeometry:
    """The area of a multipolygon whose members have been read."""
    several = MultiPolygon([part for member in members for part in _polygons(member)])
    if several.is_valid:
        return several
    noticed("members_merged", "members overlap or share a border; they are taken as one area")
    return _of_area(shapely.union_all(members))


# -- one ring ----------------------------------------------------------------------------------------------------------


def _closed(ring: Ring, what: str, noticed: Noticed) -> Ring:
    kept = [ring[0], *(here for before, here in itertools.pairwise(ring) if here != before)] if ring else []
    if len(kept) < len(ring):
        noticed("repeated_positions", "positions that repeat the one before were left out")
    if len(kept) > 1 and kept[0] != kept[-1]:
        noticed("ring_closed", f"{what} did not end where it begins; it was closed with a straight edge")
        kept.append(kept[0])
    if len(set(kept)) < 3:
        raise OutlineRefused("ring_too_short", f"{what} has fewer than 3 different positions")
    return kept


def _unrolled(ring: Ring, noticed: Noticed) -> tuple[Ring, int]:
    """The ring with longitudes that never jump, and how often it goes round the earth: 0, 1 east, -1 west.

    A step of more than 180 degrees is the short way round, as every program that draws such a shape means it. A step from -180 to
    180 itself may also be drawn along the edge of the map: it is in a ring drawn to a pole, or where the short way leaves no area.
    """
    lons = [x for x, _ in ring]
    if max(lons) <= 180 and min(lons) >= -180 and max(lons) - min(lons) <= 180:
        return ring, 0
    lon: NDArray[np.float64] = np.array(lons)
    steps = np.diff(lon)
    at_edge = np.array([abs(x) == 180 for x, _ in ring])
    at_pole = np.array([abs(y) == 90 for _, y in ring])
    on_edge = (np.abs(steps) == 360) & at_edge[:-1] & at_edge[1:]
    along_pole = (np.abs(steps) > 180) & at_pole[:-1] & at_pole[1:]
    long_way = (np.abs(steps) > 180) & ~along_pole
    if not long_way.any():
        if np.max(np.abs(lon)) > 180:
            if np.ptp(lon) > 360:
                raise OutlineRefused("longitude_out_of_range", "a ring may reach once around the earth, not further")
            noticed(
                "crosses_antimeridian",
                "longitudes beyond 180 degrees were brought back; the shape is cut at the antimeridian",
            )
        return ring, 0
    if np.max(np.abs(lon)) > 180:
        raise OutlineRefused(
            "longitude_ambiguous", "steps of more than 180 degrees beside longitudes beyond 180; cut the shape at 180"
        )
    # Each longitude is its own plus whole turns, so that none is changed by rounding.
    turns = np.concatenate([[0.0], np.cumsum(np.where(long_way, -np.rint(steps / 360), 0.0))])
    if abs(turns[-1]) > 1:
        raise OutlineRefused("longitude_out_of_range", "a ring may reach once around the earth, not further")
    unrolled = [(float(x), p[1]) for x, p in zip(lon + 360 * turns, ring, strict=True)]
    drawn_to_pole = bool(along_pole.any())
    if on_edge[long_way].all() and (drawn_to_pole or (not turns[-1] and Polygon(unrolled).area < 1e-9)):
        return ring, 0
    noticed("crosses_antimeridian", "a step of more than 180 degrees of longitude is read as the short way round")
    return unrolled, int(turns[-1])


def _round_the_pole(ring: Ring, noticed: Noticed) -> Ring:
    lats = [lat for _, lat in ring]
    if min(lats) <= 0 <= max(lats):
        raise OutlineRefused("pole_unclear", "a ring goes round the earth across the equator; close it along a pole")
    north = lats[0] > 0
    pole = 90.0 if north else -90.0
    noticed("holds_pole", f"the ring goes round the {'north' if north else 'south'} pole and is taken to hold it")
    closed = [*ring, (ring[-1][0], pole), (ring[0][0], pole), ring[0]]
    return [here for i, here in enumerate(closed) if i == 0 or here != closed[i - 1]]


def _signed_m2(ring: Ring) -> float:
    """The area a ring goes around, crossings and all, in the same measure as `area_m2`: parts gone round backwards count less."""
    xy = np.array(ring)
    x, y = np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))
    x, y = x - x[0], y - y[0]  # near the origin, or the small areas of shops drown in rounding
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2 * EARTH_RADIUS_M**2


def _mended(ring: Ring, noticed: Noticed) -> BaseGeometry:
    whole = Polygon(np.array(ring))
    if whole.is_valid:
        if whole.area == 0:
            raise OutlineRefused("no_area", "the ring encloses no area")
        return whole
    _count_crossings(ring)
    found = _of_area(shapely.make_valid(whole, method="structure", keep_collapsed=False))
    if found.is_empty or found.area == 0:
        raise OutlineRefused("no_area", "the ring encloses no area")
    before, after = abs(_signed_m2(ring)), area_m2(Area(found))
    change = abs(after - before) / after
    if change > MOST_CHANGE:
        raise OutlineRefused(
            "self_intersection", "a ring crosses itself (a bow-tie); draw the outline without crossings"
        )
    by = f"changed by {100 * change:.2g} %" if change > 1e-7 else "did not change"
    noticed("ring_mended", f"a ring crossed or touched itself; it was mended, its area {by}")
    return found


def _count_crossings(ring: Ring) -> None:
    """Refuse a scribble: mending takes time and memory for every crossing, and there may be a billion."""
    edges: Any = shapely.linestrings(np.stack([np.array(ring[:-1]), np.array(ring[1:])], axis=1))
    tree, met = shapely.STRtree(edges), 0
    start, some = 0, edges[:1]
    while len(some):
        met += len(tree.query(some, predicate="intersects")[0]) - 3 * len(some)  # each meets itself and its neighbours
        if met > 2 * MOST_CROSSINGS:
            raise OutlineRefused("self_intersection", f"a ring crosses itself more than {MOST_CROSSINGS} times")
        start += len(some)
        some = edges[start : start + min(2 * len(some), 500)]


# -- rings together ----------------------------------------------------------------------------------------------------


def _beside(hole: BaseGeometry, outline: BaseGeometry) -> BaseGeometry:
    """The hole a whole turn further where that is nearer to its outline: both may have been written from another side of 180."""
    middle = (outline.bounds[0] + outline.bounds[2] - hole.bounds[0] - hole.bounds[2]) / 2
    turns = math.floor((middle + 180) / 360)
    return affinity.translate(hole, 360.0 * turns) if turns else hole


def _without(outline: BaseGeometry, holes: list[BaseGeometry], noticed: Noticed) -> BaseGeometry:
    if not holes:
        return outline
    if isinstance(outline, Polygon) and all(isinstance(h, Polygon) and not h.interiors for h in holes):
        plain = Polygon(outline.exterior, [*outline.interiors, *(h.exterior for h in holes if isinstance(h, Polygon))])
        if plain.is_valid:
            return plain
    outside = sum(bool(shapely.disjoint(outline, hole) or shapely.touches(outline, hole)) for hole in holes)
    if outside:
        noticed("hole_outside", "a hole lies outside the ring and takes nothing away")
    if outside < len(holes):
        noticed("holes_mended", "holes overlap, touch or reach beyond the ring; what lies in any of them is left out")
    left = _of_area(shapely.difference(outline, shapely.union_all(holes)))
    if left.is_empty or left.area == 0:
        raise OutlineRefused("nothing_left", "the holes leave nothing of the ring")
    return left


def _cut(whole: BaseGeometry) -> BaseGeometry:
    """Cut at every odd multiple of 180 degrees and bring the pieces back between -180 and 180."""
    west, _, east, _ = whole.bounds
    if west >= -180 and east <= 180:
        return whole
    pieces: list[BaseGeometry] = []
    for turn in range(math.floor((west + 180) / 360), math.ceil((east + 180) / 360)):
        window = box(-180 + 360 * turn, -90, 180 + 360 * turn, 90)
        piece = _of_area(shapely.intersection(whole, window))
        if not piece.is_empty:
            moved = affinity.translate(piece, -360.0 * turn)
            pieces.append(shapely.transform(moved, lambda xy: np.clip(xy, [-180, -90], [180, 90])))
    several = MultiPolygon([part for piece in pieces for part in _polygons(piece)])
    return pieces[0] if len(pieces) == 1 else several if several.is_valid else _of_area(shapely.union_all(pieces))


def _polygons(geometry: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]


def _of_area(geometry: BaseGeometry) -> BaseGeometry:
    """What of a geometry has an area: points and lines that an operation leaves behind are dropped."""
    if isinstance(geometry, Polygon):
        return geometry
    found = [polygon for part in shapely.get_parts(geometry) for polygon in _polygons(part)]
    return found[0] if len(found) == 1 else MultiPolygon(found)
