"""How much a stretch looks made up."""

from __future__ import annotations

import numpy as np
import pytest

from geofences import trust
from geofences.spoofing.attacks import ATTACKS
from geofences.spoofing.calibration import shipped
from geofences.spoofing.evidence import LEAST_FIXES
from geofences.spoofing.grading import MOST_FIXES, Grade, grade
from tests.geofences.spoofing.walks import motion, walk

WEIGHTS = shipped().weights


class TestGrade:
    def test_walks_under_a_wandering_error_are_believed(self) -> None:
        assert [grade(walk(seed), WEIGHTS).grades for seed in range(30)] == [()] * 30

    def test_too_little_is_graded_as_nothing_and_never_as_suspicion(self) -> None:
        """Seen to fail when the least number of fixes was left away: white noise of ten fixes was called made up."""
        rng = np.random.default_rng(1)
        for fixes in (0, 1, 2, 6, 10, LEAST_FIXES - 1):
            few = motion(
                [float(i) for i in range(fixes)], rng.normal(0, 5, fixes).tolist(), rng.normal(0, 5, fixes).tolist()
            )
            assert grade(few, WEIGHTS).abstains

    @pytest.mark.parametrize(
        ("attack", "doubt"),
        [
            ("static", trust.STATIC),
            ("teleport", trust.JUMP),
            ("straight_line", trust.TOO_SMOOTH),
            ("noisy_line", trust.SYNTHETIC),
        ],
    )
    def test_of_each_attack_nearly_all_are_found_by_their_sign(self, attack: str, doubt: str) -> None:
        rng = np.random.default_rng(2)
        found = [grade(ATTACKS[attack](walk(seed), rng).part(0, MOST_FIXES), WEIGHTS) for seed in range(40)]
        assert sum(g.suspect and doubt in dict(g.grades) for g in found) >= 39

    def test_of_routes_with_noise_nine_of_ten(self) -> None:
        rng = np.random.default_rng(3)
        found = [grade(ATTACKS["noised_route"](walk(seed), rng).part(0, MOST_FIXES), WEIGHTS) for seed in range(60)]
        assert sum(g.suspect for g in found) >= 54

    def test_it_says_which_features_spoke(self) -> None:
        made = ATTACKS["noisy_line"](walk(1), np.random.default_rng(4)).part(0, MOST_FIXES)
        found = grade(made, WEIGHTS)
        assert len(found.spoke) == 3
        assert set(found.spoke) <= set(WEIGHTS.weights)


class TestStrength:
    def test_signs_add_up_as_if_independent(self) -> None:
        assert Grade((("a", 0.5), ("b", 0.5))).strength == 0.75
        assert Grade(()).strength == 0.0
        assert not Grade((("a", 0.4),)).suspect
