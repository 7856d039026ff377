"""From coverings to the arrays that are searched.

Owns the order of keys, the bitmaps and the entries. It must not know geometry.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geofences.index import kernel
from geofences.index.arrays import KIND_BITS, LINE, LINE_BITS, MOST_SLOTS, SHARED, SLOT_BITS, TABLE, Arrays
from geofences.index.covering import Covering, Keys, cover
from geofences.index.grid import BANDS, BLOCK, CELL, TILE, Ints
from geofences.index.locate import band_and_across
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
    """Of sorted keys each fence once a cell: where a cell was called interior and border, border wins."""
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
        found[level], of_level, also = listed(np.sort(covering[level]), filled)
        words.append(of_level)
        shared.append(also)
        filled += len(also)
    cells, blocks, tiles = found[CELL], found[BLOCK], found[TILE]
    tables = _Tables()
    rows, of_rows = _bitmaps(cells)
    root_cells = tables.of_blocks(of_rows, 1 + np.arange(len(of_rows)))
    root_blocks = tables.of_blocks(blocks, 1 + len(cells) + np.arange(len(blocks)))
    root_tiles = tables.of_tiles(tiles, 1 + len(cells) + len(blocks) + np.arange(len(tiles)))
    return Arrays(
        root_cells, root_blocks, root_tiles, np.concatenate(tables.parts), rows, np.concatenate(words),
        np.concatenate(shared), geometry.kind, geometry.item, geometry.circles, geometry.area_floats, geometry.area_ints,
        geometry.vertices, geometry.pieces, geometry.slab_start, geometry.slab_edges, len(blocks) > 0, len(tiles) > 0,
    )  # fmt: skip


def listed(keys: Keys, shared_from: int) -> tuple[Ints, Words, Words]:
    """Each cell of sorted keys once, its word, and what goes to `shared` (which will stand there from `shared_from`)."""
    if (module := kernel.active()) is not None:
        made: tuple[bytes, bytes, bytes] = module.listed(keys, shared_from)
        return np.frombuffer(made[0], dtype=np.int64), np.frombuffer(made[1], dtype=np.uint32), np.frombuffer(made[2], dtype=np.uint32)
    keys = settled(keys)
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


def _bitmaps(cells: Ints) -> tuple[NDArray[np.uint64], Ints]:
    """Words of all block rows, and the blocks they are of; `cells` are sorted and have numbers 1, 2, 3, ..."""
    if not len(cells):
        return np.zeros(32, dtype=np.uint64), cells
    line, words = row_words(cells, 1)
    block, number = _numbered(line >> 5)
    rows = np.zeros((len(block) + 1) * 32, dtype=np.uint64)
    rows[((number + 1) << 5) | (line & 31)] = words
    return rows, block


class _Tables:
    """The tables and the lines, as they come to stand behind each other. The first table is the empty one, and so is its line."""

    def __init__(self) -> None:
        self.parts = [np.zeros(TABLE, dtype=np.int32)]
        self._units = TABLE >> LINE_BITS

    def of_blocks(self, blocks: Ints, numbers: Ints) -> NDArray[np.int32]:
        """The root under which each of the sorted blocks has its number."""
        tile, table = _numbered(blocks >> 12)
        made = np.zeros(len(tile) * TABLE, dtype=np.int32)
        made[table * TABLE + (blocks & (TABLE - 1))] = numbers
        return self.of_tiles(tile, self._put(made) + (TABLE >> LINE_BITS) * np.arange(len(tile)))

    def of_tiles(self, tiles: Ints, numbers: Ints) -> NDArray[np.int32]:
        """The root under which each of the sorted tiles has its number."""
        band, across = band_and_across(tiles)
        used, line = _numbered(band)
        made = np.zeros(len(used) * LINE, dtype=np.int32)
        made[line * LINE + across] = numbers
        root = np.zeros(BANDS, dtype=np.int32)
        root[used] = self._put(made) + np.arange(len(used))
        return root

    def _put(self, made: NDArray[np.int32]) -> int:
        """Where it begins, in lines."""
        begin, self._units = self._units, self._units + (len(made) >> LINE_BITS)
        self.parts.append(made)
        return begin


def row_words(cells: Ints, first_number: int) -> tuple[Ints, NDArray[np.uint64]]:
    """Each row of a block that holds some of the sorted `cells`, and its word."""
    if (module := kernel.active()) is not None:
        made: tuple[bytes, bytes] = module.row_words(cells, first_number)
        return np.frombuffer(made[0], dtype=np.int64), np.frombuffer(made[1], dtype=np.uint64)
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
