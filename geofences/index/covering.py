"""Which cells a fence touches, and which lie wholly inside it: conservative, for all fences at once.

Owns the proof obligation of the index: a point inside a fence always lies in a cell of its covering, and a cell called
interior holds only points inside. Both by a margin (`MARGIN_DEG`, 0.1 mm) that dwarfs every rounding error here and in
the reference. It must not know how cells are stored.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from geofences.index import kernel
from geofences.index.arrays import (
    AREA,
    AREA_FLOATS,
    AREA_INTS,
    CIRCLE,
    CIRCLE_FIELDS,
    CORRIDOR,
    INTERIOR,
    KIND_BITS,
    PIECE_FIELDS,
    SLOT_BITS,
)
from geofences.index.grid import (
    BANDS,
    BLOCK,
    CELL,
    COLUMNS_PER_DEGREE,
    LAST_COLUMN,
    TILE,
    Bools,
    Floats,
    Ints,
    keys_of,
)
from geofences.index.packing import Geometry, ranges
from geofences.shapes import EARTH_RADIUS_M, METRES_PER_DEGREE

MARGIN_DEG = 1e-9
MARGIN_RADIANS = 1e-11
BLOCKS_FROM_DEG = 0.03
"""Fences higher or wider than this (3.3 km) stand at blocks, not at cells."""
TILES_FROM_DEG = 1.5
WORK = 1 << 21
"""Rows of edges looked at together: bounds the memory a covering needs."""

Keys = NDArray[np.uint64]
Covering = dict[int, Keys]
"""By level: key of the cell << 26 | slot << 2 | kind, in no order."""


def cover(geometry: Geometry, first_slot: int = 0, slack: float = 1.0) -> Covering:
    """The covering of everything in `geometry`, whose slots count from `first_slot`.

    With `slack` 2 it surely holds all cells of a covering made elsewhere, whose last digits may differ.
    """
    if (module := kernel.active()) is not None:
        g = geometry
        made: tuple[bytes, bytes, bytes] = module.cover(
            g.kind, g.item, g.circles, g.area_floats, g.area_ints, g.vertices, g.pieces, first_slot, slack
        )
        return {level: np.frombuffer(some, dtype=np.uint64) for level, some in zip((CELL, BLOCK, TILE), made, strict=True)}
    found: dict[int, list[Keys]] = {CELL: [], BLOCK: [], TILE: []}
    for level, keys in (*_circles(geometry, first_slot, slack), *_edged(geometry, first_slot, slack * MARGIN_DEG)):
        found[level].append(keys)
    return {level: np.concatenate(keys) if keys else np.empty(0, dtype=np.uint64) for level, keys in found.items()}


def _levels(high_deg: Floats, wide_deg: Floats) -> Ints:
    extent = np.maximum(high_deg, wide_deg)
    return np.where(extent > TILES_FROM_DEG, TILE, np.where(extent > BLOCKS_FROM_DEG, BLOCK, CELL))


def _rows_per_degree(level: int) -> int:
    return 1 << (TILE - level)


def _rows(lat_deg: Floats, level: int) -> Ints:
    per = _rows_per_degree(level)
    return np.clip(np.floor((lat_deg + 90.0) * per), 0, BANDS * per - 1).astype(np.int64)


def _run_keys(row: Ints, first: Ints, last: Ints, entry: Ints, level: int) -> Keys:
    """Keys of all cells of runs: columns first..last of a row (in units of the level), each with its entry."""
    many = last - first + 1
    column = np.repeat(first, many) + ranges(many)
    key = keys_of(np.repeat(row, many), column, level)
    return (key.astype(np.uint64) << np.uint64(SLOT_BITS + KIND_BITS)) | np.repeat(entry, many).astype(np.uint64)


def _wrapped(row: Ints, first: Ints, last: Ints, entry: Ints, level: int) -> Keys:
    """As `_run_keys` for runs in columns of cells that may reach over the antimeridian, brought to the level."""
    band = row >> (TILE - level)
    around = LAST_COLUMN[band] + 1
    whole = last - first + 1 >= around
    first, last = np.where(whole, 0, first), np.where(whole, around - 1, last)
    shift = np.floor_divide(first, around) * around
    first, last = first - shift, last - shift
    over = last >= around
    keys = [_run_keys(row, first >> level, np.minimum(last, around - 1) >> level, entry, level)]
    if over.any():
        rest = (last[over] - around[over]) >> level
        keys.append(_run_keys(row[over], np.zeros(len(rest), dtype=np.int64), rest, entry[over], level))
    return np.concatenate(keys)


# -- circles -----------------------------------------------------------------------------------------------------------


def _circles(geometry: Geometry, first_slot: int, slack: float) -> Iterator[tuple[int, Keys]]:
    at = np.flatnonzero(geometry.kind == CIRCLE)
    if not len(at):
        return
    record = geometry.circles.reshape(-1, CIRCLE_FIELDS)[geometry.item[at]]
    at, record = at[record[:, 2] >= 0], record[record[:, 2] >= 0]
    radius = record[:, 2] / EARTH_RADIUS_M
    high = 2 * np.degrees(radius)
    levels = _levels(high, high)
    for level in (CELL, BLOCK, TILE):
        some = np.flatnonzero(levels == level)
        rows = np.maximum(high[some], 0) * _rows_per_degree(level) + 2
        for part in _parts(rows):
            chosen = some[part]
            if len(chosen):
                yield level, _circle_keys(record[chosen], radius[chosen], at[chosen] + first_slot, level, slack)


def _parts(work: Floats) -> list[slice]:
    """Cuts a list of tasks into runs of about `WORK` each."""
    share = (np.cumsum(work) // WORK).astype(np.int64)
    edges = [0, *(np.flatnonzero(np.diff(share)) + 1).tolist(), len(work)]
    return [slice(a, b) for a, b in itertools.pairwise(edges)]


def _circle_keys(record: Floats, radius: Floats, slot: Ints, level: int, slack: float) -> Keys:
    margin, more = slack * MARGIN_DEG, slack * (MARGIN_RADIANS + radius * 1e-11)
    outer = np.minimum(radius + more, math.pi)
    inner = np.maximum(radius - more, 0.0)
    low, high = record[:, 0] - np.degrees(outer) - margin, record[:, 0] + np.degrees(outer) + margin
    first = _rows(low, level)
    many = _rows(high, level) - first + 1
    who = np.repeat(np.arange(len(slot)), many)
    row = np.repeat(first, many) + ranges(many)
    per = _rows_per_degree(level)
    south = row / per - 90.0 - margin
    north = (row + 1) / per - 90.0 + margin
    lat, lon = record[who, 0], record[who, 1]
    # The circle is widest at the latitude of its tangent meridians, and narrows to both sides of it.
    ratio = np.sin(np.radians(lat)) / np.cos(np.minimum(outer[who], 1.5))
    widest = np.degrees(np.arcsin(np.clip(ratio, -1.0, 1.0)))
    at_widest = np.clip(widest, south, north)
    reach = _half_width(record, outer, who, at_widest)
    reach[outer[who] > 1.5] = 180.0
    inside = np.minimum(_half_width(record, inner, who, south), _half_width(record, inner, who, north))
    inside[(inner[who] <= 0) | (outer[who] > 1.5)] = -1.0
    held = reach >= 0
    who, row, lat, lon, reach, inside = who[held], row[held], lat[held], lon[held], reach[held], inside[held]
    per_degree = COLUMNS_PER_DEGREE[row >> (TILE - level)]
    begin = np.floor((lon - reach - margin + 180.0) * per_degree).astype(np.int64)
    end = np.floor((lon + reach + margin + 180.0) * per_degree).astype(np.int64)
    border = (slot[who] << KIND_BITS) | CIRCLE
    if level == TILE:
        return _wrapped(row, begin, end, border, level)
    begin, end = begin >> level, end >> level
    within = inside > 0
    from_in = np.where(within, (np.floor((lon - inside + margin + 180.0) * per_degree).astype(np.int64) >> level) + 1, end + 1)
    to_in = np.where(within, (np.floor((lon + inside - margin + 180.0) * per_degree).astype(np.int64) >> level) - 1, end)
    none = to_in < from_in
    from_in, to_in = np.where(none, end + 1, from_in), np.where(none, end, to_in)
    runs = ((begin, from_in - 1, border), (from_in, to_in, slot[who] << KIND_BITS | INTERIOR), (to_in + 1, end, border))
    keys = [_around(row[b <= e], b[b <= e], e[b <= e], entry[b <= e], level) for b, e, entry in runs]
    return np.concatenate(keys)


def _around(row: Ints, first: Ints, last: Ints, entry: Ints, level: int) -> Keys:
    """Runs in columns of the level, of which each row has a whole number: what leaves at one side comes in at the other."""
    around = (LAST_COLUMN[row >> (TILE - level)] + 1) >> level
    last = np.minimum(last, first + around - 1)
    many = last - first + 1
    column = np.mod(np.repeat(first, many) + ranges(many), np.repeat(around, many))
    key = keys_of(np.repeat(row, many), column, level)
    return (key.astype(np.uint64) << np.uint64(SLOT_BITS + KIND_BITS)) | np.repeat(entry, many).astype(np.uint64)


def _half_width(record: Floats, radius: Floats, who: Ints, lat_deg: Floats) -> Floats:
    """Half the width in degrees of longitude of each circle at a latitude; -1 where it does not reach, 180 for all around."""
    away = np.radians(lat_deg - record[who, 0])
    left = np.sin(radius[who] / 2) ** 2 - np.sin(away / 2) ** 2
    wide = np.maximum(np.cos(np.radians(lat_deg)), 0.0) * record[who, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        half = np.degrees(2 * np.arcsin(np.sqrt(np.clip(left / wide, 0.0, 1.0))))
    half = np.where(left >= wide, 180.0, half)
    return np.where(left < 0, -1.0, half)


# -- areas and corridors -----------------------------------------------------------------------------------------------


def _edged(geometry: Geometry, first_slot: int, margin: float) -> Iterator[tuple[int, Keys]]:
    at = np.flatnonzero(geometry.kind != CIRCLE)
    if not len(at):
        return
    floats = geometry.area_floats.reshape(-1, AREA_FLOATS)[geometry.item[at]]
    ints = geometry.area_ints.reshape(-1, AREA_INTS)[geometry.item[at]].astype(np.int64)
    some = ints[:, 1] > ints[:, 0]
    at, floats, ints = at[some], floats[some], ints[some]
    area = geometry.kind[at] == AREA
    yield from _areas(geometry, at[area], floats[area], ints[area], first_slot, margin)
    yield from _corridors(geometry, at[~area], floats[~area], ints[~area], first_slot, margin)


def _areas(geometry: Geometry, at: Ints, floats: Floats, ints: Ints, first_slot: int, margin: float) -> Iterator[tuple[int, Keys]]:
    vertices = geometry.vertices.reshape(-1, 2)
    nearest = np.minimum(np.abs(floats[:, 1]), np.abs(floats[:, 3]))
    nearest[(floats[:, 1] < 0) & (floats[:, 3] > 0)] = 0.0
    wide = (floats[:, 2] - floats[:, 0]) * np.cos(np.radians(np.minimum(nearest, 90.0)))
    levels = _levels(floats[:, 3] - floats[:, 1], wide)
    for level in (CELL, BLOCK, TILE):
        some = np.flatnonzero(levels == level)
        if not len(some):
            continue
        many = ints[some, 1] - ints[some, 0]
        for part in _parts((2 * many).astype(np.float64)):
            chosen, edges = some[part], many[part]
            owner = np.repeat(at[chosen] + first_slot, edges)
            vertex = np.repeat(ints[chosen, 0], edges) + ranges(edges)
            last = np.zeros(len(owner), dtype=bool)
            last[np.cumsum(edges) - 1] = True
            y = vertices[vertex, 1]
            good = np.flatnonzero(~last & ~np.isnan(y))
            good = good[~np.isnan(y[good + 1])]
            yield level, _area_keys(vertices, vertex[good], owner[good], level, margin)


def _area_keys(vertices: Floats, vertex: Ints, owner: Ints, level: int, margin: float) -> Keys:
    """Edges make border cells; between them a row's cells are inside or outside as the middle of the row is."""
    x0, y0 = vertices[vertex, 0], vertices[vertex, 1]
    x1, y1 = vertices[vertex + 1, 0], vertices[vertex + 1, 1]
    slot, row, west, east, which = clipped(x0, y0, x1, y1, owner, level, np.zeros(1), np.zeros(1), margin)
    middle = (row + 0.5) / _rows_per_degree(level) - 90.0
    toggles = (y0[which] <= middle) != (y1[which] <= middle)
    band = row >> (TILE - level)
    per_degree, most = COLUMNS_PER_DEGREE[band], LAST_COLUMN[band]
    first = np.clip(np.floor((west - margin + 180.0) * per_degree), 0, most).astype(np.int64) >> level
    last = np.clip(np.floor((east + margin + 180.0) * per_degree), 0, most).astype(np.int64) >> level
    return _filled(slot, row, first, last, toggles, level)


