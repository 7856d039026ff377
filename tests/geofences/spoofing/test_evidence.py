"""What physics binds and spoofers forget."""

from __future__ import annotations

import numpy as np
import pytest

from geofences.spoofing.evidence import FEATURES, LEAST_FIXES, PlainRules, carried_off, features, frozen, ruled
from tests.geofences.spoofing.walks import motion, walk

RULES = PlainRules()


def at_rest(fixes: int, every_s: float) -> list[float]:
    return [i * every_s for i in range(fixes)]


class TestFrozen:
    def test_the_share_of_the_commonest_position(self) -> None:
        assert frozen(motion(at_rest(30, 5), [0.0] * 30, [0.0] * 30), RULES) == 1.0
        assert frozen(motion(at_rest(30, 5), [0.0] * 15 + [9.0] * 15, [0.0] * 30), RULES) == 0.5

    def test_half_a_minute_of_the_same_is_what_parked_phones_do(self) -> None:
        assert frozen(motion(at_rest(35, 1), [0.0] * 35, [0.0] * 35), RULES) == 0.0

    def test_few_fixes_say_nothing(self) -> None:
        assert frozen(motion(at_rest(19, 60), [0.0] * 19, [0.0] * 19), RULES) == 0.0


class TestCarriedOff:
    def test_far_away_from_one_second_to_the_next_for_good(self) -> None:
        assert carried_off(motion(at_rest(10, 1), [0.0] * 5 + [6_000.0] * 5, [0.0] * 10), RULES)

    def test_a_wild_fix_that_comes_back_is_none(self) -> None:
        assert not carried_off(motion(at_rest(10, 1), [0.0] * 4 + [6_000.0] * 2 + [0.0] * 4, [0.0] * 10), RULES)

    def test_what_the_accuracies_allow_is_none(self) -> None:
        assert not carried_off(motion(at_rest(10, 1), [0.0] * 5 + [6_000.0] * 5, [0.0] * 10, 1_500.0), RULES)

    def test_a_train_is_none(self) -> None:
        assert not carried_off(motion(at_rest(10, 20), [1_200.0 * i for i in range(10)], [0.0] * 10), RULES)

    def test_from_rest_to_rest_two_kilometres_off_in_twenty_seconds_is(self) -> None:
        assert carried_off(motion(at_rest(10, 20), [0.0] * 5 + [2_000.0] * 5, [0.0] * 10), RULES)


class TestRuled:
    def test_straight_at_constant_speed(self) -> None:
        assert ruled(motion(at_rest(32, 2), [3.0 * i for i in range(32)], [1.0 * i for i in range(32)]), RULES)

    def test_standing_is_not(self) -> None:
        assert not ruled(motion(at_rest(32, 2), [0.0] * 32, [0.0] * 32), RULES)

    def test_a_walk_is_not(self) -> None:
        assert not any(ruled(walk(seed), RULES) for seed in range(20))

    def test_a_line_in_degrees_over_many_kilometres_is(self) -> None:
        assert ruled(motion(at_rest(64, 10), [250.0 * i for i in range(64)], [90.0 * i for i in range(64)]), RULES)


class TestFeatures:
    def test_too_few_fixes_and_a_phone_at_rest_have_none(self) -> None:
        assert features(walk(1, LEAST_FIXES - 1)) is None
        assert features(motion(at_rest(60, 1), [0.0] * 60, [0.0] * 60)) is None

    def test_white_noise_about_a_line_is_white_and_a_walk_is_not(self) -> None:
        rng = np.random.default_rng(1)
        east = [5.0 * i + float(rng.normal(0, 5)) for i in range(128)]
        noisy = features(motion(at_rest(128, 1), east, rng.normal(0, 5, 128).tolist()))
        honest = features(walk(1))
        assert noisy is not None
        assert honest is not None
        white, growth = FEATURES.index("white"), FEATURES.index("lag_growth")
        assert noisy[white] > 0.3 > 0.1 > honest[white]
        assert abs(noisy[growth]) < 0.15 < honest[growth]

    def test_a_speed_that_is_the_difference_of_the_positions_tells(self) -> None:
        rng = np.random.default_rng(2)
        plain = motion(
            at_rest(64, 1), (np.arange(64) * 5 + rng.normal(0, 4, 64)).tolist(), rng.normal(0, 4, 64).tolist()
        )
        east, north = plain.plane()
        way = np.hypot(np.diff(east), np.diff(north))
        plain.speed_mps[:] = np.concatenate([way[:1], way]).round(2)
        found = features(plain)
        assert found is not None
        assert found[FEATURES.index("speed_told_exactly")] == pytest.approx(1.0)
        assert found[FEATURES.index("speed_told_flat")] < 0.2

    def test_all_are_finite_whatever_comes(self) -> None:
        rng = np.random.default_rng(3)
        for size in (1e-3, 1.0, 1e6):
            found = features(motion(at_rest(40, 1), rng.normal(0, size, 40).tolist(), rng.normal(0, size, 40).tolist()))
            assert found is None or np.isfinite(found).all()
