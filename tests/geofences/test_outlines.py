"""Rings as people write them: each is accepted, mended with a notice, or refused by name; never wrong silently."""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import mapping

from geofences.geometry import Area, FenceFeature, parse_fences, read_shape
from geofences.shapes import area_m2
from tests.paths import shared

Rings = list[list[tuple[float, float]]]


def box(west: float, south: float, east: float, north: float) -> list[tuple[float, float]]:
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def read(geometry: dict[str, Any]) -> tuple[FenceFeature | None, list[str], str | None]:
    """The feature, the reasons of its notices, the reason of its refusal."""
    parsed = parse_fences(
        {"type": "Feature", "properties": {"name": "x"}, "geometry": json.loads(json.dumps(geometry))}
    )
    problem = parsed.problems[0].reason if parsed.problems else None
    return parsed.features[0] if parsed.features else None, [n.reason for n in parsed.notices], problem


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def several(*members: Any) -> dict[str, Any]:
    return {"type": "MultiPolygon", "coordinates": list(members)}


SQUARE = box(0, 0, 4, 4)
U_TURN = [(0, 0), (4, 0), (4, 4), (2, 4), (2, 1), (2, 4), (0, 4), (0, 0)]
"""A square with a spike inwards."""
SMALL_LOOP = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.01, 4.0), (-0.01, 3.99), (0.01, 3.99), (-0.005, 4.0), (0.0, 0.0)]
TOUCHING = [(0, 0), (4, 0), (4, 4), (2, 0), (0, 4), (0, 0)]
PINCHED_HOLE = [(0, 0), (4, 0), (4, 4), (2, 4), (3, 2), (2, 1), (1, 2), (2, 4), (0, 4), (0, 0)]
"""A hole written as part of the outer ring, which touches itself at a point."""
BOW_TIE = [(0, 0), (4, 4), (4, 0), (0, 4), (0, 0)]
TWICE_ROUND = [(0, 0), (4, 0), (4, 4), (0, 4), (0, 0), (3, 0), (3, 3), (0, 3), (0, 0)]
BELOW = -0.5