def clipped(
    x0: Floats, y0: Floats, x1: Floats, y1: Floats, owner: Ints, level: int, high: Floats, wide: Floats, margin: float
) -> tuple[Ints, Ints, Floats, Floats, Ints]:
    """Each edge in each row it reaches, widened by `high` and `wide` degrees: owner, row, west, east, number of the edge."""
    per = _rows_per_degree(level)
    low, top = np.minimum(y0, y1) - high - margin, np.maximum(y0, y1) + high + margin
    reaches = (top >= -90.0) & (low <= 90.0)
    first = _rows(low, level)
    many = np.where(reaches, _rows(top, level) - first + 1, 0)
    which = np.repeat(np.arange(len(x0)), many)
    row = np.repeat(first, many) + ranges(many)
    high_of = high if len(high) == 1 else high[which]
    wide_of = wide if len(wide) == 1 else wide[which]
    south = row / per - 90.0 - high_of - 2 * margin
    north = (row + 1) / per - 90.0 + high_of + 2 * margin
    start, step_y, step_x = y0[which], (y1 - y0)[which], (x1 - x0)[which]
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (south - start) / step_y, (north - start) / step_y
    level_edge = step_y == 0
    a, b = np.where(level_edge, 0.0, a), np.where(level_edge, 1.0, b)
    a, b = np.clip(np.minimum(a, b), 0.0, 1.0), np.clip(np.maximum(a, b), 0.0, 1.0)
    from_x, to_x = x0[which] + a * step_x, x0[which] + b * step_x
    return owner[which], row, np.minimum(from_x, to_x) - wide_of, np.maximum(from_x, to_x) + wide_of, which


