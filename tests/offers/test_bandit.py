"""Draws that can be repeated, propensities that are counted, and learning that finds the better offer."""

from __future__ import annotations

import itertools

from offers import bandit
from offers.bandit import Arm, Drawn

GOOD, BAD = Arm("cam_good", 100, 400, 80), Arm("cam_bad", 100, 400, 20)


class TestPlay:
    def test_the_same_for_the_same_in_any_order(self) -> None:
        arms = [GOOD, BAD, Arm("cam_new", 100, 0, 0)]
        played = [bandit.play(order, "mom_1") for order in itertools.permutations(arms)]
        assert all(p == played[0] for p in played)
        assert bandit.play(arms, "mom_2") != played[0]

    def test_propensities_are_counts_of_the_sixty_four(self) -> None:
        for n in range(50):
            drawn = bandit.play([GOOD, BAD, Arm("cam_new", 100, 0, 0)], f"mom_{n}").values()
            assert sum(d.propensity_ppm for d in drawn) == 1_000_000
            assert all(d.propensity_ppm % 15_625 == 0 for d in drawn)

    def test_who_is_chosen_is_chosen_as_often_as_its_propensity_says(self) -> None:
        """Over 4,000 moments; the sum of the propensities against the choices, within five standard deviations (at most 159).

        Seen to fail with the expected rates taken for the choice and the propensities of the draws written down.
        """
        arms = [Arm("cam_a", 100, 20, 2), Arm("cam_b", 80, 20, 3), Arm("cam_c", 120, 0, 0)]
        worth = {a.campaign_id: a.worth for a in arms}
        chosen, expected = dict.fromkeys(worth, 0), dict.fromkeys(worth, 0.0)
        for n in range(4_000):
            drawn = bandit.play(arms, f"mom_{n}")
            best = max(drawn, key=lambda cid: worth[cid] * drawn[cid].use_ppm)
            assert drawn[best].propensity_ppm > 0
            chosen[best] += 1
            for cid, d in drawn.items():
                expected[cid] += d.propensity_ppm / 1e6
        for cid in worth:
            assert abs(chosen[cid] - expected[cid]) <= 159

    def test_it_finds_the_better_one_and_still_tries_what_is_new(self) -> None:
        wins = [bandit.play([GOOD, BAD], f"mom_{n}")["cam_good"].propensity_ppm for n in range(20)]
        assert min(wins) == 1_000_000
        new = [bandit.play([GOOD, Arm("cam_new", 100, 0, 0)], f"mom_{n}")["cam_new"].propensity_ppm for n in range(50)]
        assert 0 < sum(new) / 50 < 300_000

    def test_worth_counts(self) -> None:
        drawn = bandit.play([GOOD, Arm("cam_dear", 10_000, 400, 20)], "mom_1")
        assert drawn["cam_dear"].propensity_ppm == 1_000_000

    def test_without_exploring_the_best_mean_is_taken(self) -> None:
        drawn = bandit.play([BAD, GOOD], "mom_1", explore=False)
        assert drawn == {"cam_good": Drawn(195_238, 1_000_000), "cam_bad": Drawn(52_380, 0)}


class TestMeanPpm:
    def test_the_prior_and_what_was_seen(self) -> None:
        assert bandit.mean_ppm(0, 0) == 100_000
        assert bandit.mean_ppm(400, 80) == 195_238
        assert bandit.mean_ppm(1, 3) == 217_391  # more used than given (some were taken back): never below zero
