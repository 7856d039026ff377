"""How far points lie from the borders of fences, for many pairs at once.

Owns the distances. It must not know cells. Distances to a circle are the sphere's; to an area they are measured in a plane
that touches the earth at the point, which is exact enough where it matters: near the point.
"""

from __future__ import annotations

import numpy as np

from geofences.index.arrays import AREA, AREA_FLOATS, AREA_INTS, CIRCLE, CIRCLE_FIELDS, CORRIDOR, CUT, Arrays
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.packing import ranges
from geofences.shapes import EARTH_RADIUS_M, METRES_PER_DEGREE, corridor_distance_m

EDGES = 1 << 18
"""Edges looked at together, about."""


def distances_m(arrays: Arrays, slot: Ints, lat_deg: Floats, lon_deg: Floats, inside: Bools) -> Floats:
    """Signed metres from each point to its fence's border, negative inside. `inside` is what `locate` said."""
    out = np.empty(len(slot))
    kind, item = arrays.kind[slot], arrays.item[slot].astype(np.int64)
    at = np.flatnonzero(kind == CIRCLE)
    if len(at):
        out[at] = _to_circles(arrays, item[at], lat_deg[at], lon_deg[at])
    at = np.flatnonzero(kind == AREA)
    if len(at):
        many = arrays.area_ints.reshape(-1, AREA_INTS)[item[at], 1].astype(np.int64)
        many -= arrays.area_ints.reshape(-1, AREA_INTS)[item[at], 0]
        share = np.cumsum(many) // EDGES
        for some in np.split(at, np.flatnonzero(np.diff(share)) + 1):
            away = _to_areas(arrays, item[some], lat_deg[some], lon_deg[some])
            out[some] = np.where(inside[some], -away, away)
    for i in np.flatnonzero(kind == CORRIDOR).tolist():
        first, end = arrays.area_ints.reshape(-1, AREA_INTS)[item[i], :2].tolist()
        pieces = arrays.pieces.reshape(-1, 6)[first:end]
        away = float(corridor_distance_m(pieces, lat_deg[i : i + 1], lon_deg[i : i + 1])[0]) if len(pieces) else np.inf
        out[i] = away - arrays.area_floats[item[i] * AREA_FLOATS + 5]
    return out


def _to_circles(arrays: Arrays, item: Ints, lat_deg: Floats, lon_deg: Floats) -> Floats:
    record = arrays.circles.reshape(-1, CIRCLE_FIELDS)[item]
    s = np.sin(np.radians(lat_deg - record[:, 0]) / 2)
    t = np.sin(np.radians(lon_deg - record[:, 1]) / 2)
    a = s * s + record[:, 3] * np.cos(np.radians(lat_deg)) * (t * t)
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, a))) - record[:, 2]


def _to_areas(arrays: Arrays, item: Ints, lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Metres to the nearest edge; infinity for an area without any."""
    ints = arrays.area_ints.reshape(-1, AREA_INTS)[item].astype(np.int64)
    many = np.maximum(ints[:, 1] - ints[:, 0] - 1, 0)
    pair = np.repeat(np.arange(len(item)), many)
    edge = np.repeat(ints[:, 0], many) + ranges(many)
    vertices = arrays.vertices.reshape(-1, 2)
    start, end = vertices[edge], vertices[edge + 1]
    px, py = lon_deg[pair], lat_deg[pair]
    k_lon = (METRES_PER_DEGREE * np.cos(np.radians(lat_deg)))[pair]
    away = start[:, 0] - px
    x = (away - 360.0 * np.rint(away / 360.0)) * k_lon
    y = (start[:, 1] - py) * METRES_PER_DEGREE
    dx = (end[:, 0] - start[:, 0]) * k_lon
    dy = (end[:, 1] - start[:, 1]) * METRES_PER_DEGREE
    length2 = dx * dx + dy * dy
    along = np.clip(-(x * dx + y * dy) / np.where(length2 == 0, 1.0, length2), 0.0, 1.0)
    u, v = x + along * dx, y + along * dy
    squared = u * u + v * v
    # Edges along the antimeridian where the area goes on beyond it, and along a pole, are no border.
    cut = ((ints[:, 4] & CUT) != 0)[pair] & (np.abs(start[:, 0]) == 180.0) & (np.abs(end[:, 0]) == 180.0)
    cut |= (np.abs(start[:, 1]) == 90.0) & (np.abs(end[:, 1]) == 90.0)
    squared[cut | np.isnan(squared)] = np.inf
    out = np.full(len(item), np.inf)
    np.minimum.at(out, pair, squared)
    return np.sqrt(out)
