"""From shapes to flat arrays of geometry: centres, vertices, pieces, slabs.

Owns how geometry lies in memory, and the way back. Everything is done for all fences at once. It must not know the grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import compress, repeat
from typing import Any, NamedTuple, cast

import numpy as np
import shapely
from numpy.typing import NDArray

from geofences.index.arrays import AREA, AREA_FLOATS, AREA_INTS, CIRCLE, CIRCLE_FIELDS, CORRIDOR, CUT, PIECE_FIELDS
from geofences.index.grid import Floats, Ints
from geofences.shapes import EARTH_RADIUS_M, METRES_PER_DEGREE, Area, Circle, Corridor, Shape, corridor_pieces

SLABS_FROM, SLABS_FROM_IF_LARGE = 256, 16
"""Areas and corridors of more vertices than this get slabs: they cost as much memory as the vertices."""
LARGE_DEG = 0.03
MOST_SLABS = 2048
UNSURE_RELATIVE = 4e-12
UNSURE_RADIANS = 2e-14
"""Half-angles closer than this to a circle's own are left to the reference: many times its and our rounding errors."""
POLYGON, MULTIPOLYGON = 3, 6


class Geometry(NamedTuple):
    """The arrays of `Arrays` that hold geometry; numbers count from the offsets given to `pack`."""

    kind: NDArray[np.uint8]
    item: NDArray[np.int32]
    circles: Floats
    area_floats: Floats
    area_ints: NDArray[np.int32]
    vertices: Floats
    pieces: Floats
    slab_start: NDArray[np.int32]
    slab_edges: NDArray[np.int32]


def kinds_of(shapes: Sequence[Shape]) -> NDArray[np.uint8]:
    """CIRCLE, AREA or CORRIDOR of each shape; ValueError names what is none of them."""
    known: dict[type, int] = {Circle: CIRCLE, Corridor: CORRIDOR}
    return np.fromiter(map(known.get, map(type, shapes), repeat(AREA)), dtype=np.uint8, count=len(shapes))


def pack(shapes: Sequence[Shape]) -> Geometry:
    """All shapes as arrays, each numbered within its kind in the order given. ValueError: an area that is no polygon."""
    if not shapes:
        return EMPTY
    if len(shapes) == 1 and (single := _single(shapes[0])) is not None:
        return single
    kind = kinds_of(shapes)
    if (kind == CIRCLE).all():  # the usual change is one circle: it should not pay for what it has not
        item = np.arange(len(shapes), dtype=np.int32)
        return EMPTY._replace(kind=kind, item=item, circles=_circles(cast("list[Circle]", shapes)).ravel())
    item = np.zeros(len(shapes), dtype=np.int32)
    circle_at, other_at = np.flatnonzero(kind == CIRCLE), np.flatnonzero(kind != CIRCLE)
    item[circle_at] = np.arange(len(circle_at))
    item[other_at] = np.arange(len(other_at))
    is_circle = (kind == CIRCLE).tolist()
    circles = _circles(cast("list[Circle]", list(compress(shapes, is_circle))))
    others = [shape for shape, circle in zip(shapes, is_circle, strict=True) if not circle]
    floats = np.zeros((len(others), AREA_FLOATS))
    ints = np.zeros((len(others), AREA_INTS), dtype=np.int32)
    is_area = kind[other_at] == AREA
    vertices = _areas([cast("Area", shape) for shape in others if not isinstance(shape, Corridor)], is_area, floats, ints)
    pieces = _corridors([shape for shape in others if isinstance(shape, Corridor)], ~is_area, floats, ints)
    slab_start, slab_edges = _slabs(is_area, floats, ints, vertices, pieces)
    return Geometry(
        kind, item, circles.ravel(), floats.ravel(), ints.ravel(), vertices.ravel(), pieces.ravel(), slab_start, slab_edges
    )


