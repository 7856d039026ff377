"""One order for one set of candidates."""

from __future__ import annotations

import itertools

from offers.ranking import Candidate, ranked


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
