"""Stamps: full cards are due at the exact stamp, and go back with what filled them."""

from __future__ import annotations

from storefront.loyalty.facts import Bought, Visited, facts_of
from storefront.loyalty.programme import Card, Gift, GiftKind, Scope
from storefront.loyalty.stamps import Given, Weighed, stamps, weigh, worth

TEA = Card("tea", "Tea", Scope(categories=("tea",)), 5, Gift(GiftKind.FREE_PIECE, amount_minor=600, currency="EUR"), "2026-10-01", "2026-12-31")


def line(no: int, pieces: int, minor: int, *, category: str = "tea", currency: str = "EUR", day: str = "2026-10-05") -> Bought:
    return Bought(day, "ord_1", no, ("prd_x",), (category, "drinks"), pieces, minor, currency)


class TestStamps:
    def test_a_piece_is_a_stamp_and_what_cost_nothing_is_none(self) -> None:
        facts = facts_of([], [line(1, 3, 900), line(2, 4, 0), line(3, 2, 500, category="mugs"), line(4, 1, 300, day="2026-09-30")])
        assert stamps(TEA, facts) == 3

    def test_a_card_for_visits_counts_stores_and_days(self) -> None:
        """Planted bug: `facts_of` that keeps repeats."""
        card = Card("v", "V", Scope(visits=True), 3, Gift(GiftKind.POINTS, points=1), "2026-10-01", "2026-12-31")
        assert stamps(card, facts_of([Visited("2026-10-05", "a"), Visited("2026-10-05", "a"), Visited("2026-10-05", "b")], [line(1, 9, 900)])) == 2


class TestWeigh:
    def test_due_at_the_last_stamp_and_the_next_card_begins(self) -> None:
        assert weigh(TEA, 4, ()) == Weighed(4)
        assert weigh(TEA, 5, ()) == Weighed(0, ((1, 5),), (), 1)
        assert weigh(TEA, 12, (Given(1, 5),)) == Weighed(2, ((2, 10),), (), 2)

    def test_nothing_twice(self) -> None:
        assert weigh(TEA, 7, (Given(1, 5),)) == Weighed(2, (), (), 1)

    def test_what_goes_back_takes_the_newest_card_with_it(self) -> None:
        """Planted bug: never taking back."""
        assert weigh(TEA, 9, (Given(1, 5), Given(2, 10))) == Weighed(4, (), (2,), 1)
        assert weigh(TEA, 4, (Given(1, 5), Given(2, 10))) == Weighed(4, (), (2, 1), 0)

    def test_what_is_spent_stays_and_its_stamps_are_missing(self) -> None:
        assert weigh(TEA, 4, (Given(1, 5, fixed=True),)) == Weighed(-1, (), (), 1)
        assert weigh(TEA, 9, (Given(1, 5, fixed=True),)) == Weighed(4, (), (), 1)
        assert weigh(TEA, 10, (Given(1, 5, fixed=True),)) == Weighed(0, ((2, 10),), (), 2)

    def test_a_card_that_needs_more_now_takes_nothing_back(self) -> None:
        ten = Card("tea", "Tea", TEA.scope, 10, TEA.gift, TEA.starts_on, TEA.ends_on, most=2)
        assert weigh(ten, 14, (Given(1, 5),)) == Weighed(9, (), (), 1)
        assert weigh(ten, 40, (Given(1, 5),)) == Weighed(25, ((2, 15),), (), 2)


class TestWorth:
    def test_the_cheapest_as_it_was_paid_and_no_more_than_it_says(self) -> None:
        assert worth(TEA.gift, TEA, facts_of([], [line(1, 2, 900), line(2, 1, 500), line(3, 1, 100, currency="SEK")])) == Gift(GiftKind.CREDIT, amount_minor=450, currency="EUR")
        assert worth(TEA.gift, TEA, facts_of([], [line(1, 1, 9900)])).amount_minor == 600
