"""Beacons from a file: taken whole, or refused with the row and the reason named and nothing changed; no key is ever printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.app.cli.conftest import Moments

UUID = "f7826da6-4fa2-4e98-8024-bc5b71e0893e"
KEY = "0102030405060708090a111213141516"


@pytest.fixture
def shop(migrated: Moments, tmp_path: Path) -> Moments:
    """As `migrated`, with one place to put beacons in."""
    feature = {
        "type": "Feature",
        "id": "plc_shop",
        "geometry": {"type": "Point", "coordinates": [24.94, 60.17]},
        "properties": {"name": "Shop", "radius_m": 40},
    }
    path = tmp_path / "shop.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert migrated("places", "import", str(path)).code == 0
    return migrated


def _row(minor: int, **changed: Any) -> dict[str, Any]:
    return {"place_id": "plc_shop", "zone": "shoes", "floor": "F1", "uuid": UUID, "major": 1, "minor": minor} | changed


def _rotating(**changed: Any) -> dict[str, Any]:
    zone = {"place_id": "plc_shop", "zone": "hats", "floor": "F2"}
    return zone | {"id": "bcn_door", "kind": "eddystone_eid", "identity_key": KEY, "exponent": 4, "clock_s": 5000} | changed


def _file(tmp_path: Path, *rows: dict[str, Any]) -> str:
    path = tmp_path / "beacons.json"
    path.write_text(json.dumps({"beacons": rows}))
    return str(path)


class TestImport:
    def test_twice_is_once(self, shop: Moments, tmp_path: Path) -> None:
        file = _file(tmp_path, _row(1), _row(2), _row(3, zone="hats"))
        for _ in range(2):
            assert shop("beacons", "import", file).out == "3 beacons in 2 zones\n"
        assert json.loads(shop("beacons", "list", "--json").out)["beacons_total"] == 3

    def test_a_table(self, shop: Moments, tmp_path: Path) -> None:
        path = tmp_path / "beacons.csv"
        path.write_text(f"place_id,zone,uuid,major,minor,lat,lon\nplc_shop,shoes,{UUID},1,7,60.17,24.94\n", encoding="utf-8-sig")
        ran = shop("beacons", "import", str(path), "--json")
        assert json.loads(ran.out) == {"beacons": 1, "zones": 1, "notices": []}
        assert [b["identity"] for b in json.loads(shop("beacons", "list", "--json").out)["beacons"]] == [f"{UUID}/1/7"]

    def test_a_wrong_row_changes_nothing(self, shop: Moments, tmp_path: Path) -> None:
        ran = shop("beacons", "import", _file(tmp_path, _row(1), _row(70_000), _row(3, place_id="plc_nowhere")))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.count("\n") == 1
        assert "beacons[1].minor: major and minor must be whole numbers from 0 to 65535" in ran.err
        assert "(and 1 more)" in ran.err
        assert shop("beacons", "list").out.startswith("No beacons yet")

    def test_ids_that_do_not_tell_beacons_apart_are_noted(self, shop: Moments, tmp_path: Path) -> None:
        ran = shop("beacons", "import", _file(tmp_path, _row(1, address="AA:BB:CC:00:11:22"), _row(1)))
        assert (ran.code, ran.out) == (0, "2 beacons in 1 zones\n")
        assert ran.err.startswith(f"note: ibeacon {UUID}/1/1: 2 beacons, 1 of them without address")

    def test_no_key_is_printed(self, shop: Moments, tmp_path: Path) -> None:
        """Also not where the key is what is wrong."""
        said = shop("beacons", "import", _file(tmp_path, _rotating()), "--json")
        refused = shop("beacons", "import", _file(tmp_path, _rotating(identity_key=KEY[:-2])))
        listed = shop("beacons", "list"), shop("beacons", "list", "--json")
        assert "beacons[0].identity_key: 32 hexadecimal digits" in refused.err
        assert "bcn_door" in listed[0].out
        for ran in (said, refused, *listed):
            assert KEY[:-2] not in ran.out + ran.err

    @pytest.mark.parametrize("name", ["broken.json", "broken.csv"])
    @pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"NaN", b"null", b"\x00", b'{"beacons": 1}', b'{"beacons": [1]}'])
    def test_no_document(self, shop: Moments, tmp_path: Path, name: str, content: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        ran = shop("beacons", "import", str(path))
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.count("\n") == 1
        assert "Error:" not in ran.err, "a person is told what is wrong with the file, not which exception it was"

    def test_no_file(self, migrated: Moments) -> None:
        ran = migrated("beacons", "import", "nowhere.csv")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == "moments: nowhere.csv: No such file or directory\n"


class TestList:
    def test_one_row_a_beacon(self, shop: Moments, tmp_path: Path) -> None:
        shop("beacons", "import", _file(tmp_path, _row(1, id="bcn_a", address="aa:bb:cc:00:11:22"), _rotating()))
        lines = [line.split() for line in shop("beacons", "list").out.splitlines()]
        assert lines[0][:2] == ["id", "place"]
        assert ["bcn_a", "plc_shop", "shoes", "F1", "ibeacon", f"{UUID}/1/1", "AA:BB:CC:00:11:22"] in lines
        assert ["bcn_door", "plc_shop", "hats", "F2", "eddystone_eid", "rotating"] in [line[:6] for line in lines]

    def test_none(self, migrated: Moments) -> None:
        assert migrated("beacons", "list").out == "No beacons yet; bring some in with: moments beacons import FILE\n"
        assert json.loads(migrated("beacons", "list", "--json").out) == {"zones": [], "beacons": [], "beacons_total": 0}
