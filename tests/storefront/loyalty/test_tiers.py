"""A tier by the sum of a window, kept some days after it was last enough: reached, kept and lost on the exact day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storefront.loyalty.programme import Level, Tiers
from storefront.loyalty.tiers import standing

SILVER, GOLD = Level("silver", "Silver", 100), Level("gold", "Gold", 300)
TIERS = Tiers("spend", "EUR", 30, 10, (SILVER, GOLD))
TODAY = date(2026, 10, 25)


def days(*amounts: tuple[int, int]) -> list[tuple[date, int]]:
    """(days before today, amount)."""
    return [(TODAY - timedelta(days=ago), amount) for ago, amount in amounts]


class TestStanding:
    def test_none_yet_and_what_is_missing(self) -> None:
        found = standing(TIERS, days((3, 60)), TODAY)
        assert (found.level, found.kept_until, found.total, found.upper, found.missing) == (None, None, 60, SILVER, 40)

    def test_reached_with_the_last_cent(self) -> None:
        assert standing(TIERS, days((3, 60), (0, 39)), TODAY).level is None
        found = standing(TIERS, days((3, 60), (0, 40)), TODAY)
        assert (found.level, found.upper, found.missing) == (SILVER, GOLD, 200)
        assert found.kept_until == TODAY - timedelta(days=3) + timedelta(days=29 + 10)

    def test_kept_to_the_day_it_says_and_lost_on_the_next(self) -> None:
        """Planted bug: `<` instead of `<=` at the edge of the days kept."""
        amounts = days((0, 120))
        until = standing(TIERS, amounts, TODAY).kept_until
        assert until == TODAY + timedelta(days=39)
        assert standing(TIERS, amounts, until).level == SILVER
        assert standing(TIERS, amounts, until).kept_until == until
        assert standing(TIERS, amounts, until + timedelta(days=1)).level is None

    def test_the_top_has_nothing_above(self) -> None:
        found = standing(TIERS, days((1, 500)), TODAY)
        assert (found.level, found.upper, found.missing) == (GOLD, None, 0)

    def test_a_kept_tier_shows_what_the_next_one_takes(self) -> None:
        found = standing(TIERS, days((35, 120), (1, 50)), TODAY)
        assert (found.level, found.total, found.upper, found.missing) == (SILVER, 50, GOLD, 250)

    @given(st.lists(st.tuples(st.integers(-5, 80), st.integers(0, 150)), max_size=10), st.randoms(use_true_random=False))
    def test_the_day_told_is_the_last_one(self, amounts: list[tuple[int, int]], order: object) -> None:
        """What is said beforehand is what comes: she has it until then and not the day after, whatever the order of the facts."""
        known = [(d, a) for d, a in days(*amounts) if d <= TODAY]
        found = standing(TIERS, known, TODAY)
        order.shuffle(known)  # type: ignore[attr-defined]
        assert standing(TIERS, known, TODAY) == found
        if found.level is not None and found.kept_until is not None:
            last = standing(TIERS, known, found.kept_until)
            assert last.level is not None
            assert last.level.least >= found.level.least
            after = standing(TIERS, known, found.kept_until + timedelta(days=1)).level
            assert after is None or after.least < found.level.least
