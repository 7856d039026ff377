"""Perimeter to perimeter on the ellipsoid: exact values, every shape, the antimeridian, poles, holes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from geofences.geometry import read_shape
from geofences.sensitive.distance import (
    MARGIN_M,
    Near,
    Outline,
    Perimeter,
    Sensitive,
    SensitiveIndex,
    drawn_around,
    places_around,
)
from geofences.shapes import Circle, Shape
from tests.geofences.sensitive.geodesy import vincenty_m

LAT, LON = 60.17, 24.94
NORTH_DEG = 1 / 111_412.0
"""Of a metre, near enough for drawing tests."""


def box(west_m: float, south_m: float, east_m: float, north_m: float, lat: float = LAT, lon: float = LON) -> list[list[float]]:
    k = NORTH_DEG / math.cos(math.radians(lat)) * 0.998
    return [
        [lon + x * k, lat + y * NORTH_DEG]
        for x, y in ((west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m))
    ]


def polygon(*rings: list[list[float]]) -> Shape:
    return read_shape({"type": "Polygon", "coordinates": list(rings)})


def away_m(place: Shape, fence: Shape, within_m: float = 5_000) -> float | None:
    return Perimeter(place).distance_m(Outline(fence), within_m)


def true_m(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    return float(vincenty_m(lat0, lon0, np.array([lat1]), np.array([lon1]))[0])


class TestGeodesy:
    def test_vincentys_own_lines(self) -> None:
        """Of his paper's table: line (e) on another ellipsoid would differ; a degree at the equator and at the pole are textbook values."""
        assert true_m(0, 0, 0, 1) == pytest.approx(111_319.491, abs=0.001)
        assert true_m(0, 0, 1, 0) == pytest.approx(110_574.389, abs=0.001)
        assert true_m(89, 0, 90, 0) == pytest.approx(111_693.865, abs=0.001)


class TestCircles:
    @pytest.mark.parametrize("lat", [0.0, 30.0, 60.17, -75.0, 85.0, 89.9])
    @pytest.mark.parametrize("lon", [24.94, 179.9999, -179.9999])
    def test_points_are_as_far_as_the_ellipsoid_says(self, lat: float, lon: float) -> None:
        for east, north in ((0.0, 0.004), (0.004, 0.0), (-0.003, -0.004)):
            lat1, lon1 = lat + north, (lon + east / math.cos(math.radians(lat)) + 180) % 360 - 180
            found = away_m(Circle(lat, lon, 0.001), Circle(lat1, lon1, 0.001))
            assert found == pytest.approx(true_m(lat, lon, lat1, lon1) - MARGIN_M, abs=0.05)

    def test_a_fence_of_100_km_is_measured_from_its_far_centre(self) -> None:
        found = away_m(Circle(LAT, LON, 15), Circle(LAT, LON + 1.8, 99_000))
        far = true_m(LAT, LON, LAT, LON + 1.8)
        assert found is not None
        assert far - 99_000 * 1.0037 - 17 < found < far - 99_000 - 15

    def test_radii_are_taken_off_at_their_largest(self) -> None:
        found = away_m(Circle(LAT, LON, 15), Circle(LAT + 500 * NORTH_DEG, LON, 100))
        assert found == pytest.approx(500 - 115 * 1.0037 - MARGIN_M, abs=0.05)

    def test_what_touches_is_at_nothing(self) -> None:
        assert away_m(Circle(LAT, LON, 15), Circle(LAT, LON, 3)) == 0.0
        assert away_m(polygon(box(-50, -50, 50, 50)), Circle(LAT, LON, 3)) == 0.0

    def test_beyond_reach_nothing_is_told(self) -> None:
        assert away_m(Circle(LAT, LON, 15), Circle(LAT + 0.02, LON, 15), 1_000) is None


class TestAreas:
    def test_from_wall_to_wall_and_not_from_the_middle(self) -> None:
        """Seen to fail on: the place's middle measured instead of its perimeter."""
        found = away_m(polygon(box(-200, -200, 200, 200)), polygon(box(300, -10, 320, 10)))
        assert found == pytest.approx(100 - MARGIN_M, abs=0.3)

    def test_a_place_within_the_fence_is_at_nothing(self) -> None:
        assert away_m(polygon(box(-20, -20, 20, 20)), polygon(box(-4000, -4000, 4000, 4000))) == 0.0
        assert away_m(Circle(LAT, LON, 15), polygon(box(-4000, -4000, 4000, 4000))) == 0.0

    def test_a_fence_within_the_place_is_at_nothing(self) -> None:
        assert away_m(polygon(box(-4000, -4000, 4000, 4000)), polygon(box(-20, -20, 20, 20))) == 0.0

    def test_a_fence_around_a_place_in_its_hole_is_as_far_as_the_hole_is_wide(self) -> None:
        """Seen to fail on: holes left out of the border."""
        fence = polygon(box(-900, -900, 900, 900), box(-700, -700, 700, 700)[::-1])
        assert away_m(polygon(box(-20, -20, 20, 20)), fence) == pytest.approx(680 - MARGIN_M, abs=1)

    def test_a_fence_in_a_courtyard_is_measured_to_the_inner_wall(self) -> None:
        hospital = polygon(box(-300, -300, 300, 300), box(-100, -100, 100, 100)[::-1])
        assert away_m(hospital, Circle(LAT, LON, 10)) == pytest.approx(90 - MARGIN_M, abs=0.5)

    def test_of_several_parts_the_nearest_counts(self) -> None:
        fence = read_shape({"type": "MultiPolygon", "coordinates": [[box(2000, 0, 2100, 100)], [box(250, 0, 260, 100)]]})
        assert away_m(Circle(LAT, LON, 1), fence) == pytest.approx(249 - MARGIN_M, abs=0.5)

    def test_across_the_antimeridian(self) -> None:
        fence = read_shape({"type": "Polygon", "coordinates": [box(100, -50, 400, 50, 10, 179.9995)]})
        assert away_m(Circle(10, 179.9995, 1), fence) == pytest.approx(99 - MARGIN_M, abs=1)
        west = read_shape({"type": "Polygon", "coordinates": [box(-400, -50, -100, 50, 10, -179.9995)]})
        assert away_m(Circle(10, -179.9995, 1), west) == pytest.approx(99 - MARGIN_M, abs=1)

    def test_a_cap_over_the_pole(self) -> None:
        cap = read_shape({"type": "Polygon", "coordinates": [[[-180, 89.99], [180, 89.99], [180, 90], [-180, 90], [-180, 89.99]]]})
        assert away_m(Circle(90, 0, 1), cap) == 0.0
        gap = away_m(Circle(89.985, 70, 1), cap)
        assert gap == pytest.approx(558.5 - 1 - MARGIN_M, abs=1)


