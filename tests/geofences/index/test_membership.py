"""Enters and exits of many devices: the same as a plain dict over the slow index gives, on every path."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geofences.index import FenceIndex, Membership, workloads
from geofences.index.reference import SlowIndex
from geofences.shapes import Circle
from tests.geofences.index.scenes import fence, numbered

Told = list[tuple[int, int, bool]]


class PlainMembership:
    """The oracle: a dict of sets, and the slow index."""

    def __init__(self, index: SlowIndex) -> None:
        self.index, self.inside, self.last = index, {}, {}

    def step(self, device, at_s, lat, lon) -> Told:
        held: dict[int, list[int]] = {}
        for point, number in zip(*(a.tolist() for a in self.index.locate(lat, lon)), strict=True):
            held.setdefault(point, []).append(number)
        out: Told = []
        for row in sorted(range(len(at_s)), key=lambda r: at_s[r]):
            d = int(device[row])
            if at_s[row] < self.last.get(d, -np.inf):
                continue
            self.last[d] = at_s[row]
            before, now = self.inside.get(d, []), held.get(row, [])
            out += [(row, f, False) for f in before if f not in now] + [(row, f, True) for f in now if f not in before]
            self.inside[d] = now
        return out


def told(events) -> Told:
    return list(zip(*(column.tolist() for column in events), strict=True))


class TestStep:
    @pytest.mark.parametrize("batch", [7, 500, 10_000])
    def test_a_city_in_batches(self, path: str, batch: int) -> None:
        """Seen to fail (numpy path) when the batch is not sorted, and when a late fix is applied."""
        fences = workloads.fences("W2", 3000)
        fixes = workloads.fixes(700 if batch == 7 else 20_000, 3000)
        ours, plain = Membership(FenceIndex(fences)), PlainMembership(SlowIndex(fences))
        total = 0
        for at in range(0, len(fixes.at_s), batch):
            some = slice(at, at + batch)
            columns = (fixes.device_no[some] % 300, fixes.at_s[some], fixes.lat_deg[some], fixes.lon_deg[some])
            expected = plain.step(*columns)
            assert told(ours.step(*columns)) == expected
            total += len(expected)
        assert total > (5 if batch == 7 else 200)

    @given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(-4, 4)), max_size=120), st.integers(1, 80))
    def test_any_order_and_batching(self, path: str, fixes: list[tuple[int, int, int]], batch: int) -> None:
        """Circles in a row that overlap, devices that jump among them, times that repeat and go back."""
        fences = numbered([Circle(0.0, i * 0.001, 150.0) for i in range(-2, 3)])
        ours, single, plain = Membership(FenceIndex(fences)), Membership(FenceIndex(fences)), PlainMembership(SlowIndex(fences))
        for at in range(0, len(fixes), batch):
            device, at_s, x = (np.array(c, dtype=np.float64) for c in zip(*fixes[at : at + batch], strict=True))
            columns = (device.astype(np.int64), at_s, np.zeros(len(x)), x * 0.001)
            expected = plain.step(*columns)
            assert told(ours.step(*columns)) == expected
            order = np.argsort(at_s, kind="stable").tolist()
            one_by_one = [(r, *e) for r in order for e in single.step_one(int(device[r]), float(at_s[r]), 0.0, float(x[r] * 0.001))]
            assert one_by_one == expected

    @pytest.mark.usefixtures("path")
    def test_what_is_no_batch(self) -> None:
        some = Membership(FenceIndex([fence(Circle(0, 0, 10))]))
        with pytest.raises(ValueError, match="same length"):
            some.step(np.zeros(2, dtype=np.int64), np.zeros(1), np.zeros(2), np.zeros(2))
        with pytest.raises(ValueError, match="0 or more"):
            some.step(np.array([-1]), np.zeros(1), np.zeros(1), np.zeros(1))
        with pytest.raises(ValueError, match="0 or more"):
            some.step_one(-1, 0.0, 0.0, 0.0)
        assert told(some.step(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0))) == []

    @pytest.mark.usefixtures("path")
    def test_a_fix_without_a_time_or_place_changes_nothing(self) -> None:
        some = Membership(FenceIndex([fence(Circle(0, 0, 10))]))
        one = np.array([0])
        assert told(some.step(one, np.array([1.0]), np.zeros(1), np.zeros(1))) == [(0, 0, True)]
        assert told(some.step(one, np.array([np.nan]), np.ones(1), np.zeros(1))) == []
        assert told(some.step(one, np.array([2.0]), np.array([np.nan]), np.zeros(1))) == [(0, 0, False)]
