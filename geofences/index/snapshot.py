"""`FenceIndex`: an immutable snapshot over fences that answers which of them hold a point.

Owns the questions; each is answered by a module of its own. It must not know shoppers, time or storage.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from geofences.index import distance, kernel, ways
from geofences.index.arrays import Arrays
from geofences.index.build import build
from geofences.index.fence import Fence
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.locate import locate
from geofences.index.native import Native
from geofences.index.packing import pack
from geofences.index.passing import passing
from geofences.index.reference import holds
from geofences.index.scalar import Scalar


class FenceIndex:
    """Numbers in answers are positions in `fences`."""

    def __init__(self, fences: Sequence[Fence], version: int = 0) -> None:
        self.fences = tuple(fences)
        self.version = version
        self._number = {fence.id: i for i, fence in enumerate(self.fences)}
        self._arrays = build(pack([f.shape for f in self.fences]))
        self._scalar = Scalar(self._arrays, self._settle_one)
        module = kernel.active()
        self._native: Any = None if module is None else Native(module, self._arrays, self._settle)

    @property
    def arrays(self) -> Arrays:
        return self._arrays

    def __len__(self) -> int:
        return len(self.fences)

    def number_of(self, fence_id: str) -> int | None:
        return self._number.get(fence_id)

    def get(self, fence_id: str) -> Fence | None:
        number = self._number.get(fence_id)
        return self.fences[number] if number is not None else None

    def locate(self, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """All (point, fence) pairs where the fence holds the point, sorted by point then fence."""
        lat = np.ascontiguousarray(lat_deg, dtype=np.float64)
        lon = np.ascontiguousarray(lon_deg, dtype=np.float64)
        if len(lat) != len(lon):
            raise ValueError(f"{len(lat)} latitudes and {len(lon)} longitudes")
        if self._native is not None:
            return self._native.locate(lat, lon)
        return locate(self._arrays, lat, lon, self._settle)

    def locate_one(self, lat_deg: float, lon_deg: float) -> tuple[int, ...]:
        """The fences that hold one point, in order."""
        return (self._native or self._scalar).locate_one(lat_deg, lon_deg)

    def _settle_one(self, slot: int, lat_deg: float, lon_deg: float) -> bool:
        return holds(self.fences[slot].shape, lat_deg, lon_deg)

    def _settle(self, slot: Ints, lat_deg: Floats, lon_deg: Floats) -> Bools:
        """The reference, for pairs that lie within rounding error of a border."""
        pairs = zip(slot.tolist(), lat_deg.tolist(), lon_deg.tolist(), strict=True)
        return np.array([holds(self.fences[s].shape, lat, lon) for s, lat, lon in pairs], dtype=bool)

    def distance_m(self, fence_no: int, lat_deg: float, lon_deg: float, inside: bool) -> float:
        """Signed distance to the fence's border in metres, negative inside. `inside` is what `locate` said of this point."""
        return (self._native or self._scalar).distance_m(fence_no, lat_deg, lon_deg, inside)

    def distances_m(self, fence_no: Ints, lat_deg: Floats, lon_deg: Floats, inside: Bools) -> Floats:
        """`distance_m` for many pairs at once."""
        answer = distance.distances_m if self._native is None else self._native.distances_m
        columns = (np.ascontiguousarray(a, dtype=np.float64) for a in (lat_deg, lon_deg))
        return answer(self._arrays, np.ascontiguousarray(fence_no, dtype=np.int64), *columns, np.ascontiguousarray(inside, dtype=bool))

    def may_cross(self, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Bools:
        """False where the straight way between two points surely passes no fence, or is longer than 20 km."""
        columns = [np.ascontiguousarray(a, dtype=np.float64) for a in (lat0, lon0, lat1, lon1)]
        return (ways if self._native is None else self._native).may_cross(self._arrays, *columns)

    def passing(self, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> tuple[Ints, Ints]:
        """Pairs (way, fence) of which others surely do not cross, sorted by way: `may_cross` with names. `crossed` says exactly."""
        return passing(self._arrays, lat0, lon0, lat1, lon1)

    def crossed(
        self, lat0_deg: float, lon0_deg: float, lat1_deg: float, lon1_deg: float, skip: AbstractSet[str] = frozenset()
    ) -> list[tuple[int, float]]:
        """Fences (but for the ids in `skip`) that the straight way between two points passes, each with its depth there in metres.

        Ways longer than 20 km are not judged: nobody knows them to be straight.
        """
        found = (ways if self._native is None else self._native).crossed(self._arrays, lat0_deg, lon0_deg, lat1_deg, lon1_deg)
        return [(no, depth) for no, depth in found if self.fences[no].id not in skip]
