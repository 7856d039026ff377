"""Changing an index under traffic: copy on write, so that whoever holds the snapshot before keeps it.

Owns the growing arrays and the rewriting of blocks. Everything new is appended; what a change replaces stays where it is,
for older snapshots, until the index is built anew. It must not know ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofences.index.arrays import (
    AREA,
    AREA_FLOATS,
    AREA_INTS,
    CIRCLE,
    CIRCLE_FIELDS,
    KIND_BITS,
    LINE,
    LINE_BITS,
    PIECE_FIELDS,
    TABLE,
    TYPES,
    WHOLE_RECORDS,
    Arrays,
)
from geofences.index.build import ENTRY_BITS, listed, row_words
from geofences.index.covering import Covering, Keys, cover
from geofences.index.grid import BLOCK, CELL, TILE, Bools, Ints
from geofences.index.locate import at_block, at_tile, band_and_across, entries_of
from geofences.index.packing import Geometry

ROOTS = ("root_cells", "root_blocks", "root_tiles")
_BITS = np.arange(32, dtype=np.uint64)


NOTHING: Covering = {level: np.empty(0, dtype=np.uint64) for level in (CELL, BLOCK, TILE)}
Rewrite = Callable[[Keys, Keys, Ints, Bools, int, int, int, int], tuple[bytes, bytes, bytes, bytes, bytes]]
"""The kernel's way to do what `_edit_cells` does in numpy."""


class CoveringLost(Exception):
    """A fence to be taken out was not found where it should stand: the index has to be built anew."""