def _filled(slot: Ints, row: Ints, first: Ints, last: Ints, toggles: Bools, level: int) -> Keys:
    """Border runs, and the interior runs between them."""
    if not len(slot):
        return np.empty(0, dtype=np.uint64)
    # slot, row and column are sorted as one number: 24 + 19 + 20 bits.
    line = (slot << 19) | row
    order = np.argsort((line << 20) | first)
    line, slot, row, first, last = (a[order] for a in (line, slot, row, first, last))
    toggles = toggles[order]
    begins = np.ones(len(line), dtype=bool)
    begins[1:] = line[1:] != line[:-1]
    group = np.cumsum(begins) - 1
    # The farthest column so far in the same row: a running maximum that each group starts above all before it.
    reach = np.maximum.accumulate(last + (group << 20)) - (group << 20)
    crossed = np.cumsum(toggles)
    crossed = crossed - np.repeat(np.concatenate([[0], crossed[:-1]])[begins], np.bincount(group))
    apart = begins.copy()
    apart[1:] |= first[1:] > reach[:-1] + 1
    border_begin = np.flatnonzero(apart)
    border_end = np.concatenate([border_begin[1:], [len(line)]]) - 1
    border = (slot[border_begin] << KIND_BITS) | AREA
    keys = [_run_keys(row[border_begin], first[border_begin], reach[border_end], border, level)]
    gap = np.flatnonzero(apart[1:] & ~begins[1:] & (crossed[:-1] % 2 == 1))
    if len(gap):
        keys.append(_run_keys(row[gap], reach[gap] + 1, first[gap + 1] - 1, (slot[gap] << KIND_BITS) | INTERIOR, level))
    return np.concatenate(keys)


