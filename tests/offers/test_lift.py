"""The comparison with those held out: numbers of the paper, and silence where few stand behind it."""

from __future__ import annotations

import pytest

from offers import lift
from offers.lift import Share


class TestShown:
    @pytest.mark.parametrize(("did", "people", "told"), [(20, 40, True), (19, 40, False), (21, 40, False), (40, 40, True), (0, 40, False), (19, 19, False)])
    def test_twenty_behind_and_twenty_outside_or_nobody(self, did: int, people: int, told: bool) -> None:
        assert lift.shown(did, people) is told


class TestWilson:
    def test_the_papers_example(self) -> None:
        """Newcombe (1998), two-sided intervals for the single proportion, table I: 81 of 263 and 15 of 148, method 3."""
        assert wilson4(81, 263) == (0.2553, 0.3662)
        assert wilson4(15, 148) == (0.0624, 0.1605)

    def test_none_and_all(self) -> None:
        assert wilson4(0, 20) == (0.0, 0.1611)
        assert wilson4(29, 29) == (0.8830, 1.0)


def wilson4(did: int, people: int) -> tuple[float, float]:
    low, high = lift.wilson(Share(did, people))
    return round(low, 4) + 0.0, round(high, 4)


class TestDifference:
    def test_the_papers_example(self) -> None:
        """Newcombe (1998), interval estimation for the difference, table II: 56 of 70 less 48 of 80, method 10."""
        found = lift.compared(Share(56, 70), Share(48, 80))
        assert (round(found.difference, 4), round(found.low, 4), round(found.high, 4)) == (0.2, 0.0524, 0.3339)

    def test_none_where_one_may_not_be_told(self) -> None:
        assert lift.difference(Share(19, 100), Share(50, 100)) is None
        assert lift.difference(Share(50, 100), Share(81, 100)) is None

    def test_equal_shares_hold_zero(self) -> None:
        found = lift.difference(Share(50, 100), Share(50, 100))
        assert found is not None
        assert (found.difference, found.low < 0 < found.high) == (0.0, True)


class TestSentence:
    def test_more_and_hardly_chance(self) -> None:
        found = lift.difference(Share(300, 1000), Share(20, 100))
        assert lift.sentence(found, "bought something", 14) == (
            "Of those who could get it 30.0% bought something within 14 days, of those held out 20.0%: 10.0 points more "
            "(95 % interval +0.7 to +17.3). It is hardly chance."
        )

    def test_fewer_and_may_be_chance(self) -> None:
        found = lift.difference(Share(45, 100), Share(50, 100))
        assert found is not None
        assert lift.sentence(found, "came back", 7).endswith(
            "5.0 points fewer (95 % interval -18.4 to +8.7). It may be chance: the interval goes from fewer to more."
        )

    def test_not_enough(self) -> None:
        assert lift.sentence(None, "came back", 7).startswith("Not enough to tell who came back within 7 days")
