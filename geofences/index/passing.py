"""Which fences many ways may pass at all: the question asked of every step before the exact one.

Owns the pairs. Conservative: a pair that is missing surely does not cross; one that is there may not either (`ways` says).
"""

from __future__ import annotations

import numpy as np

from geofences.index.arrays import KIND_BITS, Arrays
from geofences.index.grid import Floats, Ints
from geofences.index.ways import WAYS, candidates, reached


def passing(arrays: Arrays, lat0: Floats, lon0: Floats, lat1: Floats, lon1: Floats) -> tuple[Ints, Ints]:
    """Pairs (way, slot), each once, sorted by way."""
    pairs: list[Ints] = [np.empty(0, dtype=np.int64)]
    for start in range(0, len(lat0), WAYS):
        some = slice(start, start + WAYS)
        way, entry = candidates(arrays, lat0[some], lon0[some], lat1[some], lon1[some])
        near = reached(arrays, entry, *(a[some][way] for a in (lat0, lon0, lat1, lon1)))
        pairs.append(np.unique(((way[near] + start) << 32) | (entry[near] >> KIND_BITS)))
    both = np.concatenate(pairs)
    return both >> 32, both & 0xFFFFFFFF
