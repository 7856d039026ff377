"""Files in, rows out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geofences.replaying import Sensitive, UnreadableFences, load_fences, replay
from tests.geofences.tracks import LAT, LON, walk

SHOP = {
    "type": "Feature",
    "id": "f1",
    "properties": {"name": "Shop", "radius_m": 60},
    "geometry": {"type": "Point", "coordinates": [LON, LAT]},
}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    fences, fixes = tmp_path / "fences.geojson", tmp_path / "phone.csv"
    fences.write_text(json.dumps(SHOP))
    track = walk((0, 300), (200, 0), (1400, 5), (1600, 300), (2400, 320))
    rows = [f"{1_700_000_000 + s.at_s},{s.lat_deg!r},{s.lon_deg!r},{s.accuracy_m}" for s in track]
    fixes.write_text("ts,lat,lon,accuracy_m\n" + "\n".join(rows) + "\n")
    return fences, fixes


class TestReplay:
    def test_rows_in_order(self, files: tuple[Path, Path]) -> None:
        rows = list(replay(files[0], [files[1]]).rows)
        assert [r["kind"] for r in rows if r["type"] == "transition"] == [
            "entered",
            "dwelled",
            "dwelled",
            "dwelled",
            "exited",
        ]
        (visit,) = [r for r in rows if r["type"] == "visit"]
        assert (visit["device"], visit["fence"], visit["ended_by"]) == ("phone", "f1", "left")
        assert visit["started_at"].startswith("2023-11-14T22:16:")
        assert visit["dwell_s"] == int(visit["ended_ts"] - visit["started_ts"])
        assert 0.9 < visit["confidence"] < 1

    def test_the_same_rows_from_the_same_files(self, files: tuple[Path, Path]) -> None:
        assert list(replay(files[0], [files[1]]).rows) == list(replay(files[0], [files[1], files[1]]).rows)

    @pytest.mark.parametrize(("away_m", "told"), [(500, False), (720, True)])
    def test_nothing_is_told_of_what_the_live_engine_does_not_know(self, files: tuple[Path, Path], tmp_path: Path, away_m: float, told: bool) -> None:
        """609.6 m from perimeter to perimeter. Seen to fail with the fences taken as they stand in the file."""
        clinic = {"type": "Feature", "properties": {"amenity": "clinic"}, "geometry": {"type": "Point", "coordinates": [LON, LAT + away_m / 111_195]}}
        (listed := tmp_path / "clinics.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [clinic]}))
        found = replay(files[0], [files[1]], sensitive=Sensitive(listed, "", datetime(2026, 11, 22, tzinfo=UTC)))
        assert {r["type"] for r in found.rows} == ({"transition", "visit"} if told else set())
        assert [n for n in found.notices if "sensitive" in n] == ([] if told else [f"{files[0]}: 1 of 1 fences are too near a sensitive place; what happens there is not told"])

    def test_a_sensitive_place_that_cannot_be_read_is_named(self, files: tuple[Path, Path], tmp_path: Path) -> None:
        wrong = {"type": "Feature", "properties": {"sensitive": "bakery"}, "geometry": {"type": "Point", "coordinates": [LON, LAT]}}
        (listed := tmp_path / "wrong.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [wrong]}))
        with pytest.raises(UnreadableFences, match="feature 1: sensitive must be one of"):
            replay(files[0], [files[1]], sensitive=Sensitive(listed, "", datetime(2026, 11, 22, tzinfo=UTC)))


class TestLoadFences:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{", "line 1: not valid JSON"),
            ("[]", "document: the document must be a GeoJSON object"),
            (
                json.dumps({**SHOP, "properties": {"name": "Shop"}}),
                "feature 1 ('Shop'): a Point is a circle and needs properties.radius_m",
            ),
        ],
    )
    def test_refusals_are_one_line(self, tmp_path: Path, text: str, words: str) -> None:
        path = tmp_path / "f.geojson"
        path.write_text(text)
        with pytest.raises(UnreadableFences) as caught:
            load_fences(path)
        assert caught.value.detail.startswith(f"{path}: {words}")

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFences, match="No such file"):
            load_fences(tmp_path / "none")