# name, geometry, notices in order, area in square degrees of the longitude-latitude plane
MENDED: list[tuple[str, dict[str, Any], list[str], float]] = [
    ("plain", polygon(SQUARE), [], 16),
    ("clockwise", polygon(SQUARE[::-1]), ["clockwise_ring"], 16),
    ("hole of the same sense", polygon(SQUARE, box(1, 1, 2, 2)), [], 15),
    ("left open", polygon(SQUARE[:-1]), ["ring_closed"], 16),
    ("left open, three corners", polygon(SQUARE[:3]), ["ring_closed"], 8),
    ("positions repeated", polygon([p for p in SQUARE for _ in range(3)]), ["repeated_positions"], 16),
    ("heights are left aside", polygon([(*p, 17.0) for p in SQUARE]), [], 16),
    ("spike", polygon(U_TURN), ["ring_mended"], 16),
    ("loop too small to matter", polygon(SMALL_LOOP), ["ring_mended"], 16),
    ("touches its own edge", polygon(TOUCHING), ["ring_mended"], 8),
    ("touches its own corner", polygon(PINCHED_HOLE), ["ring_mended"], 13),
    ("hole outside", polygon(SQUARE, box(10, 10, 11, 11)), ["hole_outside"], 16),
    ("hole touching from outside", polygon(SQUARE, box(4, 0, 5, 4)), ["hole_outside"], 16),
    ("hole over the border", polygon(SQUARE, box(3, 1, 5, 2)), ["holes_mended"], 15),
    ("hole along the border", polygon(SQUARE, box(3, 1, 4, 2)), ["holes_mended"], 15),
    ("holes that overlap", polygon(SQUARE, box(1, 1, 3, 2), box(2, 1, 3, 3)), ["holes_mended"], 13),
    ("hole in a hole", polygon(SQUARE, box(1, 1, 3, 3), box(1.5, 1.5, 2, 2)), ["holes_mended"], 12),
    ("hole without area", polygon(SQUARE, [(1, 1), (2, 2), (3, 3), (1, 1)]), ["hole_without_area"], 16),
    ("hole of one point", polygon(SQUARE, [(1, 1), (1, 1), (1, 1), (1, 1)]), ["repeated_positions", "hole_without_area"], 16),
    ("hole that cuts in two", polygon(SQUARE, box(1, -1, 2, 5)), ["holes_mended"], 12),
    ("members that overlap", several([SQUARE], [box(2, 0, 6, 4)]), ["members_merged"], 24),
    ("members side by side", several([SQUARE], [box(4, 0, 6, 4)]), ["members_merged"], 24),
    ("the same member twice", several([SQUARE], [SQUARE]), ["members_merged"], 16),
    ("a member without area", several([SQUARE], [[(9, 9), (9, 9), (9, 9), (9, 9)]]), ["repeated_positions", "member_without_area"], 16),
    ("an empty member", several([SQUARE], []), ["member_without_area"], 16),
    ("cut at 180 already", several([box(178, 0, 180, 1)], [box(-180, 0, -178, 1)]), [], 4),
    ("a step over 180", polygon([(178, 0), (-178, 0), (-178, 1), (178, 1), (178, 0)]), ["crosses_antimeridian"], 4),
    ("the same from the east", polygon([(-178, 0), (-178, 1), (178, 1), (178, 0), (-178, 0)]), ["crosses_antimeridian"], 4),
    ("beyond 180", polygon(box(178, 0, 182, 1)), ["crosses_antimeridian"], 4),
    ("below -180", polygon(box(-182, 0, -178, 1)), ["crosses_antimeridian"], 4),
    ("a turn too far", polygon(box(364, 0, 368, 1)), ["crosses_antimeridian"], 4),
    ("up to 540", polygon(box(400, 0, 540, 1)), ["crosses_antimeridian"], 140),
    ("hole beyond 180 too", polygon(box(178, 0, 182, 2), box(179, 0.5, 181, 1)), ["crosses_antimeridian"], 7),
    ("hole written from the other side", polygon(box(178, 0, 182, 2), box(-179.5, 0.5, -178.5, 1)), ["crosses_antimeridian"], 7.5),
    ("step over 180, hole in the east", polygon([(178, 0), (-178, 0), (-178, 2), (178, 2), (178, 0)], box(-179.5, 0.5, -178.5, 1)), ["crosses_antimeridian"], 7.5),
    ("from 179 to -180 only", polygon([(179, 0), (-180, 0), (-180, 1), (179, 1), (179, 0)]), ["crosses_antimeridian"], 1),
    ("belt around the earth", polygon(box(-180, -10, 180, 10)), [], 7200),
    ("the whole earth", polygon(box(-180, -90, 180, 90)), [], 64_800),
    ("polar cap drawn to the pole", polygon(box(-180, 80, 180, 90)), [], 3600),
    ("polar cap, round the pole", polygon([(lon, 80) for lon in range(-180, 180, 10)] + [(-180, 80)]), ["crosses_antimeridian", "holds_pole"], 3600),
    ("polar cap, closed at 180", polygon([(lon, -80) for lon in range(-180, 190, 10)] + [(-180, -80)]), ["crosses_antimeridian", "holds_pole"], 3600),
    ("polar cap, westwards", polygon([(lon, -80) for lon in range(170, -190, -10)] + [(170, -80)]), ["crosses_antimeridian", "holds_pole"], 3600),
    ("polar ring", polygon([(lon, 70) for lon in range(-180, 180, 10)] + [(-180, 70)], [(lon, 80) for lon in range(-180, 180, 10)] + [(-180, 80)]), ["crosses_antimeridian", "holds_pole", "holes_mended"], 3600),
    ("polar ring, rings swapped", polygon([(lon, 80) for lon in range(-180, 180, 10)] + [(-180, 80)], [(lon, 70) for lon in range(-180, 180, 10)] + [(-180, 70)]), ["crosses_antimeridian", "holds_pole", "rings_swapped", "holes_mended"], 3600),
]  # fmt: skip

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("bow-tie", polygon(BOW_TIE), "self_intersection"),
    ("a part gone round twice", polygon([(0, 0), (4, 0), (4, 4), (2, 4), (1, 2), (2, 1), (3, 2), (2, 4), (0, 4), (0, 0)]), "self_intersection"),
    ("gone round twice", polygon(TWICE_ROUND), "self_intersection"),
    ("a bow-tie for a hole", polygon(box(-1, -1, 5, 5), BOW_TIE), "self_intersection"),
    ("collinear", polygon([(0, 0), (1, 1), (2, 2), (0, 0)]), "no_area"),
    ("there and back", polygon([(0, 0), (4, 0), (4, 4), (4, 0), (0, 0)]), "no_area"),
    ("two points", polygon([(0, 0), (1, 1), (0, 0), (1, 1), (0, 0)]), "ring_too_short"),
    ("one point", polygon([(0, 0)] * 5), "ring_too_short"),
    ("no positions", polygon([]), "ring_too_short"),
    ("no rings", polygon(), "geometry_empty"),
    ("only empty members", several([], []), "geometry_empty"),
    ("hole as large as the ring", polygon(SQUARE, SQUARE), "nothing_left"),
    ("hole larger than the ring", polygon(SQUARE, box(-1, -1, 5, 5)), "nothing_left"),
    ("a member lost to its hole", several([SQUARE], [box(8, 8, 9, 9), box(7, 7, 10, 10)]), "nothing_left"),
    ("round the earth on both sides of the equator", polygon([(lon, 5 * (-1) ** i) for i, lon in enumerate(range(-180, 180, 10))]), "pole_unclear"),
    ("wider than the earth", polygon([(-190, 0), (-60, 0), (60, 0), (190, 0), (190, 1), (60, 1), (-60, 1), (-190, 1), (-190, 0)]), "longitude_out_of_range"),
    ("twice round the earth", polygon([(lon, lat) for lat in (50, 60) for lon in range(-180, 180, 10)] + [(-180, 50)]), "longitude_out_of_range"),
    ("steps and longitudes beyond 180", polygon([(178, 0), (-178, 0), (-178, 1), (182, 1), (178, 0)]), "longitude_ambiguous"),
    ("beyond 540", polygon(box(538, 0, 542, 1)), "longitude_out_of_range"),
]  # fmt: skip


