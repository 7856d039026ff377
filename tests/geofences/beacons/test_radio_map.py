"""Maps learned from walks through a made-up mall: the strengths come out right, and silence counts."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.beacons.radio_map import RadioMap, RadioRules, Walk, learn
from tests.geofences.beacons.hall import beacons, plan, strength_dbm, walks


@pytest.fixture(scope="module")
def radio() -> RadioMap:
    known = walks(40)
    return learn(plan(known), known)


def error_db(radio: RadioMap) -> np.ndarray:
    """Learned less true strength, for every beacon at every cell where it can be heard at all."""
    off: list[float] = []
    for address, beacon in beacons().items():
        k = radio.transmitters[address]
        for c in range(0, len(radio.plan.floor_no), 7):
            true = strength_dbm(beacon, int(radio.plan.floor_no[c]), *radio.plan.centre_m[c])
            if true > -88:
                off.append(float(radio.level_dbm[k, c]) - true)
    return np.array(off)


class TestLearn:
    def test_strengths_come_out_right(self, radio: RadioMap) -> None:
        off = error_db(radio)
        assert abs(float(np.median(off))) < 2.0
        assert float(np.sqrt((off**2).mean())) < 4.0

    def test_it_is_as_unsure_as_it_is_wrong(self, radio: RadioMap) -> None:
        assert float(radio.variance.min()) >= 5.5**2
        assert float(radio.variance.max()) < 15.0**2

    def test_a_transmitter_of_one_walk_is_left_out(self) -> None:
        known = walks(10)
        passing = Walk(
            "p", known[0].floor, known[0].times_s, known[0].xy_m, ((1.0, "6B:00:00:00:00:01", -50.0), *known[0].heard)
        )
        radio = learn(plan(known), [passing, *known[1:]])
        assert "6B:00:00:00:00:01" not in radio.transmitters
        assert "6B:00:00:00:00:01" in learn(plan(known), [passing, *known[1:]], RadioRules(min_walks=1)).transmitters

    def test_not_being_heard_counts_against_a_floor(self) -> None:
        """A transmitter heard on one floor only, the other walked through as well."""
        known = [
            Walk(
                w.id,
                w.floor,
                w.times_s,
                w.xy_m,
                tuple(h for h in w.heard if h[1] != "00:00:00:00:00:0C" or w.floor == "F1"),
            )
            for w in walks(30)
        ]
        with_silence = learn(plan(known), known)
        without = learn(plan(known), known, RadioRules(silence_weight=0.0))
        k, above = with_silence.transmitters["00:00:00:00:00:0C"], with_silence.plan.floor_no == 1
        assert float(with_silence.level_dbm[k, above].max()) < float(without.level_dbm[k, above].max()) - 2

    def test_walks_that_heard_nothing_are_left_out(self) -> None:
        known = walks(10)
        deaf = [Walk(f"deaf{w.id}", w.floor, w.times_s, w.xy_m, ()) for w in walks(10, 100)]
        one, other = learn(plan(known), known), learn(plan(known), [*known, *deaf])
        assert np.array_equal(one.log_rate, other.log_rate)

    def test_no_walks(self) -> None:
        assert learn(plan([]), []).level_dbm.shape == (0, 800)


class TestPlan:
    def test_positions_and_squares(self) -> None:
        found = plan([])
        nos = found.grid_nos(1, np.array([[4.0, 7.0], [-50.0, 1e6]]))
        assert found.centres_of(nos).tolist() == [[4.5, 7.5], [1.5, 58.5]]
        assert (nos // 400).tolist() == [1, 1]


class TestWalk:
    def test_straight_between_the_points(self) -> None:
        made = Walk("w", "F1", np.array([0.0, 10.0]), np.array([[0.0, 0.0], [10.0, 20.0]]), ())
        assert made.at(np.array([5.0])).tolist() == [[5.0, 10.0]]