def _corridors(geometry: Geometry, at: Ints, floats: Floats, ints: Ints, first_slot: int, margin: float) -> Iterator[tuple[int, Keys]]:
    pieces = geometry.pieces.reshape(-1, PIECE_FIELDS)
    for number, slot in enumerate((at + first_slot).tolist()):
        some, buffer_m = pieces[ints[number, 0] : ints[number, 1]], float(floats[number, 5])
        if buffer_m < 0:
            continue
        lon, lat, k_lon, dx, dy, _ = some.T
        far_lon, far_lat = lon + dx / k_lon, lat + dy / METRES_PER_DEGREE
        high = np.full(len(some), buffer_m / METRES_PER_DEGREE * 1.000001)
        wide = np.minimum(buffer_m / k_lon * 1.000001, 180.0)
        tall = float(np.maximum(lat, far_lat).max() - np.minimum(lat, far_lat).min() + 2 * high[0])
        across = float(np.maximum(lon, far_lon).max() - np.minimum(lon, far_lon).min())
        level = int(_levels(np.array([tall]), np.array([across * float(k_lon.max()) / METRES_PER_DEGREE]))[0])
        owner = np.full(len(some), slot, dtype=np.int64)
        _, row, west, east, _ = clipped(lon, lat, far_lon, far_lat, owner, level, high, wide, margin)
        per_degree = COLUMNS_PER_DEGREE[row >> (TILE - level)]
        first = np.floor((west - margin + 180.0) * per_degree).astype(np.int64)
        last = np.floor((east + margin + 180.0) * per_degree).astype(np.int64)
        entry = np.full(len(row), slot << KIND_BITS | CORRIDOR, dtype=np.int64)
        yield level, np.unique(_wrapped(row, first, last, entry, level))
