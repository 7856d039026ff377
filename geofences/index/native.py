"""The compiled kernel behind the same questions as the numpy modules.

Owns the room for answers, and asks the reference where the kernel is unsure. It must not know how the kernel was chosen.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from geofences.index.arrays import Arrays
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.locate import Settle

LEAST_ROOM = 1024


class Native:
    """One snapshot's arrays, held by the kernel."""

    def __init__(self, module: Any, arrays: Arrays, settle: Settle) -> None:
        self._kernel = module.Kernel(arrays.searched(), arrays.has_blocks, arrays.has_tiles)
        self._settle = settle
        self.rewrite = self._kernel.rewrite

    def locate(self, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """As `locate.locate`."""
        room = max(LEAST_ROOM, len(lat_deg) // 4)
        found: list[tuple[Ints, Ints]] = []
        at, unsure = 0, 0
        while at < len(lat_deg):
            point, slot = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
            at, count, doubts = self._kernel.locate(lat_deg, lon_deg, at, point, slot)
            unsure += doubts
            found.append((point[:count], slot[:count]))
            room *= 2
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        point, slot = found[0] if len(found) == 1 else tuple(np.concatenate(column) for column in zip(*found, strict=True))
        return self._settled(point, slot, lat_deg, lon_deg) if unsure else (point, slot)

    def _settled(self, point: Ints, slot: Ints, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """Pairs marked by ~slot are kept where the reference says so."""
        doubt = np.flatnonzero(slot < 0)
        slot[doubt] = ~slot[doubt]
        keep = np.ones(len(slot), dtype=bool)
        keep[doubt] = self._settle(slot[doubt], lat_deg[point[doubt]], lon_deg[point[doubt]])
        return point[keep], slot[keep]

    def locate_one(self, lat_deg: float, lon_deg: float) -> tuple[int, ...]:
        """As `Scalar.locate_one`."""
        found = self._kernel.locate_one(lat_deg, lon_deg)
        if type(found) is tuple:
            return found
        lat, lon = np.array([lat_deg]), np.array([lon_deg])
        return tuple(s if s >= 0 else ~s for s in found if s >= 0 or self._settle(np.array([~s]), lat, lon)[0])

    def distance_m(self, slot: int, lat_deg: float, lon_deg: float, inside: bool) -> float:
        """As `Scalar.distance_m`."""
        return self._kernel.distance(slot, lat_deg, lon_deg, inside)

    def distances_m(self, _: Arrays, slot: Ints, lat_deg: Floats, lon_deg: Floats, inside: Bools) -> Floats:
        """As `distance.distances_m`."""
        out = np.empty(len(slot))
        self._kernel.distances(slot, lat_deg, lon_deg, inside, out)
        return out

    def may_cross(self, _: Arrays, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Bools:
        """As `ways.may_cross`."""
        out = np.empty(len(lat0), dtype=bool)
        self._kernel.may_cross(lat0, lon0, lat1, lon1, out)
        return out

    def crossed(self, _: Arrays, lat0: float, lon0: float, lat1: float, lon1: float) -> list[tuple[int, float]]:
        """As `ways.crossed`."""
        return self._kernel.crossed(lat0, lon0, lat1, lon1)
