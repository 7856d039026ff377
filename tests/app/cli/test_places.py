"""Places from a file: taken whole, or refused with the feature and the reason named and nothing changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.conftest import Moments


def _circle(**changed: Any) -> dict[str, Any]:
    properties = {"id": "plc_kiosk", "name": "Kiosk", "radius_m": 40} | changed.pop("properties", {})
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.94, 60.17]}, "properties": properties} | changed


def _file(tmp_path: Path, *features: dict[str, Any]) -> str:
    path = tmp_path / "places.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return str(path)


class TestImport:
    def test_twice_is_once(self, migrated: Moments, tmp_path: Path) -> None:
        file = _file(tmp_path, _circle())
        assert migrated("places", "import", file).out.startswith("1 created")
        assert migrated("places", "import", file).out.startswith("0 created, 0 updated, 1 unchanged")
        assert [p["name"] for p in json.loads(migrated("places", "list", "--json").out)] == ["Kiosk"]

    def test_a_wrong_feature_changes_nothing(self, migrated: Moments, tmp_path: Path) -> None:
        wrong = _circle(geometry={"type": "Point", "coordinates": [500, 60]}, properties={"id": "plc_b", "name": "B"})
        ran = migrated("places", "import", _file(tmp_path, _circle(), wrong))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.count("\n") == 1
        assert "feature 2 ('B'): longitude" in ran.err
        assert migrated("places", "list").out.startswith("No places yet")

    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"NaN", b"null"])
    def test_no_document(self, migrated: Moments, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "broken.geojson"
        path.write_bytes(content)
        ran = migrated("places", "import", str(path))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.count("\n") == 1
        assert "Error:" not in ran.err, "a person is told what is wrong with the file, not which exception it was"

    def test_no_file(self, migrated: Moments) -> None:
        ran = migrated("places", "import", "nowhere.geojson")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "moments: nowhere.geojson: No such file or directory\n"


class TestShelfCode:
    def test_a_link_to_print_the_same_each_time_and_as_a_picture(self, migrated: Moments, tmp_path: Path) -> None:
        migrated("places", "import", _file(tmp_path, _circle()))
        place = json.loads(migrated("places", "list", "--json").out)[0]["id"]
        svg = tmp_path / "shelf.svg"
        made = migrated("places", "shelf-code", place, "--label", "aisle-3", "--svg", str(svg)).out
        assert f"/m/here?code=MMP1.p.{place}.0.aisle-3." in made
        assert migrated("places", "shelf-code", place, "--label", "aisle-3").out == made
        assert svg.read_text().startswith("<svg")

    def test_no_such_place_and_no_such_label_are_one_line(self, migrated: Moments, tmp_path: Path) -> None:
        migrated("places", "import", _file(tmp_path, _circle()))
        place = json.loads(migrated("places", "list", "--json").out)[0]["id"]
        assert "no such place" in migrated("places", "shelf-code", "plc_nowhere").err
        assert "letters, digits" in migrated("places", "shelf-code", place, "--label", "aisle 3").err