EMPTY = Geometry(
    np.zeros(0, dtype=np.uint8),
    np.zeros(0, dtype=np.int32),
    np.zeros(0),
    np.zeros(0),
    np.zeros(0, dtype=np.int32),
    np.zeros(0),
    np.zeros(0),
    np.zeros(0, dtype=np.int32),
    np.zeros(0, dtype=np.int32),
)


def _circles(circles: Sequence[Circle]) -> Floats:
    out = np.zeros((len(circles), CIRCLE_FIELDS))
    if not circles:
        return out
    out[:, 0] = [c.lat_deg for c in circles]
    out[:, 1] = [c.lon_deg for c in circles]
    out[:, 2] = radius = np.array([c.radius_m for c in circles])
    out[:, 3] = np.cos(np.radians(out[:, 0]))
    half = radius / (2 * EARTH_RADIUS_M)
    sure_in = np.maximum(half * (1 - UNSURE_RELATIVE) - UNSURE_RADIANS, 0.0)
    sure_out = np.minimum(half * (1 + UNSURE_RELATIVE) + UNSURE_RADIANS, math.pi / 2)
    out[:, 4] = np.where(sure_in > 0, np.sin(sure_in) ** 2, -1.0)
    out[:, 5] = np.sin(sure_out) ** 2
    # Nearly the whole earth: the arc sine loses its digits near the antipode, so the reference decides everything.
    out[half > 1.5, 4:6] = (-1.0, 2.0)
    out[radius < 0, 4:6] = (-1.0, -1.0)
    return out


def _areas(areas: list[Area], where: NDArray[np.bool_], floats: Floats, ints: NDArray[np.int32]) -> Floats:
    """The vertices of all areas; fills their records."""
    if not areas:
        return np.empty((0, 2))
    whole: Any = np.array([a.geometry for a in areas], dtype=object)
    types = shapely.get_type_id(whole)
    known = (types == POLYGON) | (types == MULTIPOLYGON)
    if not known.all():
        wrong = areas[int(np.flatnonzero(~known)[0])].geometry.geom_type
        raise ValueError(f"an area must be a Polygon or MultiPolygon, not {wrong}")
    parts, part_area = _parts(whole, types)
    ring_part, per_ring = _rings(parts)
    ring_area = part_area[ring_part]
    xy = shapely.get_coordinates(whole)  # outlines before their holes, part after part
    parted = np.zeros(len(per_ring), dtype=np.int64)  # one vertex is put between rings of the same area
    parted[1:] = ring_area[1:] == ring_area[:-1]
    before = np.cumsum(parted)
    end_of_ring = np.cumsum(per_ring)
    between = np.flatnonzero(parted)
    pairs = xy.view(np.complex128)[:, 0]  # each vertex as one number, which numpy moves many times quicker than a row of two
    vertices = np.insert(pairs, end_of_ring[between - 1], complex(np.nan, np.nan)).view(np.float64).reshape(-1, 2)
    vertices[end_of_ring[between - 1] + before[between - 1], 0] = ring_part[between] != ring_part[between - 1]
    many = np.bincount(ring_area, minlength=len(areas))
    last = np.cumsum(many)
    filled = many > 0
    begin, end = np.zeros(len(areas), dtype=np.int64), np.zeros(len(areas), dtype=np.int64)
    end[filled] = (end_of_ring + before)[last[filled] - 1]
    first = (last - many)[filled]
    begin[filled] = np.where(first > 0, (end_of_ring + before)[first - 1], 0)
    bounds = shapely.bounds(whole)
    bounds[~filled] = (0.0, 0.0, -1.0, -1.0)
    at = np.flatnonzero(where)
    floats[at, :4] = bounds
    ints[at, 0], ints[at, 1] = begin, end
    ints[at, 4] = np.where((bounds[:, 0] <= -180.0) & (bounds[:, 2] >= 180.0), CUT, 0)
    return vertices


_OF_CIRCLE, _OF_AREA = np.array([CIRCLE], dtype=np.uint8), np.array([AREA], dtype=np.uint8)
_FIRST = np.zeros(1, dtype=np.int32)


