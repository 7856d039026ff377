"""The grid over the earth: which cell holds a point, and how cells are numbered.

Owns the float expressions that turn degrees into rows and columns. Every path uses these same expressions, so that a
point and a covering can never disagree about a cell. It must not know fences.

2,048 rows per degree of latitude (54 m). In each band of one degree the columns per degree are divided by a power of two,
so that cells keep their shape towards the poles; the polar bands keep 1,440 columns around. A tile is 2,048 x 2,048
cells, a block 32 x 32 cells; a tile has 64 x 64 blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROWS_PER_DEGREE = 2048
BANDS = 180
TILES_ACROSS = 360
LAST_ROW = BANDS * ROWS_PER_DEGREE - 1
FINEST_COLUMNS = 2048
COARSEST_COLUMNS = 4

CELL, BLOCK, TILE = 0, 5, 11
"""The levels at which a fence may stand, as the bits by which cell rows and columns are shifted."""


def _columns_per_degree(band: int) -> int:
    """The power of two at which a cell of this band is about as wide as it is high, at the band's end nearer the equator."""
    nearest = min(abs(band - 90), abs(band - 89))
    wanted = FINEST_COLUMNS * math.cos(math.radians(nearest))
    columns = FINEST_COLUMNS
    while columns > COARSEST_COLUMNS and columns / 2 >= wanted * 0.75:
        columns //= 2
    return columns


COLUMNS_PER_DEGREE: Floats = np.array([_columns_per_degree(band) for band in range(BANDS)], dtype=np.float64)
"""By band of latitude (0 begins at the south pole)."""
LAST_COLUMN: Ints = (360 * COLUMNS_PER_DEGREE).astype(np.int64) - 1


def rows_of(lat_deg: Floats) -> Ints:
    """Cell row of each latitude; what lies beyond a pole is brought to the last row."""
    return np.clip(np.floor((lat_deg + 90.0) * 2048.0), 0, LAST_ROW).astype(np.int64)


def columns_of(lon_deg: Floats, band: Ints) -> Ints:
    """Cell column of each longitude in its band; what lies beyond +-180 is brought to the first or last column."""
    column = np.floor((lon_deg + 180.0) * COLUMNS_PER_DEGREE[band])
    return np.clip(column, 0, LAST_COLUMN[band]).astype(np.int64)


def keys_of(row: Ints, column: Ints, level: int) -> Ints:
    """One number for each cell, block or tile (rows and columns in units of the level): tile, then block, then cell."""
    bits = TILE - level
    mask = (1 << bits) - 1
    tile = (row >> bits) * TILES_ACROSS + (column >> bits)
    if level == TILE:
        return tile
    inner_row, inner_column = row & mask, column & mask
    if level == BLOCK:
        return (tile << 12) | (inner_row << 6) | inner_column
    block = ((inner_row >> 5) << 6) | (inner_column >> 5)
    return (tile << 22) | (block << 10) | ((inner_row & 31) << 5) | (inner_column & 31)