class Store:
    """Arrays with room at their ends, shared by all snapshots that came of one build. One writer at a time."""

    def __init__(self, arrays: Arrays, used: Mapping[str, int] | None = None) -> None:
        self._arrays: dict[str, Any] = dict(arrays.named())
        self.used = {name: len(array) for name, array in arrays.named()} | dict(used or {})
        self.built_bytes = self.bytes_used = sum(self.used[name] * np.dtype(kind).itemsize for name, kind in TYPES.items())
        self.flags = (arrays.has_blocks, arrays.has_tiles)

    def append(self, name: str, data: NDArray[Any]) -> int:
        """Where the data begin. Grows by a half where there is no room: older snapshots keep the smaller array."""
        array, begin = self._arrays[name], self.used[name]
        if not len(data):
            return begin
        end = begin + len(data)
        self.bytes_used += data.nbytes
        if end > len(array):
            larger = np.zeros(-(-(end + end // 2 + 1024) // WHOLE_RECORDS) * WHOLE_RECORDS, dtype=array.dtype)
            larger[:begin] = array[:begin]
            self._arrays[name] = array = larger
        array[begin:end] = data
        self.used[name] = end
        return begin

    def get(self, name: str) -> NDArray[Any]:
        return self._arrays[name]

    def snapshot(self, roots: Mapping[str, NDArray[np.int32]]) -> Arrays:
        """All arrays as they are, with the roots of one snapshot."""
        return Arrays._make((*{**self._arrays, **roots}.values(), *self.flags))


def changed(store: Store, arrays: Arrays, added: Geometry, gone_slots: Ints, rewrite: Rewrite | None) -> tuple[Arrays, int]:
    """The arrays with `added` put in and the slots `gone_slots` taken out, and the first slot of `added`."""
    first_slot = _append_geometry(store, added)
    more = cover(added, first_slot)
    less = cover(_standing(arrays, gone_slots), 0, slack=2.0) if len(gone_slots) else NOTHING
    roots = {name: getattr(arrays, name) for name in ROOTS}
    found = np.zeros(len(gone_slots), dtype=bool)
    for level in (CELL, BLOCK, TILE):
        if not len(more[level]) and not len(less[level]):
            continue
        if level == CELL:
            found |= _edit_cells(store, arrays, roots, more[level], less[level], gone_slots, rewrite)
        else:
            found |= (_edit_blocks if level == BLOCK else _edit_tiles)(store, arrays, roots, more[level], less[level], gone_slots)
    if len(found) and not found.all() and {s for keys in less.values() for s in _slots(keys).tolist()} - set(np.flatnonzero(found).tolist()):
        raise CoveringLost
    store.flags = (store.flags[0] or len(more[BLOCK]) > 0, store.flags[1] or len(more[TILE]) > 0)
    return store.snapshot(roots), first_slot


def _standing(arrays: Arrays, slots: Ints) -> Geometry:
    """The geometry of some slots, where it lies."""
    a = arrays
    return Geometry(
        a.kind[slots], a.item[slots], a.circles, a.area_floats, a.area_ints, a.vertices, a.pieces, a.slab_start, a.slab_edges
    )  # fmt: skip


def _slots(keys: Keys) -> Ints:
    return ((keys >> np.uint64(KIND_BITS)) & np.uint64((1 << (ENTRY_BITS - KIND_BITS)) - 1)).astype(np.int64)


def _append_geometry(store: Store, added: Geometry) -> int:
    """Puts the geometry behind what is there; returns the first slot."""
    vertex, piece = store.used["vertices"] // 2, store.used["pieces"] // PIECE_FIELDS
    slab, edge = store.used["slab_start"], store.used["slab_edges"]
    circle, area = store.used["circles"] // CIRCLE_FIELDS, store.used["area_floats"] // AREA_FLOATS
    ints = added.area_ints.reshape(-1, AREA_INTS)
    kind = added.kind
    if len(ints):
        ints, kind = ints.copy(), kind[kind != CIRCLE]
        ints[:, :2] += np.where(kind == AREA, vertex, piece)[:, None].astype(np.int32)
        ints[:, 2] += slab
    first = store.append("kind", added.kind)
    store.append("item", added.item + np.where(added.kind == CIRCLE, circle, area).astype(np.int32))
    store.append("circles", added.circles)
    if len(ints):
        edges = added.slab_edges.copy()
        for record, of in zip(added.area_ints.reshape(-1, AREA_INTS).tolist(), kind.tolist(), strict=True):
            if record[3]:
                span = slice(added.slab_start[record[2]], added.slab_start[record[2] + record[3]])
                edges[span] += vertex if of == AREA else piece
        store.append("area_floats", added.area_floats)
        store.append("area_ints", ints.ravel())
        store.append("vertices", added.vertices)
        store.append("pieces", added.pieces)
        store.append("slab_start", added.slab_start + np.int32(edge))
        store.append("slab_edges", edges)
    return first


def _kept(cell: Ints, entry: Ints, gone: Ints) -> tuple[Keys, Bools]:
    """Keys without the entries of slots that are gone, and which of these there were."""
    slot = entry >> KIND_BITS
    if not len(gone):
        keep, found = np.ones(len(slot), dtype=bool), np.zeros(0, dtype=bool)
    elif len(gone) == 1:
        keep = slot != gone[0]
        found = np.array([not keep.all()])
    else:
        keep, found = ~np.isin(slot, gone), np.isin(gone, slot)
    return (cell[keep].astype(np.uint64) << np.uint64(ENTRY_BITS)) | entry[keep].astype(np.uint64), found


def _different(keys: NDArray[Any]) -> Ints:
    """Each value once, in order."""
    return np.array(sorted(set(keys.tolist())), dtype=np.int64)


def _append_cells(store: Store, keys: Keys) -> tuple[Ints, int]:
    """Writes the words of sorted keys; returns the cells and the number of the first."""
    cells, words, shared = listed(keys, store.used["shared"])
    store.append("shared", shared)
    return cells, store.append("cells", words)


def _edit_cells(
    store: Store, arrays: Arrays, roots: dict[str, Any], more: Keys, less: Keys, gone: Ints, rewrite: Rewrite | None
) -> Bools:
    if rewrite is not None:
        found = np.zeros(len(gone), dtype=bool)
        used = store.used["cells"], store.used["shared"], store.used["rows"] >> 5, store.used["tables"] >> LINE_BITS
        rows, cells, shared, tables, bands = rewrite(more, less, gone, found, *used)
        store.append("rows", np.frombuffer(rows, dtype=np.uint64))
        store.append("cells", np.frombuffer(cells, dtype=np.uint32))
        store.append("shared", np.frombuffer(shared, dtype=np.uint32))
        store.append("tables", np.frombuffer(tables, dtype=np.int32))
        touched = np.frombuffer(bands, dtype=np.int64)
        root = roots["root_cells"] = roots["root_cells"].copy()
        root[touched] = np.arange(len(touched)) + ((store.used["tables"] >> LINE_BITS) - len(touched))
        return found
    blocks = _different(np.concatenate([more, less]) >> np.uint64(ENTRY_BITS + 10))
    tile, inner = blocks >> 12, blocks & 4095
    number = at_block(arrays, roots["root_cells"], *band_and_across(tile), inner).astype(np.int64)
    words = arrays.rows[(number << 5)[:, None] + np.arange(32)]
    block, line, bit = np.nonzero((words[:, :, None] >> _BITS) & np.uint64(1))
    word = words[block, line]
    below = word & ((np.uint64(1) << bit.astype(np.uint64)) - np.uint64(1))
    cell = (blocks[block] << 10) | (line << 5) | bit
    keys, found = _kept(*entries_of(arrays, cell, (word >> np.uint64(32)).astype(np.int64) + np.bitwise_count(below)), gone)
    cells, first = _append_cells(store, np.sort(np.concatenate([keys, more])))
    made = np.zeros((len(blocks), 32), dtype=np.uint64)
    filled = np.zeros(len(blocks), dtype=bool)
    if len(cells):
        lines, of_lines = row_words(cells, first)
        at = np.searchsorted(blocks, lines >> 5)
        made[at, lines & 31] = of_lines
        filled[at] = True
    begin = store.append("rows", made[filled].ravel()) >> 5
    numbers = np.zeros(len(blocks), dtype=np.int32)
    numbers[filled] = begin + np.arange(int(filled.sum()))
    _put(store, roots, "root_cells", tile, inner, numbers)
    return found


def _put(store: Store, roots: dict[str, Any], root: str, tile: Ints, inner: Ints, numbers: NDArray[np.int32]) -> None:
    """New tables for the tiles, with the numbers at the blocks."""
    tiles = _different(tile)
    made = np.empty(len(tiles), dtype=np.int32)
    band, across = band_and_across(tiles)
    lines = roots[root][band].astype(np.int64) << LINE_BITS
    for i, one in enumerate(tiles.tolist()):
        tables = store.get("tables")
        at = int(tables[lines[i] + across[i]]) << LINE_BITS
        table = tables[at : at + TABLE].copy()
        chosen = tile == one
        table[inner[chosen]] = numbers[chosen]
        made[i] = store.append("tables", table) >> LINE_BITS
    _put_tiles(store, roots, root, tiles, made)


def _put_tiles(store: Store, roots: dict[str, Any], root: str, tile: Ints, numbers: NDArray[np.int32]) -> None:
    """New lines for the bands, with the numbers at the tiles."""
    band, across = band_and_across(tile)
    roots[root] = lines = roots[root].copy()
    for one in _different(band).tolist():
        at = int(lines[one]) << LINE_BITS
        line = store.get("tables")[at : at + LINE].copy()
        chosen = band == one
        line[across[chosen]] = numbers[chosen]
        lines[one] = store.append("tables", line) >> LINE_BITS


def _rewritten(store: Store, arrays: Arrays, touched: Ints, number: Ints, more: Keys, gone: Ints) -> tuple[NDArray[np.int32], Bools]:
    """New cell numbers of blocks or tiles as a whole, 0 where nothing is left."""
    some = np.flatnonzero(number)
    keys, found = _kept(*entries_of(arrays, touched[some], number[some]), gone)
    cells, first = _append_cells(store, np.sort(np.concatenate([keys, more])))
    numbers = np.zeros(len(touched), dtype=np.int32)
    numbers[np.searchsorted(touched, cells)] = first + np.arange(len(cells))
    return numbers, found


def _edit_blocks(store: Store, arrays: Arrays, roots: dict[str, Any], more: Keys, less: Keys, gone: Ints) -> Bools:
    blocks = np.unique(np.concatenate([more, less]) >> np.uint64(ENTRY_BITS)).astype(np.int64)
    tile, inner = blocks >> 12, blocks & 4095
    number = at_block(arrays, roots["root_blocks"], *band_and_across(tile), inner).astype(np.int64)
    numbers, found = _rewritten(store, arrays, blocks, number, more, gone)
    _put(store, roots, "root_blocks", tile, inner, numbers)
    return found


def _edit_tiles(store: Store, arrays: Arrays, roots: dict[str, Any], more: Keys, less: Keys, gone: Ints) -> Bools:
    tiles = np.unique(np.concatenate([more, less]) >> np.uint64(ENTRY_BITS)).astype(np.int64)
    number = at_tile(arrays, roots["root_tiles"], *band_and_across(tiles)).astype(np.int64)
    numbers, found = _rewritten(store, arrays, tiles, number, more, gone)
    _put_tiles(store, roots, "root_tiles", tiles, numbers)
    return found