def _single(shape: Shape) -> Geometry | None:
    """The usual change is one circle or one plain outline: the same numbers as below, at a tenth of the cost. None: neither."""
    if isinstance(shape, Circle):
        half = shape.radius_m / (2 * EARTH_RADIUS_M)
        if not 0 <= half <= 1.5:
            return None
        inner, outer = half * (1 - UNSURE_RELATIVE) - UNSURE_RADIANS, half * (1 + UNSURE_RELATIVE) + UNSURE_RADIANS
        bounds = math.sin(inner) ** 2 if inner > 0 else -1.0, math.sin(outer) ** 2
        record = np.array([shape.lat_deg, shape.lon_deg, shape.radius_m, math.cos(math.radians(shape.lat_deg)), *bounds])
        return EMPTY._replace(kind=_OF_CIRCLE, item=_FIRST, circles=record)
    if isinstance(shape, Corridor) or shape.geometry.geom_type != "Polygon":
        return None
    xy: Floats = shapely.get_coordinates(shape.geometry)
    if not 0 < len(xy) <= SLABS_FROM_IF_LARGE * 4 or shapely.get_num_interior_rings(shape.geometry):
        return None
    (west, south), (east, north) = xy.min(axis=0).tolist(), xy.max(axis=0).tolist()
    if north - south > LARGE_DEG:
        return None
    floats = np.array([west, south, east, north, 0.0, 0.0])
    flags = CUT if west <= -180.0 and east >= 180.0 else 0
    ints = np.array([0, len(xy), 0, 0, flags], dtype=np.int32)
    return EMPTY._replace(kind=_OF_AREA, item=_FIRST, area_floats=floats, area_ints=ints, vertices=xy.ravel())


def _parts(whole: Any, types: Ints) -> tuple[Any, Ints]:
    """All polygons, and the area each belongs to. Most areas are one polygon, which need not be copied out."""
    several = types == MULTIPOLYGON
    many = np.where(several, shapely.get_num_geometries(whole), 1)
    part_area = np.repeat(np.arange(len(whole)), many)
    parts = np.repeat(whole, many)
    if several.any():
        parts[np.repeat(several, many)] = shapely.get_parts(whole[several])
    return parts, part_area


def _rings(parts: Any) -> tuple[Ints, Ints]:
    """Of each ring the polygon and the number of its vertices. Rings are made only of polygons that have holes."""
    holes = np.maximum(shapely.get_num_interior_rings(parts), 0)
    ring_part = np.repeat(np.arange(len(parts)), np.where(shapely.is_empty(parts), 0, holes + 1))
    per_ring = shapely.get_num_coordinates(parts)[ring_part].astype(np.int64)
    holed = holes > 0
    if holed.any():
        per_ring[holed[ring_part]] = shapely.get_num_coordinates(shapely.get_rings(parts[holed]))
    return ring_part, per_ring


def _corridors(corridors: list[Corridor], where: NDArray[np.bool_], floats: Floats, ints: NDArray[np.int32]) -> Floats:
    """The pieces of all corridors; fills their records."""
    if not corridors:
        return np.empty((0, PIECE_FIELDS))
    each = [corridor_pieces(c) for c in corridors]
    ends = np.cumsum([len(p) for p in each])
    at = np.flatnonzero(where)
    ints[at, 0], ints[at, 1] = ends - [len(p) for p in each], ends
    floats[at, 5] = [c.buffer_m for c in corridors]
    for number, pieces, corridor in zip(at.tolist(), each, corridors, strict=True):
        if len(pieces):
            floats[number, 1], floats[number, 3] = _heights(pieces, corridor.buffer_m)
    return np.concatenate(each)


def _heights(pieces: Floats, buffer_m: float) -> tuple[float, float]:
    high = buffer_m / METRES_PER_DEGREE * 1.000001 + 1e-9
    far = pieces[:, 1] + pieces[:, 4] / METRES_PER_DEGREE
    return float(np.minimum(pieces[:, 1], far).min() - high), float(np.maximum(pieces[:, 1], far).max() + high)


