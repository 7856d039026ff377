"""What was reported lately, device by device: a ring of columns with a chain through each device's fixes.

Owns the memory a correction is made from. Appending is vectorised; looking back walks one device's chain. It forgets the
oldest when it is full and says how far back it can be asked. Must not detect anything. Pure.

The log is the truth behind it: after a restart it is filled again from there (docs/algorithms/fix-log.md).
"""

from __future__ import annotations

import numpy as np

from geofences.columns import FixColumns, Flags, Floats, Ints, fix_id
from geofences.track import Sample

FIRST_ROWS = 1 << 12


class History:
    """At most `most` fixes (about 81 bytes each). Device numbers are the runner's; they count from 0."""

    def __init__(self, most: int) -> None:
        self._most = max(FIRST_ROWS, most)
        self._size = FIRST_ROWS
        self._rows = 0  # ever appended; row r stands in slot r % size
        self._columns = {name: np.empty(self._size) for name in _NAMES}
        self._mocked, self._coarse = (np.zeros(self._size, dtype=np.bool_) for _ in range(2))
        self._before = np.full(self._size, -1, dtype=np.int64)
        self._older_s = np.full(self._size, -np.inf)  # newest time further back in the chain: nobody walks on for what is older
        self._head = np.full(FIRST_ROWS, -1, dtype=np.int64)
        self._expired = 0  # rows before this one are wiped
        self.begins_s = -np.inf
        """Event time before which nothing was told to this memory, though it may have happened (a restart reads back so much only)."""

    def append(self, columns: FixColumns, device_no: Ints) -> None:
        """Remember fixes; `device_no` numbers each. Rows of one device must be in the order they shall be walked back."""
        count = len(columns)
        if count == 0:
            return
        if count > self._most // 2:
            half = count // 2
            self.append(columns.take(np.arange(half)), device_no[:half])
            self.append(columns.take(np.arange(half, count)), device_no[half:])
            return
        self._make_room(count, int(device_no.max()))
        rows = np.arange(self._rows, self._rows + count)
        slots = rows % self._size
        for name in _NAMES:
            self._columns[name][slots] = getattr(columns, name)
        self._mocked[slots] = columns.mocked
        self._coarse[slots] = False if columns.coarse is None else columns.coarse
        # the chain: each row points at the one before of its device, the first of the batch at what was the head
        order = np.argsort(device_no, kind="stable")
        sorted_no, sorted_rows = device_no[order], rows[order]
        before = np.empty(count, dtype=np.int64)
        first = np.ones(count, dtype=np.bool_)
        first[1:] = sorted_no[1:] != sorted_no[:-1]
        before[1:] = sorted_rows[:-1]
        heads = self._head[sorted_no[first]]
        before[first] = heads
        head_slots = np.maximum(heads, 0) % self._size
        reach_s = np.where(heads >= self._oldest(), np.maximum(self._columns["at_s"][head_slots], self._older_s[head_slots]), -np.inf)
        self._before[sorted_rows % self._size] = before
        self._older_s[sorted_rows % self._size] = _newest_before(columns.at_s[order], first, reach_s)
        last = np.ones(count, dtype=np.bool_)
        last[:-1] = first[1:]
        self._head[sorted_no[last]] = sorted_rows[last]
        self._rows += count

    def _make_room(self, count: int, highest_no: int) -> None:
        while highest_no >= len(self._head):
            self._head = np.concatenate([self._head, np.full(len(self._head), -1, dtype=np.int64)])
        if self._rows + count > self._size and self._size < self._most:
            self._grow(min(self._most, max(2 * self._size, self._rows + count)))

    def _grow(self, size: int) -> None:
        """Lay the rows out anew in more slots. Until the ring has its full size nothing is ever overwritten."""
        kept = np.arange(max(0, self._rows - self._size), self._rows)
        old, new = kept % self._size, kept % size
        for name in _NAMES:
            column = np.empty(size)
            column[new] = self._columns[name][old]
            self._columns[name] = column
        mocked, coarse = (np.zeros(size, dtype=np.bool_) for _ in range(2))
        before, older_s = np.full(size, -1, dtype=np.int64), np.full(size, -np.inf)
        mocked[new], coarse[new] = self._mocked[old], self._coarse[old]
        before[new], older_s[new] = self._before[old], self._older_s[old]
        self._mocked, self._coarse, self._before, self._older_s, self._size = mocked, coarse, before, older_s, size

    def samples(self, device_no: int, since_s: float) -> list[Sample]:
        """What is remembered of a device at or after `since_s`, in order of time, each fix once."""
        slots = np.array(self._walk(device_no, since_s=since_s), dtype=np.int64) % self._size
        return self._samples(slots[self._columns["at_s"][slots] >= since_s])

    def positions(self, device_no: int, since_s: float) -> list[tuple[float, float, float, float]]:
        """(at_s, reported_s, lat_deg, lon_deg) of what is remembered at or after `since_s`, in order of time: cheaper than samples."""
        slots = np.array(self._walk(device_no, since_s=since_s), dtype=np.int64) % self._size
        c = self._columns
        slots = slots[c["at_s"][slots] >= since_s]
        return sorted(zip(*(c[name][slots].tolist() for name in ("at_s", "reported_s", "lat_deg", "lon_deg")), strict=True))

    def recent(self, device_no: int, most: int, since_s: float) -> list[Sample]:
        """The newest `most` fixes at or after `since_s`, in order of time. Late ones further back in the chain may be missing."""
        slots = np.array(self._walk(device_no, 2 * most, since_s), dtype=np.int64) % self._size
        return self._samples(slots[self._columns["at_s"][slots] >= since_s])[-most:]

    def before(self, device_no: int, at_s: float, since_s: float) -> Sample | None:
        """The newest fix before `at_s`, if it is not older than `since_s`; of several at one time the one with the last id."""
        row = int(self._head[device_no]) if 0 <= device_no < len(self._head) else -1
        oldest, before, older_s, size, times = self._oldest(), self._before, self._older_s, self._size, self._columns["at_s"]
        newest_s, slots = since_s, list[int]()
        while row >= oldest:
            slot = row % size
            then_s = times[slot]
            if newest_s <= then_s < at_s:
                if then_s > newest_s:
                    newest_s, slots = then_s, []
                slots.append(slot)
            if older_s[slot] < newest_s:
                break
            row = int(before[slot])
        if len(slots) != 1:
            return self._samples(np.array(slots, dtype=np.int64))[-1] if slots else None
        return self._sample(slots[0])

    def _sample(self, slot: int) -> Sample:
        at_s, said_s, lat, lon, accuracy, speed, age_s = (float(self._columns[name][slot]) for name in _NAMES)
        known = None if speed != speed else speed  # noqa: PLR0124 - NaN
        return Sample(at_s, fix_id(said_s, lat, lon), lat, lon, accuracy, known, bool(self._mocked[slot]), age_s, bool(self._coarse[slot]))

    def reaches_back_s(self, device_no: int) -> float:
        """Event time from which on everything heard of the device is remembered; -inf when nothing was ever forgotten of it."""
        row = int(self._head[device_no]) if 0 <= device_no < len(self._head) else -1
        oldest = self._oldest()
        reach_s = np.inf
        while row >= 0:
            if row < oldest:
                return max(float(reach_s), self.begins_s)
            slot = row % self._size
            reach_s = min(reach_s, float(self._columns["at_s"][slot]))
            row = int(self._before[slot])
        return float(self.begins_s)

    def _walk(self, device_no: int, most: int = 1 << 62, since_s: float = -np.inf) -> list[int]:
        """Rows of a device, the newest appended first, as far back as one at or after `since_s` may stand."""
        rows: list[int] = []
        row = int(self._head[device_no]) if 0 <= device_no < len(self._head) else -1
        oldest, before, older_s, size = self._oldest(), self._before, self._older_s, self._size
        while row >= oldest and len(rows) < most:
            rows.append(row)
            slot = row % size
            if older_s[slot] < since_s:
                break
            row = int(before[slot])
        return rows

    def _samples(self, slots: Ints) -> list[Sample]:
        columns = FixColumns(
            (), slots, mocked=self._mocked[slots], coarse=self._coarse[slots], **{name: c[slots] for name, c in self._columns.items()}
        )
        found = sorted(columns.samples(), key=in_time)
        return [s for i, s in enumerate(found) if i == 0 or s.id != found[i - 1].id or s.at_s != found[i - 1].at_s]

    def _oldest(self) -> int:
        return max(0, self._expired, self._rows - self._size)

    def expire(self, before_s: float) -> None:
        """Wipe what was appended first, as long as it happened before `before_s`."""
        start, block = self._oldest(), 4096
        while start < self._rows:
            slots = np.arange(start, min(start + block, self._rows)) % self._size
            stays = np.flatnonzero(~(self._columns["at_s"][slots] < before_s))
            gone = slots if not len(stays) else slots[: stays[0]]
            for column in self._columns.values():
                column[gone] = np.nan
            start += len(gone)
            if len(stays):
                break
        self._expired = start

    def forget(self, device_no: int) -> None:
        """Nothing is remembered of this device any more."""
        for row in self._walk(device_no):
            slot = row % self._size
            for column in self._columns.values():
                column[slot] = np.nan
        if 0 <= device_no < len(self._head):
            self._head[device_no] = -1


def in_time(sample: Sample) -> tuple[float, str]:
    """By which samples of one device are in order. The same fix twice is equal in it, though one may say a speed and the other none."""
    return sample.at_s, sample.id


def _newest_before(at_s: Floats, first: Flags, reach_s: Floats) -> Floats:
    """(n,): of each row the newest time before it in its run. `first` marks where runs begin, `reach_s` is what each begins with."""
    run = np.cumsum(first) - 1
    rank = np.empty(len(at_s), dtype=np.int64)
    by_time = np.argsort(at_s, kind="stable")
    rank[by_time] = np.arange(len(at_s))
    newest = np.maximum.accumulate(run * len(at_s) + rank)  # a later run's numbers are all larger: each run is for itself
    out = reach_s[run]
    later = np.flatnonzero(~first)
    out[later] = np.maximum(out[later], at_s[by_time[newest[later - 1] % len(at_s)]])
    return out


_NAMES = ("at_s", "reported_s", "lat_deg", "lon_deg", "accuracy_m", "speed_mps", "age_s")
