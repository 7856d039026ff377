"""Reading fences: what is accepted, what is refused and by which name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely

from geofences.geometry import Area, Circle, Corridor, parse_fences, read_shape

SQUARE = [[24.94, 60.17], [24.95, 60.17], [24.95, 60.18], [24.94, 60.18], [24.94, 60.17]]


def feature(geometry: Any, name: str = "Shop", **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"name": name, **properties}, "geometry": geometry}


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def point(lon: Any = 24.94, lat: Any = 60.17) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def line(*points: Any) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(p) for p in points]}


def reason(geometry: Any, **properties: Any) -> str:
    parsed = parse_fences({"type": "FeatureCollection", "features": [feature(geometry, **properties)]})
    assert parsed.features == ()
    (problem,) = parsed.problems
    assert problem.feature == "feature 1 ('Shop')"
    return problem.reason


class TestParseFences:
    def test_a_circle(self) -> None:
        (one,) = parse_fences(feature(point(), radius_m=30)).features
        assert one.shape == Circle(60.17, 24.94, 30.0)
        assert one.name == "Shop"

    def test_a_polygon_with_a_hole(self) -> None:
        hole = [[24.944, 60.174], [24.944, 60.176], [24.946, 60.176], [24.946, 60.174], [24.944, 60.174]]
        parsed = parse_fences(feature(polygon(SQUARE, hole)))
        assert isinstance(parsed.features[0].shape, Area)
        assert parsed.notices == ()

    def test_a_multipolygon(self) -> None:
        other = [[lon + 1, lat] for lon, lat in SQUARE]
        assert parse_fences(feature({"type": "MultiPolygon", "coordinates": [[SQUARE], [other]]})).problems == ()

    def test_a_clockwise_ring_is_taken_with_a_notice(self) -> None:
        parsed = parse_fences(feature(polygon(SQUARE[::-1])))
        assert len(parsed.features) == 1
        assert [n.reason for n in parsed.notices] == ["clockwise_ring"]

    @pytest.mark.parametrize(
        ("geometry", "expected"),
        [
            (None, "geometry_missing"),
            ("Point", "bad_geometry"),
            ({"type": "GeometryCollection", "geometries": []}, "geometry_type"),
            (point(lon=10**400), "coordinate_not_finite"),
            ({"type": "Point", "coordinates": []}, "geometry_empty"),
            (polygon(), "geometry_empty"),
            ({"type": "MultiPolygon", "coordinates": []}, "geometry_empty"),
            (polygon([]), "ring_too_short"),
            (polygon([[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]), "self_intersection"),
            (polygon([[600, 0], [1, 1], [1, 0], [600, 0]]), "longitude_out_of_range"),
            (polygon([[0, 91], [1, 1], [1, 0], [0, 91]]), "latitude_out_of_range"),
            (polygon([[math.nan, 0], [1, 1], [1, 0], [0, 0]]), "coordinate_not_finite"),
            (polygon([["0", 0], [1, 1], [1, 0], [0, 0]]), "not_a_number"),
            (polygon([[True, 0], [1, 1], [1, 0], [0, 0]]), "not_a_number"),
            (polygon(5), "bad_coordinates"),
            (polygon([5]), "bad_position"),
            (polygon([[1], [1], [1], [1]]), "bad_position"),
        ],
    )
    def test_what_is_refused_and_why(self, geometry: Any, expected: str) -> None:
        assert reason(geometry) == expected

    @pytest.mark.parametrize(
        ("radius", "expected"),
        [
            (None, "radius_missing"),
            (0, "radius_not_positive"),
            (-3, "radius_not_positive"),
            (math.inf, "coordinate_not_finite"),
            ("30", "not_a_number"),
            (2e6, "radius_too_large"),
        ],
    )
    def test_a_circle_needs_a_radius(self, radius: Any, expected: str) -> None:
        assert reason(point(), radius_m=radius) == expected

    def test_a_corridor(self) -> None:
        (one,) = parse_fences(feature(line((24.94, 60.17), (24.95, 60.17)), buffer_m=25)).features
        assert isinstance(one.shape, Corridor)
        assert one.shape.buffer_m == 25.0
        assert list(one.shape.geometry.coords) == [(24.94, 60.17), (24.95, 60.17)]

    def test_a_corridor_of_several_lines(self) -> None:
        several = {"type": "MultiLineString", "coordinates": [SQUARE[:2], SQUARE[2:4]]}
        assert parse_fences(feature(several, buffer_m=25)).problems == ()

    @pytest.mark.parametrize(
        ("given", "read"),
        [
            ([(179.9, 1.0), (-179.9, 1.0)], [(179.9, 1.0), (180.1, 1.0)]),
            ([(-179.9, 1.0), (179.9, 1.0), (179.8, 1.0)], [(-179.9, 1.0), (-180.1, 1.0), (-180.2, 1.0)]),
            ([(179.9, 1.0), (-179.9, 1.0), (179.9, 1.0)], [(179.9, 1.0), (180.1, 1.0), (179.9, 1.0)]),
        ],
    )
    def test_a_corridor_over_the_antimeridian_runs_on(self, given: Any, read: Any) -> None:
        parsed = parse_fences(feature(line(*given), buffer_m=25))
        assert isinstance(parsed.features[0].shape, Corridor)
        assert np.allclose(shapely.get_coordinates(parsed.features[0].shape.geometry), read, rtol=0, atol=1e-9)
        assert [n.reason for n in parsed.notices] == ["crosses_antimeridian"]

    @pytest.mark.parametrize(
        ("geometry", "properties", "expected"),
        [
            (line((1, 1), (2, 2)), {}, "buffer_missing"),
            (line((1, 1), (2, 2)), {"buffer_m": "25"}, "not_a_number"),
            (line((1, 1), (2, 2)), {"buffer_m": 0.5}, "buffer_out_of_range"),
            (line((1, 1), (2, 2)), {"buffer_m": 5001}, "buffer_out_of_range"),
            (line((1, 1)), {"buffer_m": 5}, "line_too_short"),
            (line(), {"buffer_m": 5}, "line_too_short"),
            (line((1, 1), (1, 1)), {"buffer_m": 5}, "line_too_short"),
            (line((1, 1), (1, 86)), {"buffer_m": 5}, "corridor_near_pole"),
            (line((0, 0), (90, 0), (90, 1), (0, 1)), {"buffer_m": 5}, "corridor_too_long"),
            ({"type": "MultiLineString", "coordinates": []}, {"buffer_m": 5}, "geometry_empty"),
        ],
    )
    def test_corridors_that_are_refused(self, geometry: Any, properties: Any, expected: str) -> None:
        assert reason(geometry, **properties) == expected

    def test_one_bad_feature_is_named_among_good_ones(self) -> None:
        features = [
            feature(point(), radius_m=30),
            feature(point(lon=500), "Far", radius_m=30),
            {"type": "Feature", "geometry": None, "id": 7},
        ]
        parsed = parse_fences({"type": "FeatureCollection", "features": features})
        assert [(p.feature, p.reason) for p in parsed.problems] == [
            ("feature 2 ('Far')", "longitude_out_of_range"),
            ("feature 3 ('7')", "geometry_missing"),
        ]
        assert len(parsed.features) == 1

    def test_an_id_is_used_once(self) -> None:
        two = [{**feature(point(), radius_m=30), "id": "a"}, {**feature(point(), radius_m=40), "id": "a"}]
        assert [p.reason for p in parse_fences({"type": "FeatureCollection", "features": two}).problems] == [
            "duplicate_id"
        ]

    @pytest.mark.parametrize(
        "document", [None, [], 5, "x", {}, {"type": "FeatureCollection"}, {"type": "FeatureCollection", "features": {}}]
    )
    def test_what_is_not_geojson(self, document: Any) -> None:
        assert parse_fences(document).problems[0].reason == "not_geojson"

    def test_messages_hold_no_coordinate(self) -> None:
        bow_tie = polygon(
            [[24.9412345, 60.1712345], [24.95, 60.18], [24.95, 60.17], [24.94, 60.18], [24.9412345, 60.1712345]]
        )
        (problem,) = parse_fences(feature(bow_tie)).problems
        assert "24.9" not in problem.text
        assert "60.1" not in problem.text


class TestReadShape:
    def test_says_what_is_wrong(self) -> None:
        with pytest.raises(ValueError, match="GeoJSON order"):
            read_shape(point(lon=500), {"radius_m": 5})
