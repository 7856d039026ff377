"""Places within places."""

from __future__ import annotations

import pytest
import shapely

from geofences.levels import holds, level_of
from geofences.shapes import Area, Circle, Corridor
from tests.geofences.tracks import K_LON, LAT, LON, K


def box(west_m: float, south_m: float, east_m: float, north_m: float) -> Area:
    return Area(shapely.box(LON + west_m / K_LON, LAT + south_m / K, LON + east_m / K_LON, LAT + north_m / K))


def circle(east_m: float, radius_m: float) -> Circle:
    return Circle(LAT, LON + east_m / K_LON, radius_m)


class TestLevelOf:
    @pytest.mark.parametrize(
        ("kind", "given", "level"),
        [
            ("mall", None, -1),
            ("store", None, 0),
            ("cafe", None, 0),
            ("department", None, 1),
            ("mall", 3, 3),
            ("store", -9, -9),
        ],
    )
    def test_by_kind_or_as_given(self, kind: str, given: object, level: int) -> None:
        assert level_of(kind, given) == level

    @pytest.mark.parametrize("given", ["1", 1.0, True, 10, -10, []])
    def test_no_level(self, given: object) -> None:
        assert level_of("store", given) is None


class TestHolds:
    @pytest.mark.parametrize(
        ("outer", "inner", "expected"),
        [
            (circle(0, 100), circle(30, 60), True),
            (circle(0, 100), circle(50, 60), False),
            (circle(0, 100), box(-50, -50, 50, 50), True),
            (circle(0, 100), box(-90, -90, 50, 50), False),
            (box(-100, -100, 100, 100), circle(0, 90), True),
            (box(-100, -100, 100, 100), circle(50, 60), False),
            (box(-100, -100, 100, 100), circle(300, 10), False),
            (box(-100, -100, 100, 100), box(-100, 0, 0, 50), True),
            (box(-100, -100, 100, 100), box(50, 50, 150, 70), False),
            (Corridor(shapely.LineString([(LON, LAT), (LON + 1, LAT)]), 50), circle(10, 5), False),
        ],
    )
    def test_within(self, outer: Area, inner: Area, expected: bool) -> None:
        assert holds(outer, inner) is expected
