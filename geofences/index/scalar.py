"""One point at a time in plain Python: for a few fixes this is quicker than numpy, which pays for every call.

Owns the same walk and the same filters as `locate` and `exact`, and the same distances as `distance`, for one pair. It must
not know how an index is built; what the filters cannot decide it leaves to the caller's `settle`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from geofences.index.arrays import (
    AREA,
    AREA_FLOATS,
    AREA_INTS,
    CIRCLE,
    CIRCLE_FIELDS,
    CUT,
    INTERIOR,
    KIND_BITS,
    KIND_MASK,
    LINE_BITS,
    Arrays,
)
from geofences.index.exact import SURE
from geofences.index.grid import COLUMNS_PER_DEGREE, LAST_COLUMN, LAST_ROW
from geofences.shapes import EARTH_RADIUS_M, METRES_PER_DEGREE

_PER_DEGREE: list[float] = COLUMNS_PER_DEGREE.tolist()
_LAST: list[int] = LAST_COLUMN.tolist()
_SHARED = 1 << 31



def _buffer(array: Any) -> Any:
    return memoryview(array)


SettleOne = Callable[[int, float, float], bool]


class Scalar:
    """The arrays as plain buffers: an item of a memoryview costs a fifth of one of a numpy array."""

    def __init__(self, arrays: Arrays, settle: SettleOne) -> None:
        self._settle = settle
        self._root_cells = _buffer(arrays.root_cells)
        self._root_blocks = _buffer(arrays.root_blocks) if arrays.has_blocks else None
        self._root_tiles = _buffer(arrays.root_tiles) if arrays.has_tiles else None
        self._tables, self._rows = _buffer(arrays.tables), _buffer(arrays.rows)
        self._cells, self._shared = _buffer(arrays.cells), _buffer(arrays.shared)
        self._kind, self._item = _buffer(arrays.kind), _buffer(arrays.item)
        self._circles, self._floats = _buffer(arrays.circles), _buffer(arrays.area_floats)
        self._ints, self._vertices = _buffer(arrays.area_ints), _buffer(arrays.vertices)
        self._pieces = _buffer(arrays.pieces)
        self._slab_start, self._slab_edges = _buffer(arrays.slab_start), _buffer(arrays.slab_edges)

    def locate_one(self, lat: float, lon: float) -> tuple[int, ...]:
        """Slots of all fences that hold the point, in order."""
        if not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 180.0):
            return ()
        row = min(int((lat + 90.0) * 2048.0), LAST_ROW)
        band = row >> 11
        column = min(int((lon + 180.0) * _PER_DEGREE[band]), _LAST[band])
        across = column >> 11
        block = ((row & 2016) << 1) | ((column >> 5) & 63)
        found: list[int] = []
        tables = self._tables
        table = tables[(self._root_cells[band] << LINE_BITS) | across]
        word = self._rows[(tables[(table << LINE_BITS) + block] << 5) | (row & 31)]
        bit = 1 << (column & 31)
        if word & bit:
            self._take(found, (word >> 32) + (word & (bit - 1)).bit_count(), lat, lon)
        if self._root_blocks is None and self._root_tiles is None:
            return tuple(found)
        if self._root_blocks is not None:
            table = tables[(self._root_blocks[band] << LINE_BITS) | across]
            if number := tables[(table << LINE_BITS) + block]:
                self._take(found, number, lat, lon)
        if self._root_tiles is not None and (number := tables[(self._root_tiles[band] << LINE_BITS) | across]):
            self._take(found, number, lat, lon)
        return tuple(sorted(found))

    def _take(self, found: list[int], cell: int, lat: float, lon: float) -> None:
        entry = self._cells[cell]
        if entry < _SHARED:
            entries = [entry]
        else:
            at = entry ^ _SHARED
            entries = self._shared[at + 1 : at + 1 + self._shared[at]].tolist()
        for entry in entries:
            slot, kind = entry >> KIND_BITS, entry & KIND_MASK
            if kind == INTERIOR or self._holds(kind, slot, lat, lon):
                found.append(slot)

    def _holds(self, kind: int, slot: int, lat: float, lon: float) -> bool:
        item = self._item[slot]
        if kind == CIRCLE:
            lat0, lon0, _, cos0, sure_in, sure_out = self._circles[item * CIRCLE_FIELDS : (item + 1) * CIRCLE_FIELDS].tolist()
            s = math.sin(math.radians(lat - lat0) / 2)
            t = math.sin(math.radians(lon - lon0) / 2)
            a = s * s + cos0 * math.cos(math.radians(lat)) * (t * t)
            return a <= sure_in or (a <= sure_out and self._settle(slot, lat, lon))
        if kind == AREA:
            held = self._in_area(item, lat, lon)
            return self._settle(slot, lat, lon) if held is None else held
        return self._in_corridor(item, lat, lon)

    def _edges(self, item: int, lat: float, less: int) -> list[int] | range:
        first, end, slabs, count, _ = self._ints[item * AREA_INTS : (item + 1) * AREA_INTS].tolist()
        if not count:
            return range(first, end - less)
        at = item * AREA_FLOATS
        slab = slabs + min(max(math.floor((lat - self._floats[at + 1]) * self._floats[at + 4]), 0), count - 1)
        return self._slab_edges[self._slab_start[slab] : self._slab_start[slab + 1]].tolist()

    def _in_area(self, item: int, py: float, px: float) -> bool | None:
        """None: within rounding error of the border."""
        vertices = self._vertices
        odd, unsure = False, False
        for edge in self._edges(item, py, 1):
            y0, y1 = vertices[2 * edge + 1], vertices[2 * edge + 3]
            up, down = y0 <= py < y1, y1 <= py < y0
            if not (up or down):
                if y1 == py:
                    x0, x1 = vertices[2 * edge], vertices[2 * edge + 2]
                    if x1 == px or (y0 == py and min(x0, x1) <= px <= max(x0, x1)):
                        return True
                continue
            ax, ay, bx, by = vertices[2 * edge] - px, y0 - py, vertices[2 * edge + 2] - px, y1 - py
            left, right = ax * by, ay * bx
            turn = left - right
            if abs(turn) > SURE * (abs(left) + abs(right)):
                odd ^= turn > 0 if up else turn < 0
            elif (ax == 0 or by == 0) and (ay == 0 or bx == 0):
                return True
            else:
                unsure = True
        return None if unsure else odd

    def _in_corridor(self, item: int, lat: float, lon: float) -> bool:
        buffer_m = self._floats[item * AREA_FLOATS + 5]
        return any(math.sqrt(self._piece2(piece, lat, lon)) <= buffer_m for piece in self._edges(item, lat, 0))

    def _piece2(self, piece: int, lat: float, lon: float) -> float:
        """Squared metres to a corridor's piece: the reference's expression, step by step."""
        lon0, lat0, k_lon, dx, dy, length2 = self._pieces[6 * piece : 6 * piece + 6].tolist()
        x = lon0 - lon
        x = (x - 360.0 * round(x / 360.0)) * k_lon
        y = (lat0 - lat) * METRES_PER_DEGREE
        t = min(max(-(x * dx + y * dy) / length2, 0.0), 1.0)
        u, v = x + t * dx, y + t * dy
        return u * u + v * v

    def distance_m(self, slot: int, lat: float, lon: float, inside: bool) -> float:
        """Signed metres to the border, negative inside."""
        item, kind = self._item[slot], self._kind[slot]
        if kind == CIRCLE:
            lat0, lon0, radius_m, cos0 = self._circles[item * CIRCLE_FIELDS : item * CIRCLE_FIELDS + 4].tolist()
            s = math.sin(math.radians(lat - lat0) / 2)
            t = math.sin(math.radians(lon - lon0) / 2)
            a = s * s + cos0 * math.cos(math.radians(lat)) * (t * t)
            return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, a))) - radius_m
        first, end, _, _, flags = self._ints[item * AREA_INTS : (item + 1) * AREA_INTS].tolist()
        if kind != AREA:
            nearest = min((self._piece2(piece, lat, lon) for piece in range(first, end)), default=math.inf)
            return math.sqrt(nearest) - self._floats[item * AREA_FLOATS + 5]
        away = math.sqrt(self._nearest2(self._vertices[2 * first : 2 * end].tolist(), bool(flags & CUT), lat, lon))
        return -away if inside else away

    @staticmethod
    def _nearest2(xy: list[float], cut: bool, lat: float, lon: float) -> float:
        k_lon = METRES_PER_DEGREE * math.cos(math.radians(lat))
        nearest = math.inf
        for i in range(0, len(xy) - 3, 2):
            lon0, lat0, lon1, lat1 = xy[i : i + 4]
            if (cut and abs(lon0) == 180.0 == abs(lon1)) or abs(lat0) == 90.0 == abs(lat1):
                continue  # no border: the area goes on beyond
            x = lon0 - lon
            x = (x - 360.0 * round(x / 360.0)) * k_lon
            y = (lat0 - lat) * METRES_PER_DEGREE
            dx, dy = (lon1 - lon0) * k_lon, (lat1 - lat0) * METRES_PER_DEGREE
            length2 = dx * dx + dy * dy
            t = -(x * dx + y * dy) / length2 if length2 else 0.0
            t = 0.0 if t < 0.0 else min(t, 1.0)
            u, v = x + t * dx, y + t * dy
            nearest = min(nearest, u * u + v * v)  # the vertices that part rings are NaN, and never less
        return nearest
