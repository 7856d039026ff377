"""Simulated shoppers move as people do: at a human pace, along streets, with a phone's error, and always the same way for a seed."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest

from app.demo.city.layers import city_places, street_lines
from app.demo.streets import Streets, distance_m
from app.demo.walkers import (
    BEST_ACCURACY_M,
    FASTEST_MPS,
    QUICKEST,
    WORST_ACCURACY_M,
    Gait,
    Noise,
    SimFix,
    Track,
    Walker,
    crowd,
    fixes,
)
from geofences.spoofing.calibration import shipped
from geofences.spoofing.grading import MOST_FIXES, grade
from geofences.spoofing.motion import Motion

START = (24.9440, 60.1690)
END = (24.9450, 60.1690)


def even(speed_mps: float) -> Gait:
    return Gait(random.Random(1), speed_mps, spread=0.0)


def motion(told: list[SimFix]) -> Motion:
    columns = zip(*((f.at_s, f.lat_deg, f.lon_deg, f.accuracy_m, f.speed_mps) for f in told), strict=True)
    return Motion(*(np.array(column) for column in columns))


@pytest.fixture(scope="module")
def streets() -> Streets:
    return Streets(street_lines())


@pytest.fixture(scope="module")
def goals() -> list[tuple[float, float]]:
    return [(p.lon_deg, p.lat_deg) for p in city_places()]


class TestTrack:
    def test_half_way_at_half_time(self) -> None:
        track = Track(START)
        track.walk([END], even(1.0))
        assert track.ends_s == pytest.approx(distance_m(START, END))
        assert track.at(track.ends_s / 2) == pytest.approx((24.9445, 60.1690))

    def test_stands_still_before_the_start_after_the_end_and_while_resting(self) -> None:
        track = Track(START)
        track.walk([END], even(1.0))
        arrived = track.ends_s
        track.rest(100)
        assert track.at(-5) == START
        assert track.at(arrived + 50) == END == track.at(arrived + 500)
        assert track.speed_mps(arrived + 50) == 0.0

    def test_forgetting_the_past_changes_nothing_later(self) -> None:
        track = Track(START)
        for point in (END, START, END):
            track.walk([point], even(1.3))
        late = track.ends_s - 3
        before = track.at(late)
        track.forget_before(late - 1)
        assert track.at(late) == before


class TestNoise:
    def test_two_thirds_of_the_errors_lie_within_the_stated_accuracy(self) -> None:
        noise = Noise(random.Random(5), 8.0)
        errors = [math.hypot(*noise.at(at * 200.0)) for at in range(3000)]
        assert sum(e <= 8.0 for e in errors) / len(errors) == pytest.approx(0.68, abs=0.03)

    def test_so_they_do_when_asked_every_few_seconds(self) -> None:
        told = [Noise(random.Random(seed), 8.0) for seed in range(600)]
        for at_s in (0.0, 5.0, 10.0, 20.0):
            errors = [math.hypot(*noise.at(at_s)) for noise in told]
        assert sum(e <= 8.0 for e in errors) / len(errors) == pytest.approx(0.68, abs=0.05)

    def test_drifts_rather_than_jumps(self) -> None:
        noise = Noise(random.Random(5), 8.0)
        points = [noise.at(float(at)) for at in range(500)]
        steps = [math.dist(a, b) for a, b in itertools.pairwise(points)]
        assert sum(steps) / len(steps) < 3.0


class TestWalker:
    def test_the_same_seed_walks_the_same_way(self, streets: Streets, goals: list[tuple[float, float]]) -> None:
        def walked(seed: int) -> list[tuple[float, float]]:
            walker = Walker("shopper-01", streets, goals, seed=seed)
            return [(f.lon_deg, f.lat_deg) for f in (walker.fix_at(float(s)) for s in range(0, 900, 30))]

        assert walked(1) == walked(1)
        assert walked(1) != walked(2)

    def test_never_faster_than_a_brisk_walk(self, streets: Streets, goals: list[tuple[float, float]]) -> None:
        for walker in crowd(streets, goals, seed=3, count=5):
            true = [(f.true_lon, f.true_lat) for f in (walker.fix_at(float(s)) for s in range(0, 1800, 5))]
            assert max(distance_m(a, b) / 5 for a, b in itertools.pairwise(true)) <= FASTEST_MPS * QUICKEST + 0.01

    def test_forty_different_people_with_the_stated_accuracy(
        self, streets: Streets, goals: list[tuple[float, float]]
    ) -> None:
        people = crowd(streets, goals, seed=3)
        assert len({w.name for w in people}) == 40
        assert all(BEST_ACCURACY_M <= w.fix_at(0.0).accuracy_m <= WORST_ACCURACY_M for w in people)
        assert len({round(w.gait.speed_mps, 6) for w in people}) == 40

    def test_are_not_taken_for_phones_that_make_their_way_up(
        self, streets: Streets, goals: list[tuple[float, float]]
    ) -> None:
        """Planted bug seen: everybody at an even pace, or with an error of one stage of 20 s."""
        for walker in crowd(streets, goals, seed=7, count=10):
            way = motion([walker.fix_at(float(s)) for s in range(0, 1200, 5)])
            graded = [
                grade(way.part(max(0, end - MOST_FIXES), end), shipped().weights) for end in range(32, len(way), 8)
            ]
            assert not any(one.suspect for one in graded), walker.name

    def test_visits_shops(self, streets: Streets, goals: list[tuple[float, float]]) -> None:
        walker = Walker("shopper-02", streets, goals, seed=3)
        still = 0
        for at in range(0, 3600, 10):
            fix = walker.fix_at(float(at))
            still += fix.speed_mps == 0.0 and min(distance_m((fix.true_lon, fix.true_lat), g) for g in goals) < 1
        assert still > 10


class TestFixes:
    def test_one_every_step_from_start_to_end(self) -> None:
        track = Track(START)
        track.walk([END], even(1.0))
        assert [f.at_s for f in fixes(track, seed=1, accuracy_m=6, every_s=10)] == [0, 10, 20, 30, 40, 50]
