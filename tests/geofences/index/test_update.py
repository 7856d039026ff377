"""Fences put in, moved and taken out under traffic: exact afterwards, and the snapshot before stays as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.index import Fence, FenceIndex, snapshot, workloads
from geofences.index.reference import SlowIndex
from geofences.shapes import Area, Circle
from tests.geofences.index.scenes import fence, numbered, points, shapes

Named = set[tuple[int, str]]


def named(index: FenceIndex, lat: Any, lon: Any) -> Named:
    point, number = index.locate(lat, lon)
    return {(p, index.fences[n].id) for p, n in zip(point.tolist(), number.tolist(), strict=True)}


def expected(fences: list[Fence], lat: Any, lon: Any) -> Named:
    point, number = SlowIndex(fences).locate(lat, lon)
    return {(p, fences[n].id) for p, n in zip(point.tolist(), number.tolist(), strict=True)}


POOL = shapes(11, 12)
LAT, LON = points(11, numbered(POOL)[::3], 40)


@pytest.mark.usefixtures("path")
class TestChanged:
    @settings(max_examples=15)
    @given(st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, len(POOL) - 1)), min_size=1, max_size=4), max_size=12))
    def test_any_changes_equal_a_fresh_index(self, changes: list[list[tuple[int, int]]]) -> None:
        """Each change gives ids a shape of the pool, or retires them (-1). Seen to fail when a block's old
        entries are kept though they were found, when added numbers count from the live fences, when a new line forgets the other
        tiles of its band, and when the line of the snapshot before is written to. Entries that are not found
        where they should stand make the index build anew: that net catches blocks that are forgotten."""
        start = numbered(POOL[:20])
        index, alive = FenceIndex(start), {f.id: f for f in start}
        before: list[tuple[FenceIndex, Named]] = []
        for version, change in enumerate(changes, 1):
            added = {f"f{i}": Fence(f"f{i}", "p", "", POOL[s]) for i, s in change if s >= 0}
            retired = {f"f{i}" for i, s in change if s < 0}
            before.append((index, named(index, LAT[::5], LON[::5])))
            index = index.changed(list(added.values()), retired, version)
            alive = {i: f for i, f in alive.items() if i not in retired} | added
            assert index.version == version
            assert {f.id for f in index.fences} == alive.keys()
            assert len(index) == len(alive)
        assert named(index, LAT, LON) == expected(list(alive.values()), LAT, LON)
        for snapshot_before, found in before[-3:]:
            assert named(snapshot_before, LAT[::5], LON[::5]) == found

    def test_two_changes_of_one_snapshot(self) -> None:
        base = FenceIndex(numbered(POOL[:10]))
        one = base.changed([fence(Circle(1.0, 1.0, 50.0), 100)], (), 1)
        two = base.changed([fence(Circle(2.0, 2.0, 50.0), 200)], ["f0"], 2)
        assert (one.locate_one(1.0, 1.0), two.locate_one(1.0, 1.0)) == ((one.number_of("f100"),), ())
        assert (one.locate_one(2.0, 2.0), two.locate_one(2.0, 2.0)) == ((), (two.number_of("f200"),))
        assert one.get("f0") is not None
        assert two.get("f0") is None
        assert base.number_of("f100") is None

    def test_a_country_comes_and_goes(self) -> None:
        land = Area(shapely.box(20, 59, 31, 70))
        with_land = FenceIndex([]).changed([fence(land)], (), 1)
        assert with_land.locate_one(60.17, 24.94) == (0,)
        assert with_land.locate_one(59.0, 20.0) == (0,)
        assert with_land.changed([], ["f0"], 2).locate_one(60.17, 24.94) == ()

    def test_ids_that_are_not_there_are_not_missed(self) -> None:
        index = FenceIndex(numbered(POOL[:3]))
        assert len(index.changed([], ["nobody"], 1)) == 3

    def test_one_id_twice_is_refused(self) -> None:
        with pytest.raises(ValueError, match="unique"):
            FenceIndex([fence(Circle(0, 0, 1)), fence(Circle(0, 0, 2))])
        with pytest.raises(ValueError, match="unique"):
            FenceIndex([]).changed([fence(Circle(0, 0, 1)), fence(Circle(0, 0, 2))], (), 1)

    def test_many_changes_build_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshot, "REBUILD_LEAST", 1 << 16)
        fences = workloads.fences("W2", 300)
        index, kept = FenceIndex(fences), fences[100:]
        sizes: list[int] = []
        for i, one in enumerate(fences[:100]):
            index = index.changed([], [one.id], i)
            sizes.append(sum(array.nbytes for _, array in index.arrays.named()))
        assert max(sizes) < 10 * sizes[0]
        lat, lon = points(3, kept[:40], 5)
        assert named(index, lat, lon) == expected(kept, lat, lon)

    def test_numbers_are_not_given_twice(self) -> None:
        index = FenceIndex(numbered([Circle(0, 0, 100), Circle(0, 0, 100)]))
        moved = index.changed([Fence("f0", "p", "moved", Circle(0, 0, 100))], ["f1"], 1)
        assert moved.number_of("f0") == 2
        assert [f.name for f in moved.fences] == ["moved"]
        assert [f.name for f in index.fences] == ["Fence 0", "Fence 1"]
        assert moved.locate(np.zeros(1), np.zeros(1))[1].tolist() == [2]
