"""What a runner knows of every device, in columns: who has which number, and its last fix.

Owns the fast way past the detector: a fix of a quiet device that hits no fence and crosses none only becomes its last fix
(`track.pass_by` says why that is all). Pure. Must not apply any other fix; it says which ones need the rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geofences.columns import Flags, Floats, Ints
from geofences.index import FenceIndex
from geofences.track import Key, Sample, TrackRules

FIRST = 1024
COLUMNS = ("at_s", "lat_deg", "lon_deg", "accuracy_m", "floor_s", "quiet_s", "busy")


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes to be judged, sorted by device, then time. All (n,); times in seconds since 1970."""

    device_no: Ints
    at_s: Floats
    lat_deg: Floats
    lon_deg: Floats
    accuracy_m: Floats

    def take(self, rows: Ints | Flags) -> Fixes:
        return Fixes(self.device_no[rows], self.at_s[rows], self.lat_deg[rows], self.lon_deg[rows], self.accuracy_m[rows])


class LiveDevices:
    """Numbers count from 0 and are for this process only. `busy` devices have something that a fix or time could change; since
    `quiet_s` (event time) the others have had nothing."""

    def __init__(self) -> None:
        self._no: dict[Key, int] = {}
        self.keys: list[Key] = []
        self.at_s = np.full(FIRST, -np.inf)
        self.lat_deg, self.lon_deg, self.accuracy_m = (np.full(FIRST, np.nan) for _ in range(3))
        self.floor_s, self.quiet_s = (np.full(FIRST, -np.inf) for _ in range(2))
        self.busy = np.zeros(FIRST, dtype=np.bool_)

    def number(self, key: Key) -> int:
        """The number of a device, a new one if need be. One device seen with two shoppers is two."""
        no = self._no.get(key)
        return self._add(key) if no is None else no

    def _add(self, key: Key) -> int:
        no = len(self.keys)
        if no == len(self.at_s):
            for name in COLUMNS:
                old = getattr(self, name)
                setattr(self, name, np.concatenate([old, np.full_like(old, _nothing(name))]))
        self.keys.append(key)
        self._no[key] = no
        return no

    def numbers(self, keys: Sequence[Key]) -> Ints:
        known = list(map(self._no.get, keys))
        return np.array(list(map(self.number, keys)) if None in known else known, dtype=np.int64)

    def overdue(self, fixes: Fixes) -> Flags:
        """Which fixes come after something later of their device was worked in."""
        return fixes.at_s < self.floor_s[fixes.device_no]

    def for_rules(self, fixes: Fixes, fences: FenceIndex, rules: TrackRules) -> Flags:
        """Which fixes must go through the detector: of a device that is busy, or that hits or may cross a fence in them.

        `fixes` are sorted by device and time, none overdue. The others may pass by. Nothing is changed.
        """
        count, no = len(fixes.at_s), fixes.device_no
        first = np.ones(count, dtype=np.bool_)
        first[1:] = no[1:] != no[:-1]
        before = np.arange(-1, count - 1)
        at0 = np.where(first, self.at_s[no], fixes.at_s[before])
        lat0 = np.where(first, self.lat_deg[no], fixes.lat_deg[before])
        lon0 = np.where(first, self.lon_deg[no], fixes.lon_deg[before])
        # two places at one time: the order of their ids decides, which the rules know
        watch = (fixes.at_s == at0) & ((fixes.lat_deg != lat0) | (fixes.lon_deg != lon0))
        point_no, _ = fences.locate(fixes.lat_deg, fixes.lon_deg)
        watch[point_no] = True
        gap_s = fixes.at_s - at0
        near = np.flatnonzero((gap_s > 0) & (gap_s <= rules.presence.crossed_max_gap_s))
        if len(near):
            ask = getattr(fences, "may_cross", None)
            crossing = ask(lat0[near], lon0[near], fixes.lat_deg[near], fixes.lon_deg[near]) if ask else np.ones(len(near), dtype=bool)
            watch[near[crossing]] = True
        seen = self.busy[no]
        return seen | np.isin(no, no[watch]) if watch.any() else seen

    def pass_by(self, fixes: Fixes) -> None:
        """`fixes` (sorted by device and time) only become the last fixes of their devices."""
        no = fixes.device_no
        if not len(no):
            return
        last = np.ones(len(no), dtype=np.bool_)
        last[:-1] = no[1:] != no[:-1]
        who = no[last]
        self.at_s[who] = self.floor_s[who] = fixes.at_s[last]
        self.lat_deg[who], self.lon_deg[who] = fixes.lat_deg[last], fixes.lon_deg[last]
        self.accuracy_m[who] = fixes.accuracy_m[last]

    def settle(self, no: int, last: Sample | None, floor_s: float, *, busy: bool) -> None:
        """What the rules have left of a device."""
        if last is not None:
            self.at_s[no], self.lat_deg[no], self.lon_deg[no] = last.at_s, last.lat_deg, last.lon_deg
            self.accuracy_m[no] = last.accuracy_m
        self.floor_s[no] = floor_s
        self.busy[no] = busy
        self.quiet_s[no] = max(self.quiet_s[no], floor_s)

    def reset(self, nos: Sequence[int]) -> None:
        """As if these devices had never been heard of; they keep their numbers."""
        for name in COLUMNS:
            getattr(self, name)[list(nos)] = _nothing(name)


def _nothing(name: str) -> float:
    return 0.0 if name == "busy" else -np.inf if name.endswith("_s") else np.nan
