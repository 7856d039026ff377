"""Tracks made worse, by chance but the same each time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geofences.perturbing import PERTURBATIONS
from geofences.shapes import haversine_m
from geofences.track import Sample
from tests.geofences.tracks import sample

TRACK = [sample(10.0 * i, 0) for i in range(2000)]


def worse(name: str, seed: int = 1) -> list[Sample]:
    return PERTURBATIONS[name](TRACK, np.random.default_rng(seed))


def off_m(samples: list[Sample]) -> list[float]:
    return [haversine_m(TRACK[0].lat_deg, TRACK[0].lon_deg, s.lat_deg, s.lon_deg) for s in samples]


class TestPerturbations:
    @pytest.mark.parametrize("name", PERTURBATIONS)
    def test_by_its_seed_alone(self, name: str) -> None:
        assert worse(name) == worse(name) != worse(name, 2)
        assert worse(name) != TRACK
        assert PERTURBATIONS[name]([], np.random.default_rng(1)) == []

    def test_what_each_does(self) -> None:
        assert 900 < len(worse("thinned")) < 1100
        assert 13 < math.sqrt(np.mean(np.square(off_m(worse("noisy")))) / 2) < 17
        assert {s.accuracy_m for s in worse("noisy")} == {8.0}
        gaps = np.diff([s.at_s for s in worse("dropouts")])
        assert gaps.max() >= 1190
        offs = {round(s.at_s - t.at_s, 6) for s, t in zip(worse("clock_off"), TRACK, strict=True)}
        assert len(offs) == 1
        assert 600 < sum(s.accuracy_m == 65.0 for s in worse("coarse")) < 730
        assert 50 < sum(d > 990 for d in off_m(worse("wild"))) < 110
