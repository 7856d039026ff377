"""Pieces of tracks as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.spoofing.motion import motion_of, stretches, thinned, track_mark
from geofences.track_state import Sample
from tests.geofences.spoofing.walks import motion, walk


class TestMotionOf:
    def test_it_is_sorted_and_an_instant_counts_once(self) -> None:
        told = [Sample(3.0, "c", 1.0, 2.0, 5.0, 1.5), Sample(1.0, "a", 0.0, 0.0, 5.0), Sample(3.0, "d", 9.0, 9.0, 5.0)]
        found = motion_of(told)
        assert found.at_s.tolist() == [1.0, 3.0]
        assert found.lat_deg.tolist() == [0.0, 1.0]
        assert np.isnan(found.speed_mps[0])
        assert found.speed_mps[1] == 1.5

    def test_nothing_is_an_empty_motion(self) -> None:
        assert len(motion_of([])) == 0


class TestPlane:
    def test_metres_east_and_north_of_the_first_fix(self) -> None:
        east, north = motion([0, 1], [10, 40], [20, 60]).plane()
        assert east.tolist() == pytest.approx([0, 30], abs=0.02)
        assert north.tolist() == pytest.approx([0, 40], abs=0.02)

    def test_the_short_way_over_the_antimeridian(self) -> None:
        found = motion_of([Sample(0.0, "a", 0.0, 179.9999, 5.0), Sample(1.0, "b", 0.0, -179.9999, 5.0)])
        assert found.plane()[0][1] == pytest.approx(22.24, abs=0.1)


class TestStretches:
    def test_gaps_number_and_time_cut(self) -> None:
        times = [0.0, 1, 2, 400, 401, 402, 403, 404]
        found = stretches(motion(times, [0.0] * 8, [0.0] * 8), most=3, longest_s=900)
        assert [len(piece) for piece in found] == [3, 3, 2]
        slow = stretches(motion([0.0, 200, 400, 600], [0.0] * 4, [0.0] * 4), most=9, longest_s=450)
        assert [len(piece) for piece in slow] == [3, 1]

    def test_of_nothing_there_are_none(self) -> None:
        assert list(stretches(motion([], [], []), most=3, longest_s=9)) == []


class TestThinned:
    def test_at_most_one_fix_in_so_many_seconds(self) -> None:
        assert thinned(walk(1, 20), 5.0).at_s.tolist() == [1e9, 1e9 + 5, 1e9 + 10, 1e9 + 15]


class TestTrackMark:
    def test_the_same_recording_has_the_same_mark_and_no_other(self) -> None:
        assert track_mark(walk(1)) == track_mark(walk(1)) != track_mark(walk(2))
