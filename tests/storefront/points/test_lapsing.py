"""Points lapse the oldest first, each so long after it came, exact to the instant, and what was spent before does not lapse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storefront.points.lapsing import Lapse, lapsed

START = datetime(2026, 1, 1, tzinfo=UTC)
LIFE = timedelta(days=100)


def day(n: int) -> datetime:
    return START + timedelta(days=n)


def after(lots: list[tuple[int, int]], spent: list[tuple[int, int]], at: datetime, not_before: datetime = START) -> Lapse:
    return lapsed([(day(d), p) for d, p in lots], [(day(d), p) for d, p in spent], life=LIFE, not_before=not_before, at=at)


class TestLapsed:
    def test_each_lot_at_its_own_instant(self) -> None:
        lots = [(0, 50), (10, 30)]
        assert after(lots, [], day(100) - timedelta(microseconds=1)) == Lapse(0, day(100), 50)
        assert after(lots, [], day(100)) == Lapse(50, day(110), 30)
        assert after(lots, [], day(110)) == Lapse(80)

    def test_the_oldest_are_spent_first(self) -> None:
        assert after([(0, 50), (10, 30)], [(20, 60)], day(100)) == Lapse(0, day(110), 20)

    def test_what_was_spent_later_does_not_bring_back_what_has_lapsed(self) -> None:
        """Planted bug: all that was ever spent taken off before anything lapses."""
        assert after([(0, 100), (120, 50)], [(130, 50)], day(131)) == Lapse(100)

    def test_nothing_before_the_day_from_which_points_may_lapse(self) -> None:
        assert after([(0, 50)], [], day(150), not_before=day(200)) == Lapse(0, day(200), 50)

    def test_what_was_spent_beyond_what_stands_is_taken_from_the_next(self) -> None:
        """She spent 40, then gave back the order 50 of them were for: 10 stand of it."""
        assert after([(0, 10), (30, 60)], [(20, 40)], day(130)) == Lapse(30)

    @given(
        lots=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50)), max_size=8),
        spent=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 50)), max_size=8),
        order=st.randoms(use_true_random=False),
    )
    def test_in_any_order_the_same_and_never_more_than_there_is(self, lots: list[tuple[int, int]], spent: list[tuple[int, int]], order: object) -> None:
        found = after(lots, spent, day(400))
        order.shuffle(lots)  # type: ignore[attr-defined]
        order.shuffle(spent)  # type: ignore[attr-defined]
        assert after(lots, spent, day(400)) == found
        assert 0 <= found.points <= sum(points for _, points in lots)
        assert found.points >= after(lots, spent, day(200)).points
