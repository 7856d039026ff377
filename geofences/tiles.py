"""One number per fence that says where it lies, so that a table finds the fences near a point by an ordinary index.

Owns the numbering: a loose quadtree. A fence's level is the finest whose tiles are at least as large as the fence, its tile the one
that holds its middle; it then reaches at most half a tile beyond. Pure. It must not decide what is near enough.
"""

from __future__ import annotations

import math

from geofences.shapes import METRES_PER_DEGREE, Circle

SIZES_DEG = (0.02, 0.08, 0.32, 1.28, 5.12, 20.48, 360.0)
"""Edge of a tile in degrees, by level; the last holds everything."""


def _spread_deg(lat_deg: float, reach_m: float) -> tuple[float, float]:
    """Degrees of latitude and of longitude that a circle reaches from its middle, rounded up."""
    high = reach_m / METRES_PER_DEGREE * 1.000001
    farthest = abs(lat_deg) + high
    wide = 180.0 if farthest >= 90 else min(180.0, high / math.cos(math.radians(farthest)))
    return high, wide


def _number(level: int, row: int, column: int) -> int:
    return level << 40 | row << 20 | column


def tile_of(circle: Circle) -> int:
    """The tile of a fence that lies within `circle`."""
    high, wide = _spread_deg(circle.lat_deg, circle.radius_m)
    level = next((i for i, size in enumerate(SIZES_DEG) if 2 * max(high, wide) <= size), len(SIZES_DEG) - 1)
    size = SIZES_DEG[level]
    columns = math.ceil(360 / size)
    row, column = math.floor((circle.lat_deg + 90) / size), math.floor((circle.lon_deg + 180) / size)
    return _number(level, row, min(column, columns - 1))


def tiles_near(lat_deg: float, lon_deg: float, reach_m: float) -> list[tuple[int, int]]:
    """Ranges (first, last) of tiles that together hold every fence with a point within `reach_m`; others too."""
    high, wide = _spread_deg(lat_deg, reach_m)
    found: list[tuple[int, int]] = []
    for level, size in enumerate(SIZES_DEG):
        columns = math.ceil(360 / size)
        south, north = max(0.0, lat_deg - high - size / 2 + 90), min(180.0, lat_deg + high + size / 2 + 90)
        west, east = lon_deg - wide - size / 2 + 180, lon_deg + wide + size / 2 + 180
        if east - west >= 360:
            spans = [(0, columns - 1)]
        elif west < 0 or east >= 360:
            spans = [(0, math.floor(east % 360 / size)), (math.floor(west % 360 / size), columns - 1)]
        else:
            spans = [(math.floor(west / size), math.floor(east / size))]
        for row in range(math.floor(south / size), math.floor(north / size) + 1):
            found += [(_number(level, row, first), _number(level, row, last)) for first, last in spans]
    return found