class TestCorridors:
    def test_half_its_width_is_taken_off(self) -> None:
        street = read_shape({"type": "LineString", "coordinates": [[LON - 0.1, LAT + 300 * NORTH_DEG], [LON + 0.1, LAT + 300 * NORTH_DEG]]}, {"buffer_m": 50})
        found = away_m(Circle(LAT, LON, 1), street)
        assert found == pytest.approx(300 - 1 - 50 * 1.0057 - MARGIN_M, abs=0.3)

    def test_one_that_runs_on_beyond_180(self) -> None:
        street = read_shape({"type": "LineString", "coordinates": [[179.99, 10.002], [-179.99, 10.002]]}, {"buffer_m": 10})
        assert away_m(Circle(10, -179.995, 1), street) == pytest.approx(221.2 - 11 - MARGIN_M, abs=1)


def sensitive(i: int, kind: str, shape: Shape, where: str = "") -> Sensitive:
    return Sensitive(f"sen_{i}", kind, where, shape)


class TestIndex:
    def test_the_nearest_of_each_kind_and_jurisdiction(self) -> None:
        index = SensitiveIndex(
            [
                sensitive(1, "pharmacy", Circle(LAT + 400 * NORTH_DEG, LON, 15)),
                sensitive(2, "pharmacy", Circle(LAT - 200 * NORTH_DEG, LON, 15)),
                sensitive(3, "school", polygon(box(100, -5, 150, 5))),
                sensitive(4, "school", Circle(LAT, LON + 0.5, 15)),
                sensitive(5, "school", Circle(LAT - 300 * NORTH_DEG, LON, 15), "US-WA"),
            ]
        )
        found = index.near(Circle(LAT, LON, 10), 1_000)
        assert {key: near.sensitive_id for key, near in found.items()} == {
            ("pharmacy", ""): "sen_2",
            ("school", ""): "sen_3",
            ("school", "US-WA"): "sen_5",
        }
        assert found["pharmacy", ""].distance_m == pytest.approx(175 - 0.1 - MARGIN_M, abs=0.2)

    def test_it_says_what_asking_every_place_says(self) -> None:
        """Seen to fail on: a filter that counts a fence's circle as a point."""
        rng = np.random.default_rng(7)
        places = [sensitive(i, f"k{i % 3}", Circle(LAT + a, LON + b, 15)) for i, (a, b) in enumerate(rng.uniform(-0.05, 0.05, (300, 2)).tolist())]
        index = SensitiveIndex(places)
        ready = [Perimeter(place.shape) for place in places]
        for a, b, r in rng.uniform([-0.05, -0.1, 5], [0.05, 0.1, 2_000], (40, 3)).tolist():
            fence = Circle(LAT + a, LON + b, r)
            asked: dict[str, float] = {}
            outline = Outline(fence)
            for place, perimeter in zip(places, ready, strict=True):
                found = perimeter.distance_m(outline, 1_000)
                if found is not None:
                    asked[place.kind] = min(found, asked.get(place.kind, math.inf))
            assert {kind: near.distance_m for (kind, _), near in index.near(fence, 1_000).items()} == asked

    def test_nothing_is_near_nothing(self) -> None:
        assert dict[Any, Near](SensitiveIndex([]).near(Circle(0, 0, 10), 1_000)) == {}

    def test_which_circles_may_be_reached(self) -> None:
        circles = [Circle(LAT, LON, 10), Circle(LAT + 0.01, LON, 10), Circle(LAT + 0.1, LON, 10)]
        assert places_around(circles, [Circle(LAT, LON, 300)], 1_000) == [0, 1]
        assert places_around([], circles, 1_000) == places_around(circles, [], 1_000) == []


class TestDrawn:
    def test_a_zone_is_as_wide_as_what_is_kept(self) -> None:
        west, south, east, north = drawn_around(Circle(LAT, LON, 15), 600).bounds
        assert (north - south) / NORTH_DEG == pytest.approx(2 * 615, rel=0.006)
        assert (east - west) / (north - south) == pytest.approx(1 / math.cos(math.radians(LAT)), rel=0.01)
