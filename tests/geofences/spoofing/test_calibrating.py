"""Finding the weights."""

from __future__ import annotations

from geofences.spoofing import calibrating
from geofences.spoofing.calibration import of_document
from geofences.spoofing.grading import grade
from tests.geofences.spoofing.walks import walk

TRACKS = {f"{who}{no}": (who, walk(10 * ord(who) + no, 300)) for who in "abc" for no in range(2)}


class TestCalibrate:
    def test_the_same_seed_gives_the_same_document(self) -> None:
        assert calibrating.calibrate(TRACKS, seed=1, rounds=1) == calibrating.calibrate(TRACKS, seed=1, rounds=1)

    def test_who_is_left_out_is_still_believed(self) -> None:
        found = calibrating.calibrate(TRACKS, seed=2, rounds=2)
        assert sorted(found["without"]) == ["a", "b", "c"]
        assert sorted(found["tracks"].values()) == ["a", "a", "b", "b", "c", "c"]
        known = of_document(found)
        for _, motion in TRACKS.values():
            weights, seen = known.fair_for(motion)
            assert seen
            assert not grade(motion.part(0, 128), weights).suspect