class TestMended:
    @pytest.mark.parametrize(("geometry", "notices", "area"), [c[1:] for c in MENDED], ids=[c[0] for c in MENDED])
    def test_each_is_taken_and_said(self, geometry: dict[str, Any], notices: list[str], area: float) -> None:
        feature, said, problem = read(geometry)
        assert problem is None
        assert feature is not None
        assert [
            reason for reason in dict.fromkeys(said) if reason != "clockwise_ring" or "clockwise_ring" in notices
        ] == notices
        assert isinstance(feature.shape, Area)
        assert feature.shape.geometry.area == pytest.approx(area, rel=1e-3)

    @pytest.mark.parametrize("geometry", [c[1] for c in MENDED], ids=[c[0] for c in MENDED])
    def test_the_result_is_valid_and_reads_back_as_itself(self, geometry: dict[str, Any]) -> None:
        feature, _, _ = read(geometry)
        assert feature is not None
        assert isinstance(feature.shape, Area)
        whole = feature.shape.geometry
        assert whole.is_valid
        west, south, east, north = whole.bounds
        assert (west >= -180, south >= -90, east <= 180, north <= 90) == (True, True, True, True)
        again = read_shape(feature.geometry)
        assert isinstance(again, Area)
        assert mapping(again.geometry) == mapping(whole)
        parsed = parse_fences({"type": "Feature", "properties": {"name": "x"}, "geometry": feature.geometry})
        assert {n.reason for n in parsed.notices} <= {"clockwise_ring"}

    def test_a_mended_ring_says_by_how_much_its_area_changed(self) -> None:
        def text(ring: Any) -> str:
            parsed = parse_fences({"type": "Feature", "properties": {"name": "x"}, "geometry": polygon(ring)})
            return parsed.notices[-1].text

        assert text(U_TURN).endswith("its area did not change")
        assert text(SMALL_LOOP).endswith("its area changed by 0.00032 %")


