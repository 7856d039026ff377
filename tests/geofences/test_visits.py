"""Visits from transitions, and whole tracks on real and made-up data."""

from __future__ import annotations

import csv

import pytest

from geofences.recordings import read_recordings
from geofences.replaying import load_fences
from geofences.track import Key
from geofences.visits import detect, fold
from tests.geofences.tracks import FENCES, KEY, sample, standing, walk
from tests.paths import shared


class TestFold:
    def test_twice_is_once(self) -> None:
        found = detect(KEY, walk((0, 300), (200, 0), (1400, 5), (1600, 300), (2400, 320)), FENCES)
        once = fold({}, found.transitions)
        assert fold(dict(once), found.transitions) == once
        assert list(once.values()) == list(found.visits)


class TestDetect:
    def test_no_fix_no_visit(self) -> None:
        assert detect(KEY, [], FENCES).visits == ()

    def test_where_the_recording_ends_the_phone_is_silent(self) -> None:
        found = detect(KEY, [sample(0, 0), sample(100, 1)], FENCES)
        (visit,) = found.visits
        assert (visit.ended_by, visit.ended_s, visit.dwell_s) == ("silent", 900, 900)
        assert [t.kind.value for t in found.transitions] == ["entered", "dwelled", "dwelled", "dwelled", "exited"]

    def test_two_stays_are_two_visits(self) -> None:
        track = walk(
            (0, 300), (200, 0), (600, 0), (900, 400), (2000, 400), (2300, 0), (2600, 0), (2900, 400), (3300, 400)
        )
        assert len(detect(KEY, track, FENCES).visits) == 2

    def test_real_stays_are_found_once(self) -> None:
        """Annotated tracks of real phones: every stay in which a phone reported at all is exactly one visit."""
        folder = shared("data", "mobilitynet_sfba")
        fences, _ = load_fences(folder / "fences.geojson")
        with (folder / "truth_stays.csv").open() as file:
            stays = list(csv.DictReader(file))
        checked = 0
        for path in sorted((folder / "tracks").glob("*.csv.gz")):
            (device, samples), *_ = read_recordings([path]).tracks.items()
            visits = detect(Key(device, device), samples, fences).visits
            for stay in stays:
                start, end = float(stay["start_ts"]), float(stay["end_ts"])
                if f"run{int(stay['run']):02d}" not in device or not any(start <= s.at_s <= end for s in samples):
                    continue
                hits = [
                    v
                    for v in visits
                    if v.fence_id == stay["fence_arrive"] and v.started_s <= end and (v.ended_s or v.seen_s) >= start
                ]
                assert len(hits) == 1, (device, stay["stay"])
                checked += 1
        assert checked >= 30

    @pytest.mark.full
    @pytest.mark.timeout(3600)
    def test_ten_thousand_traces_at_the_border(self) -> None:
        for seed in range(10_000):
            assert (
                len(detect(KEY, standing(seed, every_s=30.0, together_s=(0.0, 30.0)[seed % 2]), FENCES).visits) <= 1
            ), seed
