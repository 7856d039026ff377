"""The exact tests at a border, for many pairs at once.

Owns the float filters: what they decide is certain, and so equals the reference; what they cannot decide (points within
rounding error of a border) they say so, and the caller asks the reference itself. It must not know cells.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofences.index.arrays import AREA_FLOATS, AREA_INTS, CIRCLE_FIELDS, PIECE_FIELDS, Arrays
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.packing import ranges, slab_of
from geofences.shapes import METRES_PER_DEGREE

SURE = 4e-15
"""Share of the sum of both products from which the sign of an orientation is certain (the error is below 0.45e-15)."""
PAIRS = 1 << 16
"""Edges or pieces looked at together, about."""


def in_circles(arrays: Arrays, item: NDArray[Any], lat_deg: Floats, lon_deg: Floats) -> tuple[Bools, Bools]:
    """(inside, unsure) of each pair."""
    record = arrays.circles.reshape(-1, CIRCLE_FIELDS)[item]
    lat = np.radians(lat_deg)
    s = np.sin(np.radians(lat_deg - record[:, 0]) / 2)
    t = np.sin(np.radians(lon_deg - record[:, 1]) / 2)
    a = s * s + record[:, 3] * np.cos(lat) * (t * t)
    inside = a <= record[:, 4]
    return inside, ~inside & (a <= record[:, 5])


def in_areas(arrays: Arrays, item: NDArray[Any], lat_deg: Floats, lon_deg: Floats) -> tuple[Bools, Bools]:
    """(inside, unsure) of each pair; the border belongs to the area."""
    pair, edge = _edges_near(arrays, item, lat_deg)
    vertices = arrays.vertices.reshape(-1, 2)
    start, end = vertices[edge], vertices[edge + 1]
    x0, y0, x1, y1 = start[:, 0], start[:, 1], end[:, 0], end[:, 1]
    py = lat_deg[pair]
    up, down = (y0 <= py) & (y1 > py), (y0 > py) & (y1 <= py)
    touching = np.flatnonzero((y1 == py) | (y0 == py))
    on = np.zeros(len(item), dtype=bool)
    if len(touching):
        p, ex0, ey0, ex1, ey1 = pair[touching], x0[touching], y0[touching], x1[touching], y1[touching]
        px, same = lon_deg[p], py[touching]
        hit = ((ey1 == same) & (ex1 == px)) | (
            (ey0 == same) & (ey1 == same) & (np.minimum(ex0, ex1) <= px) & (px <= np.maximum(ex0, ex1))
        )
        on[p[hit]] = True
    cut = np.flatnonzero(up | down)
    pair = pair[cut]
    ax, ay = x0[cut] - lon_deg[pair], y0[cut] - py[cut]
    bx, by = x1[cut] - lon_deg[pair], y1[cut] - py[cut]
    left, right = ax * by, ay * bx
    turn = left - right
    sure = np.abs(turn) > SURE * (np.abs(left) + np.abs(right))
    zero = ((ax == 0) | (by == 0)) & ((ay == 0) | (bx == 0))
    on[pair[zero]] = True
    counted = np.where(up[cut], turn > 0, turn < 0) & sure
    odd = np.bincount(pair[counted], minlength=len(item)) % 2 == 1
    unsure = np.zeros(len(item), dtype=bool)
    unsure[pair[~sure & ~zero]] = True
    return on | (odd & ~unsure), unsure & ~on


def _edges_near(arrays: Arrays, item: NDArray[Any], lat_deg: Floats) -> tuple[Ints, Ints]:
    """Number of the pair and number of the edge (or piece): all edges that can matter to each pair."""
    ints = arrays.area_ints.reshape(-1, AREA_INTS)[item].astype(np.int64)
    slabbed = np.flatnonzero(ints[:, 3] > 0)
    first, many = ints[:, 0], np.maximum(ints[:, 1] - ints[:, 0] - 1, 0)
    if not len(slabbed):
        pair = np.repeat(np.arange(len(item)), many)
        return pair, np.repeat(first, many) + ranges(many)
    floats = arrays.area_floats.reshape(-1, AREA_FLOATS)[item[slabbed]]
    slab = ints[slabbed, 2] + slab_of(lat_deg[slabbed], floats[:, 1], floats[:, 4], ints[slabbed, 3])
    begin = arrays.slab_start[slab].astype(np.int64)
    first, many = first.copy(), many.copy()
    first[slabbed] = begin
    many[slabbed] = arrays.slab_start[slab + 1] - begin
    pair = np.repeat(np.arange(len(item)), many)
    edge = np.repeat(first, many) + ranges(many)
    listed = np.repeat(ints[:, 3] > 0, many)
    edge[listed] = arrays.slab_edges[edge[listed]]
    return pair, edge


def in_corridors(arrays: Arrays, item: NDArray[Any], lat_deg: Floats, lon_deg: Floats) -> Bools:
    """Whether each corridor holds its point: the reference's own expression, piece by piece, so nothing is unsure."""
    inside = np.zeros(len(item), dtype=bool)
    if not len(item):
        return inside
    ints = arrays.area_ints.reshape(-1, AREA_INTS)[item].astype(np.int64)
    # The last piece of a corridor without slabs is no closing vertex: one more than `_edges_near` counts.
    pair, piece = _edges_near(arrays, item, lat_deg)
    plain = np.flatnonzero(ints[:, 3] == 0)
    pair, piece = np.concatenate([pair, plain]), np.concatenate([piece, ints[plain, 1] - 1])
    lon0, lat0, k_lon, dx, dy, length2 = arrays.pieces.reshape(-1, PIECE_FIELDS)[piece].T
    x = lon0 - lon_deg[pair]
    x = (x - 360.0 * np.rint(x / 360.0)) * k_lon
    y = (lat0 - lat_deg[pair]) * METRES_PER_DEGREE
    t = np.minimum(np.maximum(-(x * dx + y * dy) / length2, 0.0), 1.0)
    u, v = x + t * dx, y + t * dy
    buffer_m = arrays.area_floats.reshape(-1, AREA_FLOATS)[item[pair], 5]
    inside[pair[np.sqrt(u * u + v * v) <= buffer_m]] = True
    return inside