class TestRefused:
    @pytest.mark.parametrize(("geometry", "expected"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
    def test_by_name(self, geometry: dict[str, Any], expected: str) -> None:
        feature, _, problem = read(geometry)
        assert (feature, problem) == (None, expected)

    def test_a_scribble_is_refused_before_it_costs_a_billion_crossings(self) -> None:
        rng = np.random.default_rng(1)
        assert read(polygon(rng.uniform(0, 1, (20_000, 2)).tolist()))[2] == "self_intersection"


class TestAntimeridian:
    @pytest.mark.parametrize("seed", range(8))
    def test_a_shape_over_it_holds_what_the_same_shape_elsewhere_holds(self, seed: int) -> None:
        """Stars with a hole, written in every way; all numbers are multiples of 2^-30, so that moving them is exact.

        Seen to fail with the pieces moved back by the wrong turn, and with steps over 180 taken as written.
        """
        rng = np.random.default_rng(seed)

        def exact(values: Any) -> Any:
            return np.rint(np.asarray(values) * 2**30) / 2**30

        angles = np.linspace(0, 2 * np.pi, 13)[:-1]
        star = exact(np.column_stack([np.cos(angles), np.sin(angles)]) * rng.uniform(1, 2, (12, 1)))
        hole = exact(np.column_stack([np.cos(angles), np.sin(angles)]) * 0.4 + [0.25, 0.1])
        home = shapely.Polygon(star, [hole])
        points = exact(rng.uniform(-2, 2, (2000, 2)))
        expected = shapely.covers(home, shapely.points(points))
        assert 300 < expected.sum() < 1700
        for turn, wrapped in itertools.product((-1, 0, 1), (False, True)):
            rings = [np.add(ring, [180.0 + 360 * turn, 40.0]) for ring in (star, hole)]
            if wrapped:
                rings = [np.column_stack([(r[:, 0] + 180) % 360 - 180, r[:, 1]]) for r in rings]
            closed = [[*r.tolist(), r.tolist()[0]] for r in rings]
            if max(abs(x) for r in closed for x, _ in r) > 540:
                continue
            feature, _, problem = read(polygon(*closed))
            assert problem is None
            assert feature is not None
            assert isinstance(feature.shape, Area)
            moved = np.column_stack([(points[:, 0] + 360) % 360 - 180, points[:, 1] + 40])
            # Where the cut meets an edge it rounds: points that lie within that are not compared.
            clear = np.abs(shapely.distance(home.boundary, shapely.points(points))) > 1e-12
            found = shapely.covers(feature.shape.geometry, shapely.points(moved))
            np.testing.assert_array_equal(found[clear], expected[clear])

    def test_points_on_the_cut_belong_on_both_sides(self) -> None:
        feature, _, _ = read(polygon(box(178, 0, 182, 1)))
        assert feature is not None
        assert isinstance(feature.shape, Area)
        assert shapely.covers(feature.shape.geometry, shapely.points([[180.0, 0.5], [-180.0, 0.5]])).all()


class TestLarge:
    def test_two_hundred_thousand_vertices_are_read(self) -> None:
        turn = 2 * np.pi * np.arange(199_999) / 199_999
        wave = 0.01 * (1 + 0.1 * np.sin(97 * turn))
        ring = np.column_stack([24 + wave * np.cos(turn), 60 + wave * np.sin(turn)]).tolist()
        feature, said, problem = read(polygon([*ring, ring[0]]))
        assert (problem, said) == (None, [])
        assert feature is not None
        assert isinstance(feature.shape, Area)
        assert shapely.get_num_coordinates(feature.shape.geometry) == 200_000

    def test_one_more_is_refused(self) -> None:
        assert read(polygon([(i / 1e6, 0) for i in range(200_001)]))[2] == "too_many_vertices"


class TestRealPolygons:
    @pytest.mark.parametrize(
        ("name", "taken", "refused"),
        [
            ("countries-110m", 177, {}),
            ("countries-50m", 240, {"duplicate_id": 1}),
            ("country-coder-borders", 314, {"geometry_missing": 78}),
            ("us-counties-10m", 3230, {}),
            ("us-states-10m", 56, {}),
        ],
    )
    def test_are_taken_or_refused_by_name(self, name: str, taken: int, refused: dict[str, int]) -> None:
        parsed = parse_fences(json.loads(shared("data", "world_polygons", f"{name}.geojson").read_text()))
        assert len(parsed.features) == taken
        reasons = [p.reason for p in parsed.problems]
        assert {reason: reasons.count(reason) for reason in reasons} == refused
        for feature in parsed.features:
            assert isinstance(feature.shape, Area)
            assert feature.shape.geometry.is_valid

    @pytest.mark.parametrize(
        ("name", "least", "most"),
        [("Antarctica", 12.0e6, 12.7e6), ("Russia", 16.5e6, 17.2e6), ("Fiji", 0.015e6, 0.022e6)],
    )
    @pytest.mark.parametrize("detail", ["50m", "110m"])
    def test_those_over_the_antimeridian_and_the_pole_have_their_size(
        self, detail: str, name: str, least: float, most: float
    ) -> None:
        """Square kilometres as atlases give them, as coarse as the outlines are. Antarctica's own ring goes round the pole, the finer
        one even with the pole cut out by another ring."""
        document = json.loads(shared("data", "world_polygons", f"countries-{detail}.geojson").read_text())
        (country,) = [f for f in parse_fences(document).features if f.name == name]
        assert least <= area_m2(country.shape) / 1e6 <= most


class TestPoles:
    def test_the_pole_itself_is_held(self) -> None:
        ring = [(math.degrees(a), 80.0) for a in np.linspace(-math.pi, math.pi, 37)[:-1]]
        feature, _, _ = read(polygon([*ring, ring[0]]))
        assert feature is not None
        assert isinstance(feature.shape, Area)
        assert shapely.covers(
            feature.shape.geometry, shapely.points([[0.0, 90.0], [-180.0, 90.0], [180.0, 85.0], [17.0, 89.0]])
        ).all()
        assert not shapely.covers(feature.shape.geometry, shapely.points(17.0, 79.0))
