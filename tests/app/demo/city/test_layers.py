"""The committed city: complete, small, credited, and fit to be imported as fences."""

from __future__ import annotations

from itertools import combinations

import pytest
from shapely.geometry import Point, shape

from app.demo.city.curation import OOEY_GOOEY, PLACES
from app.demo.city.layers import HERE, city_place, city_places, layer
from app.demo.streets import distance_m

LAYERS = ("roads", "buildings", "green", "water", "rail", "places")


class TestLayer:
    @pytest.mark.parametrize("name", LAYERS)
    def test_carries_credit_and_licence(self, name: str) -> None:
        document = layer(name)
        assert document["attribution"] == "© OpenStreetMap contributors"
        assert document["licence"] == "ODbL-1.0"
        assert document["features"]

    def test_the_whole_city_is_below_a_megabyte(self) -> None:
        assert sum((HERE / f"{name}.geojson").stat().st_size for name in LAYERS) < 1_000_000

    def test_streets_have_names(self) -> None:
        names = {f["properties"].get("name") for f in layer("roads")["features"]}
        assert {"Aleksanterinkatu", "Mannerheimintie", "Pohjoisesplanadi", "Keskuskatu"} <= names


class TestCityPlaces:
    def test_one_for_every_choice(self) -> None:
        assert [p.id for p in city_places()] == [c.id for c in PLACES]

    def test_its_point_lies_inside_its_fence(self) -> None:
        for feature, place in zip(layer("places")["features"], city_places(), strict=True):
            if feature["geometry"]["type"] != "Point":
                assert shape(feature["geometry"]).contains(Point(place.lon_deg, place.lat_deg)), place.id

    def test_unknown_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            city_place("plc_nowhere")


class TestPlaces:
    def test_polygons_are_valid_and_one_has_holes(self) -> None:
        shapes = [shape(f["geometry"]) for f in layer("places")["features"] if f["geometry"]["type"] != "Point"]
        assert all(s.is_valid for s in shapes)
        assert max(len(s.interiors) for s in shapes) == 2

    def test_rings_turn_as_rfc_7946_says(self) -> None:
        for feature in layer("places")["features"]:
            if feature["geometry"]["type"] == "Polygon":
                polygon = shape(feature["geometry"])
                assert polygon.exterior.is_ccw
                assert not any(hole.is_ccw for hole in polygon.interiors)

    def test_the_branches_of_ooey_gooey_keep_apart(self) -> None:
        branches = [f for f in layer("places")["features"] if f["properties"]["chain"] == OOEY_GOOEY]
        assert len(branches) == 4
        for a, b in combinations(branches, 2):
            apart_m = distance_m(tuple(a["geometry"]["coordinates"]), tuple(b["geometry"]["coordinates"]))
            assert apart_m > a["properties"]["radius_m"] + b["properties"]["radius_m"] + 100
