"""`FenceIndex`: an immutable snapshot over fences that answers which of them hold a point.

Owns the questions; each is answered by a module of its own. It must not know shoppers, time or storage.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import numpy as np

from geofences.index import distance, file_form, kernel, ways
from geofences.index.arrays import Arrays
from geofences.index.build import build
from geofences.index.fence import Fence
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.locate import locate
from geofences.index.native import Native
from geofences.index.packing import pack
from geofences.index.reference import holds
from geofences.index.roster import Roster
from geofences.index.scalar import Scalar
from geofences.index.update import CoveringLost, Store, changed

REBUILD_GROWTH, REBUILD_LEAST = 2.0, 1 << 24
"""A change builds anew once the arrays are so many times what a build made of them, and so many bytes more."""


class FenceIndex:
    """Fences in answers are numbers: positions in the sequence it was made of, and in `fences`.

    A number belongs to one fence for good: a fence that is moved or replaced by `changed` gets a new one.
    """

    def __init__(self, fences: Sequence[Fence], version: int = 0) -> None:
        """ValueError: two fences of one id, or an area that is no polygon."""
        roster = Roster.of(fences)
        self._begin(Store(build(pack([f.shape for f in fences]))), None, roster, version)

    def _begin(self, store: Store, arrays: Arrays | None, roster: Roster, version: int) -> None:
        self._store, self.fences, self.version = store, roster, version
        self._arrays = store.snapshot({}) if arrays is None else arrays
        module = kernel.active()
        self._scalar: Scalar | None = None
        self._native: Any = None if module is None else Native(module, self._arrays, self._settle)

    @property
    def arrays(self) -> Arrays:
        """What is searched; not to be changed."""
        return self._arrays

    def __len__(self) -> int:
        return len(self.fences)

    def number_of(self, fence_id: str) -> int | None:
        return self.fences.number_of(fence_id)

    def get(self, fence_id: str) -> Fence | None:
        number = self.fences.number_of(fence_id)
        return self.fences[number] if number is not None else None

    # -- questions -----------------------------------------------------------------------------------------------------

    def locate(self, lat_deg: Floats, lon_deg: Floats) -> tuple[Ints, Ints]:
        """All (point, fence) pairs where the fence holds the point, sorted by point then fence. Points not on the earth: none."""
        lat = np.ascontiguousarray(lat_deg, dtype=np.float64)
        lon = np.ascontiguousarray(lon_deg, dtype=np.float64)
        if len(lat) != len(lon):
            raise ValueError(f"{len(lat)} latitudes and {len(lon)} longitudes")
        if self._native is not None:
            return self._native.locate(lat, lon)
        return locate(self._arrays, lat, lon, self._settle)

    def locate_one(self, lat_deg: float, lon_deg: float) -> tuple[int, ...]:
        """The fences that hold one point, in order."""
        return (self._native or self._one()).locate_one(lat_deg, lon_deg)

    def distance_m(self, fence_no: int, lat_deg: float, lon_deg: float, inside: bool) -> float:
        """Signed distance to the fence's border in metres, negative inside. `inside` is what `locate` said of this point."""
        return (self._native or self._one()).distance_m(fence_no, lat_deg, lon_deg, inside)

    def distances_m(self, fence_no: Ints, lat_deg: Floats, lon_deg: Floats, inside: Bools) -> Floats:
        """`distance_m` for many pairs at once."""
        answer = distance.distances_m if self._native is None else self._native.distances_m
        lat, lon = (np.ascontiguousarray(a, dtype=np.float64) for a in (lat_deg, lon_deg))
        return answer(self._arrays, np.ascontiguousarray(fence_no, dtype=np.int64), lat, lon, np.ascontiguousarray(inside, dtype=bool))

    def may_cross(self, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> Bools:
        """False where the straight way between two points surely passes no fence, or is longer than 20 km."""
        columns = [np.ascontiguousarray(a, dtype=np.float64) for a in (lat0, lon0, lat1, lon1)]
        return (ways if self._native is None else self._native).may_cross(self._arrays, *columns)

    def crossed(
        self, lat0_deg: float, lon0_deg: float, lat1_deg: float, lon1_deg: float, skip: AbstractSet[str] = frozenset()
    ) -> list[tuple[int, float]]:
        """Fences (but for the ids in `skip`) that the straight way between two points passes, each with its depth there in metres.

        Ways longer than 20 km are not judged: nobody knows them to be straight.
        """
        found = (ways if self._native is None else self._native).crossed(self._arrays, lat0_deg, lon0_deg, lat1_deg, lon1_deg)
        return [(no, depth) for no, depth in found if self.fences[no].id not in skip] if found else found

    # -- changes -------------------------------------------------------------------------------------------------------

    def changed(self, added: Sequence[Fence], retired: Collection[str], version: int) -> FenceIndex:
        """A new snapshot with `added` put in (in place of fences of the same id) and the ids in `retired` taken out.

        This snapshot stays as it is. Ids that are not there are not missed. One thread at a time. Builds anew, and numbers
        anew, when what changes left behind outweighs what is alive. ValueError: as for a new index.
        """
        numbers = {self.fences.number_of(i) for i in (*retired, *(f.id for f in added))} - {None}
        slots = np.array(sorted(n for n in numbers if n is not None), dtype=np.int64)
        if len({f.id for f in added}) != len(added):
            raise ValueError("fence ids must be unique in an index")
        grown = self._store.bytes_used - self._store.built_bytes
        if grown > max(REBUILD_LEAST, self._store.built_bytes * (REBUILD_GROWTH - 1)):
            return self._rebuilt(added, retired, version)
        try:
            rewrite = None if self._native is None else self._native.rewrite
            arrays, first = changed(self._store, self._arrays, pack([f.shape for f in added]), slots, rewrite)
        except CoveringLost:
            return self._rebuilt(added, retired, version)
        after = FenceIndex.__new__(FenceIndex)
        after._begin(self._store, arrays, self.fences.changed(added, retired, first), version)  # noqa: SLF001 - its own class
        return after

    def _rebuilt(self, added: Sequence[Fence], retired: Collection[str], version: int) -> FenceIndex:
        out = {*retired, *(f.id for f in added)}
        return FenceIndex([*(f for f in self.fences if f.id not in out), *added], version)

    # -- files ---------------------------------------------------------------------------------------------------------

    def save(self, path: file_form.FilePath) -> None:
        """Write the index to a file, in place of what is there. After changes the numbers in the file are new ones."""
        whole = self if self.fences.plain() else FenceIndex(list(self.fences), self.version)
        file_form.save(path, whole.arrays, whole.fences, self.version)

    @classmethod
    def load(cls, path: file_form.FilePath) -> FenceIndex:
        """The index in a file, mapped into memory and shared by all who load it. IndexFileUnusable says why it cannot be used."""
        found = file_form.load(path)
        after = cls.__new__(cls)
        after._begin(Store(found.arrays, found.used), None, Roster.of_file(found.stored), found.version)  # noqa: SLF001 - its own class
        return after

    # -- where the filters are unsure ----------------------------------------------------------------------------------

    def _one(self) -> Scalar:
        if self._scalar is None:
            self._scalar = Scalar(self._arrays, self._settle_one)
        return self._scalar

    def _settle_one(self, slot: int, lat_deg: float, lon_deg: float) -> bool:
        return holds(self.fences[slot].shape, lat_deg, lon_deg)

    def _settle(self, slot: Ints, lat_deg: Floats, lon_deg: Floats) -> Bools:
        """The reference, for pairs that lie within rounding error of a border."""
        pairs = zip(slot.tolist(), lat_deg.tolist(), lon_deg.tolist(), strict=True)
        return np.array([holds(self.fences[s].shape, lat, lon) for s, lat, lon in pairs], dtype=bool)
