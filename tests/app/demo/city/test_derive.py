"""The derivation: what it makes of tags and rings, and that the committed files are what it makes of the extract."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.demo.city import derive
from app.demo.city.curation import Chosen
from tests.paths import shared

SQUARE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [0.0, 0.0]]
HOLE = [[0.2, 0.2], [0.4, 0.2], [0.4, 0.4], [0.2, 0.4], [0.2, 0.2]]


class TestRightHanded:
    def test_outer_counter_clockwise_holes_clockwise(self) -> None:
        turned = derive.right_handed({"type": "Polygon", "coordinates": [SQUARE[::-1], HOLE]})
        assert turned["coordinates"] == [SQUARE, HOLE[::-1]]

    def test_what_is_right_stays(self) -> None:
        right = {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE[::-1]]]}
        assert derive.right_handed(right) == right


class TestPlaceFeature:
    def test_a_point_carries_its_radius(self) -> None:
        feature = derive.place_feature(Chosen("plc_x", "X", "store", "node/1", radius_m=20), {"type": "Point", "coordinates": [24.9, 60.1]})
        assert feature["properties"]["radius_m"] == 20
        assert feature["properties"]["timezone"] == "Europe/Helsinki"

    def test_a_point_without_radius_is_refused(self) -> None:
        with pytest.raises(ValueError, match="radius_m"):
            derive.place_feature(Chosen("plc_x", "X", "store", "node/1"), {"type": "Point", "coordinates": [24.9, 60.1]})


class TestPlaces:
    def test_a_site_missing_from_the_extract_is_named(self) -> None:
        with pytest.raises(ValueError, match="not in the extract"):
            list(derive.places({}))


class TestReadExtract:
    def test_the_committed_layers_are_what_the_extract_gives(self, tmp_path: Path) -> None:
        pytest.importorskip("osmium")
        collected = derive.read_extract(shared("data", "osm_helsinki", "helsinki_centre.osm.pbf"))
        for name, features in [*collected.layers.items(), ("places", list(derive.places(collected.sites)))]:
            derive.write_layer(tmp_path, name, features)
            assert (tmp_path / f"{name}.geojson").read_bytes() == (derive.HERE / f"{name}.geojson").read_bytes(), name
