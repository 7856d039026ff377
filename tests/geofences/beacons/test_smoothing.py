"""Strength smoothed robustly, and the hold-down learned from gaps."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.beacons.smoothing import Signal, SmoothingRules, first_word, hear, hold_s, speaks

RULES = SmoothingRules()


def heard(values: list[float], every_s: float = 1.0) -> Signal:
    signal = first_word(0.0, values[0], RULES)
    for i, value in enumerate(values[1:], start=1):
        hear(signal, i * every_s, value, RULES)
    return signal


class TestHear:
    def test_noise_is_averaged(self) -> None:
        rng = np.random.default_rng(1)
        off = [heard((-70 + rng.normal(0, 6, 30)).tolist()).level_dbm + 70 for _ in range(200)]
        assert abs(float(np.mean(off))) < 0.5
        assert float(np.std(off)) < 3.6

    def test_one_word_far_off_moves_little(self) -> None:
        """Planted bug: the plain Kalman step is moved three times as far."""
        signal = heard([-70.0] * 20)
        before = signal.level_dbm
        hear(signal, 20.0, -110.0, RULES)
        assert before - signal.level_dbm < 7.5

    def test_a_lasting_change_is_followed(self) -> None:
        signal = heard([-70.0] * 20 + [-90.0] * 12)
        assert signal.level_dbm == pytest.approx(-90, abs=2)

    def test_after_a_long_gap_the_new_word_counts(self) -> None:
        signal = heard([-70.0] * 20)
        hear(signal, 80.0, -85.0, RULES)
        assert signal.level_dbm < -80

    def test_words_at_one_time_are_no_harm(self) -> None:
        signal = heard([-70.0, -72.0, -71.0], every_s=0.0)
        assert -72 <= signal.level_dbm <= -70
        assert signal.words == 3


class TestHoldS:
    def test_before_anything_is_learned_it_is_the_first_guess(self) -> None:
        assert hold_s(first_word(0.0, -70, RULES), RULES) == pytest.approx(15.0)

    def test_a_beacon_heard_often_is_missed_soon(self) -> None:
        assert hold_s(heard([-70.0] * 60, every_s=0.5), RULES) == 5.0

    def test_a_beacon_heard_rarely_is_waited_for(self) -> None:
        """Planted bug: a fixed hold-down of 15 s calls it gone between any two words."""
        signal = heard([-70.0] * 15, every_s=30.0)
        assert 60 < hold_s(signal, RULES) <= 120
        assert speaks(signal, signal.heard_s + 45, RULES)
        assert not speaks(signal, signal.heard_s + 121, RULES)

    def test_flapping_is_learned(self) -> None:
        """Bursts of a second with pauses of twenty between them: a pause is its habit."""
        signal, at_s = first_word(0.0, -70, RULES), 0.0
        for i in range(1, 60):
            at_s += 20.0 if i % 4 == 0 else 0.3
            hear(signal, at_s, -70, RULES)
        assert speaks(signal, at_s + 20, RULES)

    def test_it_has_an_end(self) -> None:
        assert hold_s(heard([-70.0] * 10, every_s=10_000.0), RULES) == 120.0
