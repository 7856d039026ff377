"""The arrays an index consists of: what is searched, what is written to a file and what the kernel reads are the same.

Owns names, types and meaning of the arrays. It must not know how they are filled or searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LAYOUT = 2
"""Counted up whenever the meaning of an array changes: files and compiled kernels of another layout are not used."""

INTERIOR, CIRCLE, AREA, CORRIDOR = range(4)
"""Kind of an entry: interior needs no test, the others say which exact test the border needs. Also the kind of a fence."""
KIND_BITS = 2
KIND_MASK = 3
SLOT_BITS = 24
MOST_SLOTS = 1 << SLOT_BITS

SHARED = np.uint32(1 << 31)
"""Flag of a cell that several fences share: the other bits say where in `shared` they are."""

CIRCLE_FIELDS = 6
"""lat_deg, lon_deg, radius_m, cos(lat), surely_in, surely_out (bounds of sin^2 of half the angle)."""
AREA_FLOATS = 6
"""west, south, east, north (of all vertices or pieces), slabs per degree of latitude, buffer_m of a corridor."""
AREA_INTS = 5
"""first vertex or piece, end of them, position of the first slab in `slab_start`, number of slabs (0: none), flags."""
CUT = 1
"""Flag of an area that goes on over the antimeridian: its edges along +-180 are no border."""
PIECE_FIELDS = 6
LINE_BITS = 9
LINE, TABLE = 1 << LINE_BITS, 1 << 12
WHOLE_RECORDS = 60
"""Room is counted in multiples of this, so that it holds whole records of every kind."""


class Arrays(NamedTuple):
    """Flat arrays. A number 0 of a table, block or cell is always the empty one.

    root_*      by band of latitude: a line, which says of each tile the table of block numbers; the table of cell numbers for
                whole blocks; the cell number for the whole tile
    tables      lines of 512 numbers (360 are used), by tile of a band, and tables of 4,096, by block of a tile; numbered by
                where they begin in units of 512. A change copies one line and one table, however many fences there are
    rows        32 words a block: bitmap of the row's cells that fences touch, and above it the number of the first of them
    cells       the entry (slot << 2 | kind) of each cell that one fence touches; or SHARED and where in `shared`
    shared      how many entries follow, and the entries
    kind, item  by slot: kind, and the number in `circles` or in `area_*`
    vertices    longitude, latitude; rings are closed and follow each other, parted by a vertex (0 hole or 1 part, NaN)
    pieces      of corridors, as `shapes.corridor_pieces` makes them
    slab_*      of areas and corridors of many vertices: the edges (by first vertex) that reach into each slab of latitude
    """

    root_cells: NDArray[np.int32]
    root_blocks: NDArray[np.int32]
    root_tiles: NDArray[np.int32]
    tables: NDArray[np.int32]
    rows: NDArray[np.uint64]
    cells: NDArray[np.uint32]
    shared: NDArray[np.uint32]
    kind: NDArray[np.uint8]
    item: NDArray[np.int32]
    circles: NDArray[np.float64]
    area_floats: NDArray[np.float64]
    area_ints: NDArray[np.int32]
    vertices: NDArray[np.float64]
    pieces: NDArray[np.float64]
    slab_start: NDArray[np.int32]
    slab_edges: NDArray[np.int32]
    has_blocks: bool
    has_tiles: bool

    def named(self) -> Iterator[tuple[str, NDArray[Any]]]:
        yield from zip(TYPES, self.searched(), strict=True)

    def searched(self) -> tuple[Any, ...]:
        """All arrays, in the order of `TYPES`."""
        return self[: len(TYPES)]


TYPES: Mapping[str, type[Any]] = {
    "root_cells": np.int32,
    "root_blocks": np.int32,
    "root_tiles": np.int32,
    "tables": np.int32,
    "rows": np.uint64,
    "cells": np.uint32,
    "shared": np.uint32,
    "kind": np.uint8,
    "item": np.int32,
    "circles": np.float64,
    "area_floats": np.float64,
    "area_ints": np.int32,
    "vertices": np.float64,
    "pieces": np.float64,
    "slab_start": np.int32,
    "slab_edges": np.int32,
}
"""Name and type of each array, in the order in which the kernel takes them. All are flat (one dimension)."""
