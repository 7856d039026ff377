"""All fences that hold each of many points, in numpy: the path that always works.

Owns the walk from degrees to entries. It must not know how an index is built; what the float filters cannot decide it
leaves to `settle`, which asks the reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofences.index.arrays import AREA, CIRCLE, CORRIDOR, INTERIOR, KIND_BITS, KIND_MASK, LINE_BITS, SHARED, Arrays
from geofences.index.exact import in_areas, in_circles, in_corridors
from geofences.index.grid import COLUMNS_PER_DEGREE, LAST_COLUMN, LAST_ROW, TILES_ACROSS, Bools, Floats, Ints
from geofences.index.packing import ranges

POINTS = 1 << 15
"""Points looked at together: what is held of them stays in the processor's cache."""
_NONE = np.empty(0, dtype=np.int64)

Settle = Callable[[Ints, Floats, Floats], Bools]
"""The reference's own answer for pairs of slot and point (degrees)."""


def locate(arrays: Arrays, lat_deg: Floats, lon_deg: Floats, settle: Settle) -> tuple[Ints, Ints]:
    """Pairs (point, slot) sorted by point, then slot. Points that are not on the earth are in no fence."""
    levels = (arrays.has_blocks, arrays.has_tiles)
    found: list[tuple[Ints, Ints]] = []
    for start in range(0, len(lat_deg), POINTS):
        lat, lon = lat_deg[start : start + POINTS], lon_deg[start : start + POINTS]
        point, slot = _some(arrays, lat, lon, levels, settle)
        if len(point):
            found.append((point + start, slot))
    if not found:
        return _NONE, _NONE
    if len(found) == 1:
        return found[0]
    return np.concatenate([p for p, _ in found]), np.concatenate([s for _, s in found])


def _some(
    arrays: Arrays, lat: Floats, lon: Floats, levels: tuple[bool, bool], settle: Settle
) -> tuple[Ints, Ints]:
    good = (np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0)  # false for NaN
    kept: Ints | None = None
    if not good.all():
        kept = np.flatnonzero(good)
        lat, lon = lat[kept], lon[kept]
    if not len(lat):
        return _NONE, _NONE
    row = ((lat + 90.0) * 2048.0).astype(np.int64)
    np.minimum(row, LAST_ROW, out=row)
    band = row >> 11
    column = ((lon + 180.0) * COLUMNS_PER_DEGREE.take(band)).astype(np.int64)
    np.minimum(column, LAST_COLUMN.take(band), out=column)
    across = column >> 11
    block = ((row & 2016) << 1) | ((column >> 5) & 63)
    number = at_block(arrays, arrays.root_cells, band, across, block).astype(np.int64)
    word = arrays.rows.take((number << 5) | (row & 31))
    bit = (column & 31).astype(np.uint64)
    point = np.flatnonzero((word >> bit) & np.uint64(1))
    word, bit = word[point], bit[point]
    below = word & ((np.uint64(1) << bit) - np.uint64(1))
    cell = (word >> np.uint64(32)).astype(np.int64) + np.bitwise_count(below)
    if levels[0]:
        point, cell = _more(point, cell, at_block(arrays, arrays.root_blocks, band, across, block))
    if levels[1]:
        point, cell = _more(point, cell, at_tile(arrays, arrays.root_tiles, band, across))
    point, slot = _tested(arrays, point, cell, lat, lon, settle)
    if levels[0] or levels[1]:
        order = np.argsort((point << 24) | slot)
        point, slot = point[order], slot[order]
    return (point if kept is None else kept[point]), slot


def at_tile(arrays: Arrays, root: NDArray[np.int32], band: Ints, across: Ints) -> NDArray[np.int32]:
    """What a root says of tiles, by band and number in the band."""
    return arrays.tables.take((root.take(band).astype(np.int64) << LINE_BITS) | across)


def at_block(arrays: Arrays, root: NDArray[np.int32], band: Ints, across: Ints, block: Ints) -> NDArray[np.int32]:
    """What the tables of tiles say of their blocks."""
    return arrays.tables.take((at_tile(arrays, root, band, across).astype(np.int64) << LINE_BITS) + block)


def band_and_across(tile: Ints) -> tuple[Ints, Ints]:
    """Of tiles as keys have them."""
    band = tile // TILES_ACROSS
    return band, tile - band * TILES_ACROSS


def _more(point: Ints, cell: Ints, also: NDArray[Any]) -> tuple[Ints, Ints]:
    more = np.flatnonzero(also)
    return np.concatenate([point, more]), np.concatenate([cell, also[more]])


def entries_of(arrays: Arrays, owner: Ints, cell: NDArray[Any]) -> tuple[Ints, Ints]:
    """Pairs (owner, entry) of all entries of each cell; the owners keep their order."""
    entry = arrays.cells.take(cell)
    several = np.flatnonzero(entry >= SHARED)
    if not len(several):
        return owner, entry.astype(np.int64)
    at = (entry[several] ^ SHARED).astype(np.int64)
    many = np.ones(len(cell), dtype=np.int64)
    many[several] = arrays.shared.take(at)
    begin = np.cumsum(many) - many
    out = np.repeat(entry, many)
    of_several = ranges(many[several])
    out[np.repeat(begin[several], many[several]) + of_several] = arrays.shared.take(np.repeat(at + 1, many[several]) + of_several)
    return np.repeat(owner, many), out.astype(np.int64)


def _tested(
    arrays: Arrays, point: Ints, cell: Ints, lat: Floats, lon: Floats, settle: Settle
) -> tuple[Ints, Ints]:
    """The entries of each point's cell, of which the exact tests are true."""
    point, entry = entries_of(arrays, point, cell)
    kind, slot = entry & KIND_MASK, entry >> KIND_BITS
    inside = kind == INTERIOR
    unsure = _NONE
    border = np.flatnonzero(kind == CIRCLE)
    if len(border):
        p = point[border]
        inside[border], doubt = in_circles(arrays, arrays.item.take(slot[border]), lat[p], lon[p])
        unsure = border[doubt]
    border = np.flatnonzero(kind == AREA)
    if len(border):
        p = point[border]
        inside[border], doubt = in_areas(arrays, arrays.item.take(slot[border]), lat[p], lon[p])
        unsure = np.concatenate([unsure, border[doubt]])
    border = np.flatnonzero(kind == CORRIDOR)
    if len(border):
        p = point[border]
        inside[border] = in_corridors(arrays, arrays.item.take(slot[border]), lat[p], lon[p])
    if len(unsure):
        p = point[unsure]
        inside[unsure] = settle(slot[unsure], lat[p], lon[p])
    held = np.flatnonzero(inside)
    return point[held], slot[held]
