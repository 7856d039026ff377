"""Straight ways through fences."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from geofences.index import FenceIndex
from geofences.shapes import Area, Circle, Corridor, haversine_m
from tests.geofences.index.scenes import PLACES, fence, numbered, shapes
from tests.geofences.tracks import LAT, LON, K


@pytest.mark.usefixtures("path")
class TestCrossed:
    def test_the_depth_of_the_way(self) -> None:
        street = Corridor(shapely.LineString([(LON, LAT - 0.01), (LON, LAT + 0.01)]), 15.0)
        square = Area(shapely.box(LON - 0.001, LAT - 20 / K, LON + 0.001, LAT + 20 / K))
        index = FenceIndex(numbered([Circle(LAT, LON, 60.0), square, street]))
        found = index.crossed(LAT, LON - 0.01, LAT, LON + 0.01)
        assert [number for number, _ in found] == [0, 1, 2]
        assert [depth for _, depth in found] == pytest.approx([60, 20, 15], abs=0.5)

    def test_beside_is_not_through(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.crossed(LAT + 61 / K, LON - 0.01, LAT + 61 / K, LON + 0.01) == []

    def test_what_is_skipped_is_not_named(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.crossed(LAT, LON - 0.01, LAT, LON + 0.01, {"f0"}) == []

    def test_the_shorter_way_over_the_antimeridian(self) -> None:
        halves = Area(shapely.MultiPolygon([shapely.box(179.999, -1, 180, 1), shapely.box(-180, -1, -179.999, 1)]))
        index = FenceIndex(numbered([Circle(0.0, 180.0, 60.0), halves, Circle(0.0, 0.0, 60.0)]))
        for lon0, lon1 in ((179.99, -179.99), (-179.99, 179.99)):
            found = index.crossed(0.0, lon0, 0.0, lon1)
            assert [number for number, _ in found] == [0, 1]
            assert [depth for _, depth in found] == pytest.approx([60, 111.2], abs=0.5)

    def test_a_way_too_long_is_not_judged(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.crossed(LAT, LON - 0.3, LAT, LON + 0.3) == []

    def test_the_longest_part_inside_counts(self) -> None:
        two = shapely.MultiPolygon([shapely.box(0, -0.0001, 0.001, 0.0001), shapely.box(0.002, -0.001, 0.005, 0.001)])
        ((_, depth),) = FenceIndex([fence(Area(two))]).crossed(0.0, -0.001, 0.0, 0.006)
        assert depth == pytest.approx(0.001 * K, abs=0.1)


@pytest.mark.usefixtures("path")
class TestMayCross:
    def test_no_way_that_passes_a_fence_is_dismissed(self) -> None:
        index = FenceIndex(numbered(shapes(6, 16)))
        rng = np.random.default_rng(6)
        ways: list[list[float]] = []
        for lat, lon in PLACES:
            for _ in range(60):
                a = np.array([lat, lon]) + rng.normal(0, 0.02, 2)
                b = a + rng.normal(0, 10 ** rng.uniform(-4, -1.5), 2)
                turned = [(float(np.clip(y, -90, 90)), float(np.mod(x + 180, 360) - 180)) for y, x in (a, b)]
                ways.append([*turned[0], *turned[1]])
        maybe = index.may_cross(*np.array(ways).T)
        passed = np.array([bool(index.crossed(*way)) for way in ways])
        assert not (passed & ~maybe).any()
        assert passed.sum() > 100
        for way in [w for w, may in zip(ways, maybe.tolist(), strict=True) if not may and haversine_m(*w) < 20_000]:
            part, across = np.linspace(0, 1, 50), (way[3] - way[1] + 180) % 360 - 180
            lat, lon = way[0] + part * (way[2] - way[0]), (way[1] + part * across + 180) % 360 - 180
            assert index.locate(lat, lon)[0].size == 0

    def test_a_long_way_through_small_circles(self) -> None:
        """Each of them is touched only far from the way's ends. Seen to fail when only the first row of a way's cells is looked at."""
        index = FenceIndex(numbered([Circle(LAT + 0.002 * i, LON + 0.003 * i, 20.0) for i in range(2, 30)]))
        assert [n for n, _ in index.crossed(LAT, LON, LAT + 0.06, LON + 0.09)] == list(range(28))
        assert index.may_cross(*np.array([[LAT, LON, LAT + 0.06, LON + 0.09], [LAT + 0.06, LON + 0.09, LAT + 0.031, LON + 0.0465]]).T).all()

    def test_far_from_everything(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.may_cross(*np.array([[LAT + 0.1, LON, LAT + 0.11, LON], [LAT, LON - 0.01, LAT, LON + 0.01]]).T).tolist() == [False, True]

    def test_no_way_and_no_place(self) -> None:
        index = FenceIndex([fence(Circle(LAT, LON, 60.0))])
        assert index.may_cross(*np.empty((4, 0))).tolist() == []
        assert index.may_cross(*np.array([[np.nan, LON, LAT, LON]]).T).tolist() == [False]
