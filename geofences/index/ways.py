"""Which fences a straight way between two points passes, and how deep.

Owns the walk over the cells of a way, and the depth. Straight means straight in degrees, the shorter way around. Ways
longer than `LONGEST_M` are not judged: nobody knows them to be straight. It must not know ids or time.
"""

from __future__ import annotations

import math

import numpy as np

from geofences.index.arrays import (
    AREA,
    AREA_FLOATS,
    AREA_INTS,
    CIRCLE,
    CIRCLE_FIELDS,
    INTERIOR,
    KIND_BITS,
    KIND_MASK,
    PIECE_FIELDS,
    Arrays,
)
from geofences.index.covering import MARGIN_DEG, clipped
from geofences.index.distance import distances_m
from geofences.index.exact import in_areas
from geofences.index.grid import COLUMNS_PER_DEGREE, LAST_COLUMN, Bools, Floats, Ints, keys_of
from geofences.index.locate import at_block, at_tile, band_and_across, entries_of
from geofences.index.packing import ranges
from geofences.shapes import EARTH_RADIUS_M, METRES_PER_DEGREE

LONGEST_M = 20_000.0
WAYS = 1 << 14
"""Ways looked at together."""


def may_cross(arrays: Arrays, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Bools:
    """False: the way surely passes no fence (or is too long to be judged). True: it may."""
    out = np.zeros(len(lat0), dtype=bool)
    for start in range(0, len(lat0), WAYS):
        some = slice(start, start + WAYS)
        way, entry = candidates(arrays, lat0[some], lon0[some], lat1[some], lon1[some])
        out[start + way[reached(arrays, entry, *(a[some][way] for a in (lat0, lon0, lat1, lon1)))]] = True
    return out


def candidates(arrays: Arrays, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> tuple[Ints, Ints]:
    """Pairs (way, entry) of all entries in cells, blocks and tiles that a way touches; pairs may come more than once."""
    judged = np.flatnonzero(_judged(lat0, lon0, lat1, lon1))
    lat0, lon0, lat1 = lat0[judged], lon0[judged], lat1[judged]
    end = lon0 + shorter(lon1[judged] - lon0)
    none = np.zeros(1)
    owner, row, west, east, _ = clipped(lon0, lat0, end, lat1, judged, 0, none, none, MARGIN_DEG)
    band = row >> 11
    per_degree, around = COLUMNS_PER_DEGREE[band], LAST_COLUMN[band] + 1
    first = np.floor((west - MARGIN_DEG + 180.0) * per_degree).astype(np.int64)
    many = np.floor((east + MARGIN_DEG + 180.0) * per_degree).astype(np.int64) - first + 1
    way, around, row = np.repeat(owner, many), np.repeat(around, many), np.repeat(row, many)
    column = np.repeat(first, many) + ranges(many)
    # The point 180 lies in the last column, so what begins at +-180 looks at both sides.
    edge = np.flatnonzero((column % around == 0) | (column % around == around - 1))
    way = np.concatenate([way, way[edge]])
    row = np.concatenate([row, row[edge]])
    around = np.concatenate([around, around[edge]])
    column = np.mod(np.concatenate([column, np.where(column[edge] % around[edge] == 0, -1, 0)]), around)
    return _entries(arrays, way, keys_of(row, column, 0))


def _entries(arrays: Arrays, way: Ints, cell: Ints) -> tuple[Ints, Ints]:
    """All entries of the cells, of their blocks and of their tiles."""
    tile, block, line, bit = cell >> 22, (cell >> 10) & 4095, (cell >> 5) & 31, (cell & 31).astype(np.uint64)
    band, across = band_and_across(tile)
    number = at_block(arrays, arrays.root_cells, band, across, block).astype(np.int64)
    word = arrays.rows[(number << 5) | line]
    below = word & ((np.uint64(1) << bit) - np.uint64(1))
    held = ((word >> bit) & np.uint64(1)).astype(bool)
    number = np.where(held, (word >> np.uint64(32)).astype(np.int64) + np.bitwise_count(below), 0)
    of_block = at_block(arrays, arrays.root_blocks, band, across, block)
    number = np.concatenate([number, of_block, at_tile(arrays, arrays.root_tiles, band, across)])
    some = np.flatnonzero(number)
    return entries_of(arrays, np.tile(way, 3)[some], number[some])


def _judged(lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Bools:
    """On the earth and not too long; by a little more than `LONGEST_M`, so that rounding never hides a way."""
    good = (np.abs(lat0) <= 90) & (np.abs(lat1) <= 90) & (np.abs(lon0) <= 180) & (np.abs(lon1) <= 180)
    with np.errstate(invalid="ignore"):
        s = np.sin(np.radians(lat1 - lat0) / 2)
        t = np.sin(np.radians(lon1 - lon0) / 2)
        a = s * s + np.cos(np.radians(lat0)) * np.cos(np.radians(lat1)) * (t * t)
        return good & (a <= math.sin(LONGEST_M / EARTH_RADIUS_M / 2 * 1.000001) ** 2)


def shorter(degrees: Floats) -> Floats:
    """Differences of longitude the shorter way around."""
    return degrees - 360.0 * np.rint(degrees / 360.0)


def reached(arrays: Arrays, entry: Ints, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Ints:
    """Positions of the pairs that may really cross: circles by their distance, areas by their bounds."""
    kind, slot = entry & KIND_MASK, entry >> KIND_BITS
    reached = np.ones(len(entry), dtype=bool)
    at = np.flatnonzero((kind == CIRCLE) | ((kind == INTERIOR) & (arrays.kind[slot] == CIRCLE)))
    if len(at):
        reached[at] = depth_in_circles(arrays, slot[at], lat0[at], lon0[at], lat1[at], lon1[at]) > -0.01
    at = np.flatnonzero(kind == AREA)
    if len(at):
        box = arrays.area_floats.reshape(-1, AREA_FLOATS)[arrays.item[slot[at]]]
        end = lon0[at] + shorter(lon1[at] - lon0[at])
        west, east = np.minimum(lon0[at], end), np.maximum(lon0[at], end)
        apart = (np.maximum(lat0[at], lat1[at]) < box[:, 1] - MARGIN_DEG) | (np.minimum(lat0[at], lat1[at]) > box[:, 3] + MARGIN_DEG)
        beside = (east < box[:, 0] - MARGIN_DEG) | (west > box[:, 2] + MARGIN_DEG)
        reached[at] = ~apart & ~(beside & (west > -180.0) & (east < 180.0))
    return np.flatnonzero(reached)


def depth_in_circles(arrays: Arrays, slot: Ints, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Floats:
    """How far inside its circle each way comes at its nearest to the centre; negative: it passes beside."""
    record = arrays.circles.reshape(-1, CIRCLE_FIELDS)[arrays.item[slot]]
    k_lon = METRES_PER_DEGREE * record[:, 3]
    x, y = shorter(lon0 - record[:, 1]) * k_lon, (lat0 - record[:, 0]) * METRES_PER_DEGREE
    dx, dy = shorter(lon1 - lon0) * k_lon, (lat1 - lat0) * METRES_PER_DEGREE
    length2 = dx * dx + dy * dy
    along = np.clip(-(x * dx + y * dy) / np.where(length2 == 0, 1.0, length2), 0.0, 1.0)
    nearest = np.hypot(x + along * dx, y + along * dy)
    # Near a pole the plane is bent; the ends of the way at least are measured on the sphere.
    return record[:, 2] - np.minimum.reduce([nearest, _away(record, lat0, lon0), _away(record, lat1, lon1)])


def _away(record: Floats, lat_deg: Floats, lon_deg: Floats) -> Floats:
    """Metres on the sphere from the centres of circles."""
    s, t = np.sin(np.radians(lat_deg - record[:, 0]) / 2), np.sin(np.radians(lon_deg - record[:, 1]) / 2)
    a = s * s + record[:, 3] * np.cos(np.radians(lat_deg)) * (t * t)
    return 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(1.0, a)))


def crossed(arrays: Arrays, lat0: float, lon0: float, lat1: float, lon1: float) -> list[tuple[int, float]]:
    """Slots that the way passes, each with its depth there in metres; in order of slot."""
    ends = tuple(np.array([v], dtype=np.float64) for v in (lat0, lon0, lat1, lon1))
    _, entry = candidates(arrays, *ends)
    if not len(entry):
        return []
    found: list[tuple[int, float]] = []
    for slot in np.unique(entry >> KIND_BITS).tolist():
        kind = int(arrays.kind[slot])
        if kind == CIRCLE:
            depth = float(depth_in_circles(arrays, np.array([slot]), *ends)[0])
        elif kind == AREA:
            depth = _depth_in_area(arrays, slot, lat0, lon0, lat1, float(shorter(ends[3] - ends[1])[0]))
        else:
            depth = _depth_in_corridor(arrays, slot, *ends)
        if depth > 0:
            found.append((slot, depth))
    return found


def _depth_in_area(arrays: Arrays, slot: int, lat0: float, lon0: float, lat1: float, dlon: float) -> float:
    """Distance to the border from the middle of the longest part of the way that lies inside."""
    item = int(arrays.item[slot])
    first, end = arrays.area_ints.reshape(-1, AREA_INTS)[item, :2].tolist()
    vertices = arrays.vertices.reshape(-1, 2)[first:end]
    x, y = shorter(vertices[:, 0] - lon0), vertices[:, 1] - lat0
    dlat = lat1 - lat0
    ex, ey = shorter(np.diff(vertices[:, 0])), np.diff(vertices[:, 1])
    turn = dlon * ey - dlat * ex
    with np.errstate(divide="ignore", invalid="ignore"):
        along = (x[:-1] * ey - y[:-1] * ex) / turn
        on_edge = (x[:-1] * dlat - y[:-1] * dlon) / turn
        cuts = along[(along > 0) & (along < 1) & (on_edge >= -1e-9) & (on_edge <= 1 + 1e-9)]
    turned = (math.copysign(180.0, dlon) - lon0) / dlon if dlon and abs(lon0 + dlon) > 180.0 else 1.0
    stops = np.unique(np.concatenate([[0.0], cuts, [turned, 1.0]]))
    middle = (stops[1:] + stops[:-1]) / 2
    lat, lon = lat0 + middle * dlat, shorter(lon0 + middle * dlon)
    items = np.full(len(middle), item, dtype=np.int64)
    inside, unsure = in_areas(arrays, items, lat, lon)
    inside |= unsure
    longest, best = 0.0, 0.0
    begin: float | None = None
    for number, held in enumerate([*inside.tolist(), False]):
        if held and begin is None:
            begin = float(stops[number])
        elif not held and begin is not None:
            if stops[number] - begin > longest:
                longest, best = float(stops[number]) - begin, (float(stops[number]) + begin) / 2
            begin = None
    if longest == 0.0:
        return 0.0
    at = np.array([lat0 + best * dlat]), shorter(np.array([lon0 + best * dlon]))
    return -float(distances_m(arrays, np.array([slot]), *at, np.array([True]))[0])


def _depth_in_corridor(arrays: Arrays, slot: int, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> float:
    """How far inside the corridor the way comes at its nearest to the line."""
    item = int(arrays.item[slot])
    first, end = arrays.area_ints.reshape(-1, AREA_INTS)[item, :2].tolist()
    buffer_m = float(arrays.area_floats[item * AREA_FLOATS + 5])
    lon, lat, k_lon, dx, dy, length2 = arrays.pieces.reshape(-1, PIECE_FIELDS)[first:end].T
    ax, ay = shorter(lon0 - lon) * k_lon, (lat0 - lat) * METRES_PER_DEGREE
    wx, wy = shorter(lon1 - lon0) * k_lon, (lat1 - lat0) * METRES_PER_DEGREE
    wy = np.broadcast_to(wy, wx.shape)

    def away(px: Floats, py: Floats, qx: Floats, qy: Floats, square: Floats) -> Floats:
        """Squared distance of the origin-relative point p from the stretch 0..q."""
        t = np.clip((px * qx + py * qy) / np.where(square == 0, 1.0, square), 0.0, 1.0)
        return (px - t * qx) ** 2 + (py - t * qy) ** 2

    way2 = wx * wx + wy * wy
    turn = dx * wy - dy * wx
    with np.errstate(divide="ignore", invalid="ignore"):
        s, t = (ax * wy - ay * wx) / turn, (ax * dy - ay * dx) / turn
    meet = (s >= 0) & (s <= 1) & (t >= 0) & (t <= 1)
    nearest = np.minimum.reduce(
        [
            away(ax, ay, dx, dy, length2),
            away(ax + wx, ay + wy, dx, dy, length2),
            away(-ax, -ay, wx, wy, way2),
            away(dx - ax, dy - ay, wx, wy, way2),
        ]
    )
    return buffer_m - math.sqrt(float(np.where(meet, 0.0, nearest).min()))
