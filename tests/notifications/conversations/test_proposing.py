"""What to put on the table."""

from __future__ import annotations

from dataclasses import replace

from notifications.conversations.knowledge import ProductFact
from notifications.conversations.proposing import Line, free_from, proposal

BOX = ProductFact("box", "Box", "", "food", "26.90", 80, ("milk",), ("nuts",), serves=12, price_minor=2690)
BAR = ProductFact("bar", "Bar", "", "food", "9.00", 80, (), ("milk",), serves=4, price_minor=900)
UNDECLARED = ProductFact("tru", "Truffles", "", "food", "0.10", 80, None, None, serves=6, price_minor=10)
SHOE = ProductFact("shoe", "Shoe", "", "shoes", "1", 80, price_minor=1)


class TestFreeFrom:
    def test_neither_an_ingredient_nor_a_trace(self) -> None:
        assert free_from(BAR, ("nuts",))
        assert not free_from(BAR, ("milk",))

    def test_what_nobody_declared_is_free_of_nothing(self) -> None:
        assert not free_from(UNDECLARED, ("nuts",))


class TestProposal:
    def test_enough_for_everybody_at_the_least_cost(self) -> None:
        assert proposal((BOX, BAR, SHOE), 12, ()) == Line("box", 1)
        assert proposal((BOX, BAR, SHOE), 4, ()) == Line("bar", 1)
        assert proposal((BOX, BAR, UNDECLARED, SHOE), 13, ("nuts",)) == Line("bar", 4)

    def test_only_what_is_there(self) -> None:
        assert proposal((replace(BAR, in_stock=2),), 12, ()) is None

    def test_nothing_fits(self) -> None:
        assert proposal((BOX, BAR, UNDECLARED), 12, ("milk",)) is None
        assert proposal((BAR,), 100_000, ()) is None
