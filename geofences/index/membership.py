"""Who is inside what, fix after fix: raw point-in-polygon, with the changes told as events.

Owns the state (the fences each device was inside at its last fix) and the order in which changes are told. It must not judge
noise: that is what presences are for; this is what they are measured against, and what a feed without noise may use.

Fixes count in order of their time, for each device; a fix older than the device's last changes nothing. At one fix exits are
told before enters, each in order of fence number.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geofences.index import kernel
from geofences.index.grid import Bools, Floats, Ints
from geofences.index.snapshot import FenceIndex

FEW = 64
"""Fewer fixes than this are looked up one by one."""
Events = tuple[Ints, Ints, Bools]
"""Row of the batch, fence number, and whether it was entered (or else exited)."""


class Membership:
    """The state of all devices over one snapshot of fences; device numbers are small integers that the caller gives."""

    def __init__(self, index: FenceIndex) -> None:
        self._index = index
        module = kernel.active()
        self._native: Any = None if module is None else module.Presences()
        self._inside: dict[int, tuple[int, ...]] = {}
        self._last_s: Floats = np.full(0, -np.inf)
        self._held = 0

    def step(self, device_no: Ints, at_s: Floats, lat_deg: Floats, lon_deg: Floats) -> Events:
        """What changed. ValueError: columns of different lengths, or a negative device number."""
        if not len(device_no) == len(at_s) == len(lat_deg) == len(lon_deg):
            raise ValueError("the columns of a batch must have the same length")
        device = np.ascontiguousarray(device_no, dtype=np.int64)
        at = np.ascontiguousarray(at_s, dtype=np.float64)
        order = None if len(at) < 2 or bool((at[1:] >= at[:-1]).all()) else np.argsort(at, kind="stable").astype(np.int64)
        if self._native is None:
            return self._plain(device, at, order, lat_deg, lon_deg)
        if len(device) < FEW:
            found = [self._index.locate_one(y, x) for y, x in zip(lat_deg.tolist(), lon_deg.tolist(), strict=True)]
            point = np.array([row for row, slots in enumerate(found) for _ in slots], dtype=np.int64)
            slot = np.array([s for slots in found for s in slots], dtype=np.int64)
        else:
            point, slot = self._index.locate(lat_deg, lon_deg)
        room = 2 * len(point) + self._held  # whatever is entered may be left again, and what was held
        row, fence, entered = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(room, dtype=bool)
        count = self._native.step(device, at, order, point, slot, row, fence, entered)
        self._held += 2 * int(np.count_nonzero(entered[:count])) - count
        return row[:count], fence[:count], entered[:count]

    def step_one(self, device_no: int, at_s: float, lat_deg: float, lon_deg: float) -> list[tuple[int, bool]]:
        """`step` for a single fix: (fence number, entered) of each change."""
        if self._native is not None:
            return self._native.step_one(device_no, at_s, self._index.locate_one(lat_deg, lon_deg))
        if device_no < 0:
            raise ValueError("device numbers must be 0 or more")
        self._known(device_no)
        if not at_s >= self._last_s[device_no]:
            return []
        self._last_s[device_no] = at_s
        return self._change(device_no, self._index.locate_one(lat_deg, lon_deg))

    def _known(self, most: int) -> None:
        if most >= len(self._last_s):
            self._last_s = np.concatenate([self._last_s, np.full(max(most + 1, 2 * len(self._last_s)) - len(self._last_s), -np.inf)])

    def _plain(self, device: Ints, at: Floats, order: Ints | None, lat_deg: Floats, lon_deg: Floats) -> Events:
        """Rows of devices that are inside something before or now are gone through one by one; the others change nothing."""
        if len(device) and int(device.min()) < 0:
            raise ValueError("device numbers must be 0 or more")
        self._known(int(device.max(initial=-1)))
        point, slot = self._index.locate(lat_deg, lon_deg)
        rows = self._rows_that_matter(device, point, order)
        of_row: dict[int, tuple[int, ...]] = {}
        for p, s in zip(point.tolist(), slot.tolist(), strict=True):
            of_row[p] = (*of_row[p], s) if p in of_row else (s,)
        last = dict.fromkeys(device[rows].tolist(), 0.0)
        last = dict(zip(last, self._last_s[list(last)].tolist(), strict=True))
        out: list[tuple[int, int, bool]] = []
        for row, d, s in zip(rows.tolist(), device[rows].tolist(), at[rows].tolist(), strict=True):
            if not s >= last[d]:
                continue
            last[d] = s
            slots = of_row.get(row, ())
            if slots != self._inside.get(d, ()):
                out += [(row, fence, entered) for fence, entered in self._change(d, slots)]
        good = ~np.isnan(at)
        np.maximum.at(self._last_s, device[good], at[good])
        row, fence, entered = zip(*out, strict=True) if out else ((), (), ())
        return np.array(row, dtype=np.int64), np.array(fence, dtype=np.int64), np.array(entered, dtype=bool)

    def _rows_that_matter(self, device: Ints, point: Ints, order: Ints | None) -> NDArray[np.int64]:
        matters = np.zeros(len(self._last_s), dtype=bool)
        matters[device[point]] = True
        if self._inside:
            matters[np.fromiter(self._inside, dtype=np.int64, count=len(self._inside))] = True
        if order is None:
            return np.flatnonzero(matters[device])
        return order[matters[device[order]]]

    def _change(self, device_no: int, slots: tuple[int, ...]) -> list[tuple[int, bool]]:
        before = self._inside.get(device_no, ())
        if slots:
            self._inside[device_no] = slots
        else:
            self._inside.pop(device_no, None)
        return [(f, False) for f in before if f not in slots] + [(f, True) for f in slots if f not in before]
