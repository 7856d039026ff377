"""Forgetting where fixes were that lie outside: what stays of each is its time and the cell it was in.

Owns which fixes are near enough to a fence to be kept as they are for a day, and what becomes of the others: the middle of their H3
cell (resolution 7, some five square kilometres), with an accuracy that holds the whole cell, so that a jump is still known as one. Pure
but for the index and H3. Must not touch the log (adapters/table_log.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np

from geofences.columns import FixColumns, Flags, Floats, Ints
from geofences.index import FenceIndex
from geofences.shapes import haversine_m
from geofences.track import Sample, TrackRules

RESOLUTION = 7
CELL_REACH_M = 2_000.0
"""No place in a cell is further from its middle than this."""
AROUND_S = 60.0
"""Fixes so close in time to one inside are kept for a day: what a visit told again is told from (docs/decisions/the-way-to-a-door-stays-a-day.md)."""
ROUNDED_DEG = 1e-3
"""Fixes are rounded to this before they are put into a cell (a hundred metres): many share one question then."""


def near(columns: FixColumns, fences: FenceIndex, rules: TrackRules, busy_since_s: Floats) -> Flags:
    """Which fixes matter to a fence: those that hit one, the ends of ways that may cross one, and what lies within `AROUND_S` of a hit
    or, for a phone of which something is remembered, of its beginning (`busy_since_s`, per key; inf where nothing is).
    """
    count = len(columns)
    keep = np.zeros(count, dtype=np.bool_)
    if not count:
        return keep
    lat, lon = columns.lat_deg.copy(), columns.lon_deg.copy()  # as they were read they need not be aligned
    point_no, _ = fences.locate(lat, lon)
    keep[point_no] = True
    order = np.lexsort((columns.at_s, columns.key_no))
    no, at_s = columns.key_no[order], columns.at_s[order]
    hit = keep[order]
    legs = np.flatnonzero((no[1:] == no[:-1]) & (at_s[1:] - at_s[:-1] <= rules.presence.crossed_max_gap_s))
    if len(legs):
        a, b = order[legs], order[legs + 1]
        crossing = fences.may_cross(lat[a], lon[a], lat[b], lon[b])
        keep[a[crossing]] = keep[b[crossing]] = True
    keep[order] |= _away_s(no, at_s, hit) <= AROUND_S
    return keep | (columns.at_s >= busy_since_s[columns.key_no] - AROUND_S)


def _away_s(no: Ints, at_s: Floats, hit: Flags) -> Floats:
    """(n,): of fixes sorted by device (`no`) and time how long it is from each to the nearest hit of its device; inf where there is none."""
    out = np.full(len(no), np.inf)
    rows = np.arange(len(no))
    before = np.maximum.accumulate(np.where(hit, rows, -1))
    after = np.minimum.accumulate(np.where(hit, rows, len(no))[::-1])[::-1]
    for there in (before, after):
        known = np.flatnonzero((there >= 0) & (there < len(no)))
        known = known[no[there[known]] == no[known]]
        out[known] = np.minimum(out[known], np.abs(at_s[known] - at_s[there[known]]))
    return out


def with_speed(
    columns: FixColumns, near: Flags, before: Callable[[int, float], Sample | None], rules: TrackRules
) -> FixColumns:
    """The same fixes; those that are `near` say how fast the way to them was, which cannot be told any more when the fix before is a
    cell. `before(key number, event time)` gives the fix of a device before that.
    """
    rows = np.flatnonzero(near)
    if not len(rows):
        return columns
    speed = columns.speed_mps.copy()
    there = (column[rows].tolist() for column in (columns.key_no, columns.at_s, columns.lat_deg, columns.lon_deg, columns.accuracy_m))
    for row, key_no, at_s, lat, lon, accuracy in zip(rows.tolist(), *there, strict=True):
        last = before(key_no, at_s)
        if last is None or last.coarse or at_s - last.at_s > rules.forget_s:
            continue
        moved = least_speed_mps(last, lat, lon, accuracy, at_s)
        if 0 < moved <= rules.trust.jump_mps and not speed[row] >= moved:
            speed[row] = moved
    return replace(columns, speed_mps=speed)


def least_speed_mps(last: Sample, lat_deg: float, lon_deg: float, accuracy_m: float, at_s: float) -> float:
    """The least speed that explains the way from the last fix: accuracies are given the benefit of the doubt."""
    way = haversine_m(last.lat_deg, last.lon_deg, lat_deg, lon_deg)
    return max(0.0, way - last.accuracy_m - accuracy_m) / max(1.0, at_s - last.at_s)


def coarsened(columns: FixColumns, near: Flags) -> FixColumns:
    """The same fixes; those that are not `near` are only known by their cell any more, and how fast they were not at all."""
    if near.all():
        return columns
    lat, lon, accuracy, speed = (
        getattr(columns, name).copy() for name in ("lat_deg", "lon_deg", "accuracy_m", "speed_mps")
    )
    far = np.flatnonzero(~near if columns.coarse is None else ~near & ~columns.coarse)
    rounded = np.round(lat[far] / ROUNDED_DEG).astype(np.int64) * _TURN + np.round(lon[far] / ROUNDED_DEG).astype(np.int64)
    tiles, which = np.unique(rounded, return_inverse=True)
    middles = np.array(list(map(_middle, tiles.tolist())), dtype=np.float64).reshape(-1, 2)
    lat[far], lon[far] = middles[which, 0], middles[which, 1]
    accuracy[far] = CELL_REACH_M
    speed[far] = np.nan
    was = np.zeros(len(columns), dtype=np.bool_) if columns.coarse is None else columns.coarse
    return replace(columns, lat_deg=lat, lon_deg=lon, accuracy_m=accuracy, speed_mps=speed, coarse=was | ~near)


_TURN = 1_000_000
"""More tiles than there are around the earth, so that one number holds both of a tile's."""


@lru_cache(maxsize=200_000)
def _middle(tile: int) -> tuple[float, float]:
    lat_tile, lon_tile = divmod(tile + _TURN // 2, _TURN)
    return _middle_of(_h3().latlng_to_cell(lat_tile * ROUNDED_DEG, (lon_tile - _TURN // 2) * ROUNDED_DEG, RESOLUTION))


@lru_cache(maxsize=50_000)
def _middle_of(cell: int) -> tuple[float, float]:
    return _h3().cell_to_latlng(cell)


@cache
def _h3() -> Any:
    from h3.api import basic_int  # lazy: only a runner needs it

    return basic_int


def cell_of(lat_deg: float, lon_deg: float) -> str:
    """The cell whose middle this is, as H3 writes it."""
    import h3

    return h3.latlng_to_cell(lat_deg, lon_deg, RESOLUTION)