def _slabs(
    is_area: NDArray[np.bool_], floats: Floats, ints: NDArray[np.int32], vertices: Floats, pieces: Floats
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Edges by slab of latitude, for what has many; fills the records. The number of slabs is held so that the lists of all
    slabs together are at most a few times the edges, whatever the shape."""
    least = np.where(floats[:, 3] - floats[:, 1] > LARGE_DEG, SLABS_FROM_IF_LARGE, SLABS_FROM)
    large = np.flatnonzero(ints[:, 1] - ints[:, 0] > least)
    if not len(large):
        return EMPTY.slab_start, EMPTY.slab_edges
    starts: list[Any] = [np.zeros(0, dtype=np.int32)]
    edges: list[Any] = [np.zeros(0, dtype=np.int32)]
    at = filled = 0
    for number in large.tolist():
        first, end = int(ints[number, 0]), int(ints[number, 1])
        low, high, edge = _edge_heights(bool(is_area[number]), first, end, vertices, pieces, float(floats[number, 5]))
        south, height = float(floats[number, 1]), float(floats[number, 3] - floats[number, 1])
        if height <= 0:
            continue
        fair = 3.0 * len(edge) * height / max(float(np.sum(high - low)), 1e-300)
        count = int(max(1, min(MOST_SLABS, len(edge) // 3, fair)))
        scale = count / height
        from_slab = slab_of(low, south, scale, count)
        many = slab_of(high, south, scale, count) - from_slab + 1
        slab = np.repeat(from_slab, many) + ranges(many)
        order = np.argsort(slab, kind="stable")
        starts.append((filled + np.concatenate([[0], np.cumsum(np.bincount(slab, minlength=count))])).astype(np.int32))
        edges.append(np.repeat(edge, many)[order].astype(np.int32))
        floats[number, 4] = scale
        ints[number, 2], ints[number, 3] = at, count
        at, filled = at + count + 1, filled + len(slab)
    return np.concatenate(starts), np.concatenate(edges)


def slab_of(lat_deg: Floats, south: float | Floats, scale: float | Floats, count: int | Ints) -> Ints:
    """The slab of each latitude: the same expression for edges and for points, and it never falls as latitude rises."""
    return np.clip(np.floor((lat_deg - south) * scale), 0, count - 1).astype(np.int64)


def _edge_heights(
    is_area: bool, first: int, end: int, vertices: Floats, pieces: Floats, buffer_m: float
) -> tuple[Floats, Floats, Ints]:
    """Lowest and highest latitude at which each edge or piece can matter, and its number."""
    if is_area:
        y = vertices[first:end, 1]
        edge = np.flatnonzero(~np.isnan(y[:-1]) & ~np.isnan(y[1:]))
        return np.minimum(y[edge], y[edge + 1]), np.maximum(y[edge], y[edge + 1]), edge + first
    some = pieces[first:end]
    high = buffer_m / METRES_PER_DEGREE * 1.000001 + 1e-9
    far = some[:, 1] + some[:, 4] / METRES_PER_DEGREE
    return np.minimum(some[:, 1], far) - high, np.maximum(some[:, 1], far) + high, np.arange(first, end)


def ranges(many: Ints) -> Ints:
    """0, 1, ... many[0] - 1, 0, 1, ... many[1] - 1, and so on."""
    total = int(many.sum())
    begin = np.cumsum(many) - many
    return np.arange(total) - np.repeat(begin, many)


def polygon_of(vertices: Floats) -> Any:
    """The shapely geometry of one area's vertices, `(n, 2)` with the parting vertices between rings."""
    parting = np.flatnonzero(np.isnan(vertices[:, 1]))
    bounds = [-1, *parting.tolist(), len(vertices)]
    polygons: list[list[Any]] = [[]]
    for i in range(len(bounds) - 1):
        if i and vertices[bounds[i], 0] == 1.0:
            polygons.append([])
        polygons[-1].append(vertices[bounds[i] + 1 : bounds[i + 1]])
    made = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons if rings and len(rings[0])]
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)
