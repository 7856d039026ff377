"""Recorded tracks, as tools really write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from geofences.recordings import UnreadableRecording, read_recordings
from tests.paths import shared

GPX = '<?xml version="1.0"?>{doctype}<gpx version="1.1" creator="t"><trk><trkseg>{points}</trkseg></trk></gpx>'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode())) if name.endswith(".gz") else path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableRecording) as caught:
        read_recordings([path])
    assert "\n" not in caught.value.detail
    assert str(path) in caught.value.detail
    return caught.value.detail.removeprefix(f"{path}: ")


class TestCsv:
    @pytest.mark.parametrize("name", ["phone.csv", "phone.csv.gz"])
    def test_the_file_names_the_device(self, tmp_path: Path, name: str) -> None:
        found = read_recordings([write(tmp_path, name, "ts,lat,lon,accuracy_m\n1564274243.5,37.1,-122.1,65\n")])
        (one,) = found.tracks["phone"]
        assert (one.at_s, one.lat_deg, one.lon_deg, one.accuracy_m, one.speed_mps) == (
            1564274243.5,
            37.1,
            -122.1,
            65.0,
            None,
        )
        assert found.notices == []

    def test_the_row_names_the_device_and_more(self, tmp_path: Path) -> None:
        text = "device,ts,lat,lon,accuracy_m,speed_mps,mocked,colour\nd1,2019-07-28T00:37:23Z,37.1,-122.1,,1.5,true,red\nd2,2019-07-28T03:37:23+03:00,37.1,-122.1,5,-1,,\n"
        found = read_recordings([write(tmp_path, "a.csv", text)])
        assert found.tracks["d1"][0].at_s == found.tracks["d2"][0].at_s == 1564274243.0
        assert (found.tracks["d1"][0].speed_mps, found.tracks["d1"][0].mocked, found.tracks["d1"][0].accuracy_m) == (
            1.5,
            True,
            20.0,
        )
        assert found.tracks["d2"][0].speed_mps is None

    def test_milliseconds_are_recognised_with_a_notice(self, tmp_path: Path) -> None:
        found = read_recordings(
            [write(tmp_path, "a.csv", "ts,lat,lon\n1564274243500,37.1,-122.1\n1564274244500,37.1,-122.1\n")]
        )
        assert [s.at_s for s in found.tracks["a"]] == [1564274243.5, 1564274244.5]
        assert found.notices == [f"{tmp_path / 'a.csv'}: line 2: ts is in milliseconds; read as such"]

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            ("1564274243,500,1,5", "lat is outside"),
            ("1564274243,1,500,5", "lon is outside"),
            ("1564274243,nan,1,5", "lat is not a finite number"),
            ("1564274243,x,1,5", "lat is not a number"),
            ("1564274243,,1,5", "lat or lon is missing"),
            ("0,1,1,5", "ts is not a time after 1970"),
            (",1,1,5", "ts is missing"),
            ("yesterday,1,1,5", "neither epoch seconds nor ISO"),
            ("1e300,1,1,5", "not a plausible time"),
            ("1564274243,1,1,-1", "accuracy_m is negative"),
        ],
    )
    def test_a_senseless_row_is_left_out_and_reported(self, tmp_path: Path, row: str, why: str) -> None:
        path = write(tmp_path, "a.csv", f"ts,lat,lon,accuracy_m\n1564274243,1,1,5\n{row}\n")
        found = read_recordings([path])
        assert len(found.tracks["a"]) == 1
        assert len(found.notices) == 1
        assert f"{path}: line 3: " in found.notices[0]
        assert why in found.notices[0]

    def test_refusals_name_file_and_line(self, tmp_path: Path) -> None:
        assert refusal(write(tmp_path, "a.csv", "time,x,y\n1,2,3\n")).startswith(
            "line 1: column ts, lat, lon is missing"
        )
        assert refusal(write(tmp_path, "b.csv", "ts,lat,lon\n1564274243,500,1\n")).startswith(
            "no usable fix; line 2: lat is outside"
        )
        assert refusal(write(tmp_path, "c.csv", "")).startswith("line 1: column")
        assert refusal(write(tmp_path, "d.xlsx", "")).startswith("unknown kind of file")
        assert refusal(tmp_path / "none.csv") == "no such file"
        (tmp_path / "e.csv.gz").write_bytes(b"not gzip")
        assert refusal(tmp_path / "e.csv.gz").startswith("cannot be read")
        (tmp_path / "f.csv").write_bytes(b"ts,lat,lon\n\xff\xfe,1,1\n")
        assert "not UTF-8" in refusal(tmp_path / "f.csv")

    def test_a_folder_holds_its_recordings(self, tmp_path: Path) -> None:
        write(tmp_path, "b.csv", "ts,lat,lon\n1564274243,1,1\n")
        write(tmp_path, "a.ndjson", '{"ts": 1564274243, "lat": 1, "lon": 1}\n')
        write(tmp_path, "README.md", "not a track")
        assert list(read_recordings([tmp_path]).tracks) == ["a", "b"]
        (tmp_path / "empty").mkdir()
        assert refusal(tmp_path / "empty").startswith("no recording in this folder")


class TestNdjson:
    def test_a_line_is_a_fix(self, tmp_path: Path) -> None:
        text = '{"device": "d", "occurred_at": "2019-07-28T00:37:23Z", "lat": 1, "lon": 2, "accuracy_m": 3}\n\n'
        assert read_recordings([write(tmp_path, "a.ndjson", text)]).tracks["d"][0].accuracy_m == 3

    @pytest.mark.parametrize("line", ["{", "[]", "5", "[" * 100_000])
    def test_what_is_not_an_object(self, tmp_path: Path, line: str) -> None:
        assert (
            refusal(write(tmp_path, "a.ndjson", '{"ts": 1564274243, "lat": 1, "lon": 2}\n' + line + "\n"))
            == "line 2: not a JSON object"
        )


class TestGpx:
    def test_a_track_point(self, tmp_path: Path) -> None:
        point = '<trkpt lat="1" lon="2"><time>2019-07-28T00:37:23Z</time><hdop>2</hdop></trkpt>'
        (one,) = read_recordings([write(tmp_path, "walk.gpx", GPX.format(doctype="", points=point))]).tracks["walk"]
        assert (one.at_s, one.lat_deg, one.lon_deg, one.accuracy_m) == (1564274243.0, 1.0, 2.0, 10.0)

    def test_entities_are_refused(self, tmp_path: Path) -> None:
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
        assert (
            refusal(write(tmp_path, "a.gpx", GPX.format(doctype=bomb, points="")))
            == "line 1: document types are not accepted in GPX"
        )

    def test_broken_xml_names_the_line(self, tmp_path: Path) -> None:
        assert (
            refusal(write(tmp_path, "a.gpx", "<gpx>\n<trk>\n</gpx>")) == "line 3: not well-formed XML: mismatched tag"
        )
        assert refusal(write(tmp_path, "b.gpx", "<html></html>")) == "line 1: not a GPX document"
        assert refusal(write(tmp_path, "c.gpx", "")).startswith("line 1: not well-formed XML")

    def test_every_real_sample_is_read_or_refused_in_one_line(self) -> None:
        read, refused = 0, 0
        for path in sorted(shared("data", "gpx_samples").glob("*.gpx")):
            try:
                read += bool(read_recordings([path]).tracks)
            except UnreadableRecording as error:
                refused += "\n" not in error.detail
        assert read >= 10
        assert read + refused == 33
