"""Replay of recorded sightings: the mall's columns and NDJSON, zones by file or by address, and files that cannot be used."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from geofences.beacons.errors import BeaconImportRefused
from geofences.beacons.replaying import UnreadableSightings, replay_sightings
from tests.geofences.beacons.conftest import ROWS, UUID_TEXT
from tests.paths import shared

T0 = 1_574_572_522
HEADER = "path_id,ts_ms,uuid,major,minor,tx_power,rssi,sdk_distance_m,mac\n"


def csv_file(folder: Path, name: str = "beacons.csv") -> Path:
    """A minute beside one transmitter, then a minute beside another, both with the vendor's default id."""
    lines = [
        f"walk1,{(T0 + i) * 1000},{UUID_TEXT},0,0,-56,-60,1.0,E0:78:A3:3E:93:0{1 if i < 60 else 2}\n"
        for i in range(180)
    ]
    path = folder / name
    body = (HEADER + "".join(lines)).encode()
    path.write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    return path


class TestReplaySightings:
    @pytest.mark.parametrize("name", ["beacons.csv", "beacons.csv.gz"])
    def test_each_address_is_a_zone(self, tmp_path: Path, name: str) -> None:
        rows = list(replay_sightings([csv_file(tmp_path, name)]).rows)
        assert [(r["kind"], r["zone"][-2:]) for r in rows if r["kind"] != "dwelled"] == [
            ("entered", "01"),
            ("entered", "02"),
            ("exited", "01"),
            ("exited", "02"),
        ]
        assert rows[0]["device"] == "walk1"
        assert rows[0]["at"].startswith("2019-11-24T05:15:22")

    def test_ndjson_with_zones(self, tmp_path: Path) -> None:
        beacons = tmp_path / "beacons.json"
        beacons.write_text(json.dumps({"beacons": ROWS}))
        words = [
            {"device": "jane", "ts": T0 + i, "rssi_dbm": -62, "uuid": UUID_TEXT, "major": 1, "minor": 1}
            for i in range(20)
        ]
        path = tmp_path / "heard.ndjson"
        path.write_text("\n".join(json.dumps(w) for w in [*words, {"device": "jane", "ts": 5}]) + "\n\n")
        found = replay_sightings([path], beacons)
        assert [(r["device"], r["kind"], r["zone"]) for r in found.rows][:1] == [("jane", "entered", "shoes")]
        assert found.notices == (
            "1 sightings left out: rssi_dbm: rssi_dbm must be between -127 and 20 dBm; 127 is a radio's word for unknown.",
        )

    def test_a_folder(self, tmp_path: Path) -> None:
        csv_file(tmp_path)
        (tmp_path / "waypoints.csv").write_text("path_id,ts_ms\n")
        assert list(replay_sightings([tmp_path]).rows)

    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("a.csv", b"x,y\n1,2\n", "line 1: no column rssi"),
            ("a.csv", b"\xff\xfe", "UTF-8"),
            ("a.csv.gz", b"\x1f\x8b\x08\x00", "cut short"),
            ("a.ndjson", b"{\n", "line 1: not a JSON object"),
            ("a.ndjson", b"[]\n", "line 1: not a JSON object"),
            ("a.ndjson", b"\n", "no sightings"),
            ("a.csv", HEADER.encode(), "no sightings"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, tmp_path: Path, name: str, content: bytes, says: str) -> None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableSightings, match=says):
            replay_sightings([tmp_path / name])

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableSightings, match="cannot be read"):
            replay_sightings([tmp_path / "none.csv"])

    def test_wrong_beacons(self, tmp_path: Path) -> None:
        beacons = tmp_path / "zones.csv"
        beacons.write_text("place_id,uuid\nplc_a,none\n")
        with pytest.raises(BeaconImportRefused, match="uuid"):
            replay_sightings([csv_file(tmp_path)], beacons)
        beacons.rename(tmp_path / "zones.json")
        with pytest.raises(UnreadableSightings, match="JSON"):
            replay_sightings([csv_file(tmp_path)], tmp_path / "zones.json")

    def test_a_real_floor(self) -> None:
        rows = list(replay_sightings([shared("data", "indoor_mall", "site1_F4", "beacons.csv.gz")]).rows)
        entered = {r["visit"] for r in rows if r["kind"] == "entered"}
        assert entered
        assert {r["visit"] for r in rows if r["kind"] == "exited"} == entered
