"""`moments evaluate spoof`."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from geofences.recordings import UnreadableRecording
from geofences.spoofing import scoring
from geofences.spoofing.motion import Motion
from tests.geofences.spoofing.walks import motion, walk
from tests.paths import shared


def write(folder: Path, name: str, way: Motion) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    with gzip.open(folder / f"{name}.csv.gz", "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["ts", "lat", "lon", "accuracy_m", "altitude_m", "speed_mps", "bearing_deg"])
        for at_s, lat, lon, accuracy in zip(way.at_s, way.lat_deg, way.lon_deg, way.accuracy_m, strict=True):
            rows.writerow([f"{at_s:.3f}", f"{lat:.7f}", f"{lon:.7f}", accuracy, 3.0, -1.0, -1.0])


class TestInterval:
    def test_wilson(self) -> None:
        assert scoring.interval(0, 100) == (0.0, 0.037)
        assert scoring.interval(100, 100) == (0.963, 1.0)
        assert scoring.interval(0, 0) == (None, None)


class TestReadFolder:
    def test_people_from_names_manifests_and_tracks_of_their_own(self, tmp_path: Path) -> None:
        write(tmp_path / "tracks", "town__run00__ios-1", walk(1))
        write(tmp_path / "tracks", "plain", walk(2))
        write(tmp_path / "tracks", "made", walk(3))
        (tmp_path / "manifest.csv").write_text("file,phone,label\ntracks/made.csv.gz,app,Static\n")
        tracks, notices = scoring.read_folder(tmp_path)
        assert [(t.name, t.person, t.label) for t in tracks] == [
            ("made", "app", "static"),
            ("plain", "plain", ""),
            ("town__run00__ios-1", "ios-1", ""),
        ]
        assert notices == []

    def test_a_copy_and_a_broken_file_are_told_and_left_out(self, tmp_path: Path) -> None:
        write(tmp_path, "one", walk(1))
        write(tmp_path, "two", walk(1))
        (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
        tracks, notices = scoring.read_folder(tmp_path)
        assert [t.name for t in tracks] == ["one"]
        assert len(notices) == 2
        assert "column ts, lat, lon is missing" in notices[0]
        assert "the same recording as one" in notices[1]

    def test_nothing_to_read_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableRecording, match="no recording in this folder"):
            scoring.read_folder(tmp_path)


class TestEvaluateSpoof:
    def test_figures_of_a_small_folder(self, tmp_path: Path) -> None:
        for no in range(3):
            write(tmp_path / "tracks", f"town__run{no:02d}__ios-{no}", walk(no, 200))
        write(tmp_path / "tracks", "pin", motion([5.0 * i for i in range(1, 61)], [0.0] * 60, [0.0] * 60))
        (tmp_path / "manifest.csv").write_text("file,label\ntracks/pin.csv.gz,static\n")
        found = scoring.evaluate_spoof(tmp_path, rounds=2)
        assert (found["tracks"], found["people"], found["people_calibrated_on"]) == (4, 3, [])
        genuine = {row["of"]: row for row in found["genuine"]}
        assert (genuine["genuine"]["judged"], genuine["genuine"]["suspect"]) == (6, 0)
        attacks = {row["of"]: row["share"] for row in found["attacks"]}
        assert attacks["static"] == attacks["straight_line"] == attacks["given: static"] == 1.0
        replays = {row["of"]: row["share"] for row in found["replays"]}
        assert replays == {"genuine, taken for a replay": 0.0, "replay_exact": 1.0, "replay_shifted": 1.0}

    def test_real_phones_are_believed_and_attacks_on_them_found(self) -> None:
        """Each phone judged by weights that were found without it."""
        found = scoring.evaluate_spoof(shared("data", "mobilitynet_sfba"), rounds=1, seed=11)
        assert found["people_calibrated_on"] == ["android-1", "android-2", "android-3", "ios-1", "ios-2", "ios-3"]
        for row in found["genuine"]:
            assert row["share"] <= scoring.MOST_FALSE, row["of"]
        for row in (*found["attacks"], *found["replays"]):
            if row["asked"] is not None:
                assert row["share"] >= row["asked"], row["of"]
