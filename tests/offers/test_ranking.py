"""One order for one set of candidates."""

from __future__ import annotations

import itertools

from offers.ranking import Candidate, Learned, best, contenders, ranked


class TestRanked:
    def test_priority_then_value_then_id_in_whatever_order_they_come(self) -> None:
        best = [
            Candidate("cam_z", 2, 0),
            Candidate("cam_y", 1, 50),
            Candidate("cam_a", 1, 10),
            Candidate("cam_b", 1, 10),
            Candidate("cam_c", -1, 999),
        ]
        for order in itertools.permutations(best):
            assert list(ranked(order)) == best

    def test_nobody(self) -> None:
        assert ranked([]) == ()


def learned(affinity_bp: int, use_ppm: int) -> Learned:
    return Learned(0, 0, affinity_bp, 0, 0, use_ppm, 0)


class TestBest:
    def test_is_the_first_of_the_ranked(self) -> None:
        some = [Candidate("cam_b", 1, 5), Candidate("cam_a", 1, 5), Candidate("cam_c", 2, 0)]
        assert best(some) == some[2] == ranked(some)[0]
        assert best(some[:2]) == some[1]
        assert best([]) is None


class TestWorth:
    def test_value_times_fit_times_use_in_whole_numbers(self) -> None:
        assert Candidate("cam_a", 0, 7).worth == 7 * 10**10
        assert Candidate("cam_a", 0, 7, learned(20_000, 100_000)).worth == 7 * 20_000 * 100_000
        assert Candidate("cam_a", 0, 10**12, learned(40_000, 999_999)).worth == 10**12 * 40_000 * 999_999

    def test_what_was_learned_can_turn_the_order(self) -> None:
        dear = Candidate("cam_dear", 1, 100, learned(10_000, 50_000))
        liked = Candidate("cam_liked", 1, 50, learned(30_000, 100_000))
        above = Candidate("cam_above", 2, 0)
        assert ranked([dear, liked, above]) == (above, liked, dear)


class TestContenders:
    def test_several_of_the_highest_priority_with_a_value(self) -> None:
        a, b, low, free = Candidate("cam_a", 1, 5), Candidate("cam_b", 1, 9), Candidate("cam_l", 0, 99), Candidate("cam_f", 1, 0)
        assert contenders([a, low, free, b]) == (b, a)
        assert contenders([a, low, free]) == ()
        assert contenders([]) == ()

    def test_the_most_valuable_eight(self) -> None:
        many = [Candidate(f"cam_{n}", 0, n) for n in range(1, 20)]
        assert [c.expected_value_minor for c in contenders(many)] == [19, 18, 17, 16, 15, 14, 13, 12]
