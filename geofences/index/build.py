"""From coverings to the arrays that are searched.

Owns the order of keys, the bitmaps and the entries. It must not know geometry.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofences.index.arrays import KIND_BITS, MOST_SLOTS, SHARED, SLOT_BITS, Arrays
from geofences.index.covering import Covering, Keys, cover
from geofences.index.grid import BLOCK, CELL, TILE, TILES, Ints
from geofences.index.packing import Geometry, ranges

ENTRY_BITS = SLOT_BITS + KIND_BITS
ENTRY_MASK = np.uint64((1 << ENTRY_BITS) - 1)
Words = NDArray[np.uint32]


def build(geometry: Geometry) -> Arrays:
    """All arrays from scratch. ValueError: more fences than an entry can name."""
    if len(geometry.kind) > MOST_SLOTS:
        raise ValueError(f"an index holds at most {MOST_SLOTS} fences")
    return assemble(geometry, cover(geometry))


def settled(keys: Keys) -> Keys:
    """Sorted, each fence once a cell: where a cell was called interior and border, border wins."""
    keys = np.sort(keys)
    if len(keys) > 1:
        last = np.ones(len(keys), dtype=bool)
        last[:-1] = (keys[1:] >> np.uint64(KIND_BITS)) != (keys[:-1] >> np.uint64(KIND_BITS))
        keys = keys[last]
    return keys


def assemble(geometry: Geometry, covering: Covering) -> Arrays:
    """The arrays over a covering."""
    # Cell 0 is the empty one; then come those of cells, of whole blocks and of whole tiles.
    words, shared = [np.zeros(1, dtype=np.uint32)], [np.zeros(1, dtype=np.uint32)]
    found: dict[int, Ints] = {}
    filled = 1
    for level in (CELL, BLOCK, TILE):
        found[level], of_level, also = listed(settled(covering[level]), filled)
        words.append(of_level)
        shared.append(also)
        filled += len(also)
    cells, blocks, tiles = found[CELL], found[BLOCK], found[TILE]
    rows, root_cells, tables = _bitmaps(cells)
    root_blocks = np.zeros(TILES, dtype=np.int32)
    used, table = np.unique(blocks >> 12, return_inverse=True)
    root_blocks[used] = np.arange(len(used)) + (len(tables) >> 12)
    more = np.zeros(len(used) << 12, dtype=np.int32)
    more[(table << 12) | (blocks & 4095)] = 1 + len(cells) + np.arange(len(blocks))
    root_tiles = np.zeros(TILES, dtype=np.int32)
    root_tiles[tiles] = 1 + len(cells) + len(blocks) + np.arange(len(tiles))
    return Arrays(
        root_cells, root_blocks, root_tiles, np.concatenate([tables, more]), rows, np.concatenate(words),
        np.concatenate(shared), geometry.kind, geometry.item, geometry.circles, geometry.area_floats, geometry.area_ints,
        geometry.vertices, geometry.pieces, geometry.slab_start, geometry.slab_edges, len(blocks) > 0, len(tiles) > 0,
    )  # fmt: skip


def listed(keys: Keys, shared_from: int) -> tuple[Ints, Words, Words]:
    """Each cell of settled keys once, its word, and what goes to `shared` (which will stand there from `shared_from`)."""
    cell = (keys >> np.uint64(ENTRY_BITS)).astype(np.int64)
    begins = np.ones(len(cell), dtype=bool)
    begins[1:] = cell[1:] != cell[:-1]
    first = np.flatnonzero(begins)
    entries = (keys & ENTRY_MASK).astype(np.uint32)
    words = entries[first]
    many = np.diff(first, append=len(cell))
    several = np.flatnonzero(many > 1)
    if not len(several):
        return cell[first], words, np.empty(0, dtype=np.uint32)
    size = many[several] + 1
    at = np.cumsum(size) - size
    shared = np.repeat(many[several], size).astype(np.uint32)
    inner = ranges(size)
    rest = inner > 0
    shared[rest] = entries[(np.repeat(first[several], size) + inner - 1)[rest]]
    words[several] = (at + shared_from).astype(np.uint32) | SHARED
    return cell[first], words, shared


def _bitmaps(cells: Ints) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.int32]]:
    """Words of all block rows, the root, and the tables; `cells` are sorted and have numbers 1, 2, 3, ..."""
    root = np.zeros(TILES, dtype=np.int32)
    if not len(cells):
        return np.zeros(32, dtype=np.uint64), root, np.zeros(4096, dtype=np.int32)
    line, words = row_words(cells, 1)
    block, number = _numbered(line >> 5)
    rows = np.zeros((len(block) + 1) * 32, dtype=np.uint64)
    rows[((number + 1) << 5) | (line & 31)] = words
    used, table = _numbered(block >> 12)
    root[used] = np.arange(len(used)) + 1
    tables = np.zeros((len(used) + 1) << 12, dtype=np.int32)
    tables[((table + 1) << 12) | (block & 4095)] = np.arange(len(block)) + 1
    return rows, root, tables


def row_words(cells: Ints, first_number: int) -> tuple[Ints, NDArray[np.uint64]]:
    """Each row of a block that holds some of the sorted `cells`, and its word."""
    line = cells >> 5
    begins = np.ones(len(line), dtype=bool)
    begins[1:] = line[1:] != line[:-1]
    first = np.flatnonzero(begins)
    words = np.add.reduceat(np.left_shift(np.int64(1), cells & 31), first).astype(np.uint64)
    return line[first], words | ((first + first_number).astype(np.uint64) << np.uint64(32))


def _numbered(ordered: Ints) -> tuple[Ints, Ints]:
    """The different values of a sorted list, and the position of each value among them."""
    begins = np.ones(len(ordered), dtype=bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    return ordered[begins], np.cumsum(begins) - 1
