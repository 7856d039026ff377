"""One question for many samples is as good as many questions."""

from __future__ import annotations

import math

from geofences.asking import MEASURE_FROM, Hit, locate, look_along, measure
from geofences.track import Sample, TrackRules, TrackState
from tests.geofences.tracks import FENCES, KEY, sample

WAY = [sample(10.0 * i, 300.0 - 40 * i) for i in range(15)]


def asked(samples: list[Sample]) -> list[Hit]:
    hits = locate(samples, FENCES)
    measure([(KEY, samples)], {KEY: TrackState()}, hits, FENCES)
    look_along([(KEY, samples)], {KEY: TrackState()}, hits, FENCES, TrackRules())
    return hits


class TestLocate:
    def test_which_fences_hold_which(self) -> None:
        assert [sorted(h.fences) for h in locate(WAY, FENCES)] == [
            [0] if abs(300 - 40 * i) <= 60 else [] for i in range(15)
        ]
        assert locate([], FENCES) == []


class TestMeasure:
    def test_from_the_first_that_is_inside_on(self) -> None:
        for s, hit in zip(WAY, asked(WAY), strict=True):
            if s.at_s < 60:
                assert hit.distance_m == {}
            else:
                one = FENCES.distance_m(0, s.lat_deg, s.lon_deg, bool(hit.fences))
                assert math.isclose(hit.distance_m[0], one, abs_tol=1e-6)

    def test_not_for_a_few(self) -> None:
        assert all(hit.distance_m == {} for hit in asked(WAY[6 : 6 + MEASURE_FROM - 1]))


class TestLookAlong:
    def test_what_the_way_from_the_one_before_may_pass(self) -> None:
        hits = asked([sample(0, -300), sample(40, 300), sample(60, 900), sample(400, -900)])
        assert [h.passing for h in hits] == [None, {0}, set(), None]
