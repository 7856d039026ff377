"""Where a sponsored product may stand, decided by the place alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from storefront.revenue.placements import PaidBy, Placement, Slot, Where, fits, in_turn

TODAY = date(2026, 11, 23)
ONE = Placement("one", "cacao", "prd_a", (Slot.CATEGORY, Slot.SEARCH, Slot.PRODUCT), PaidBy.VIEW, 5, "EUR", 100, date(2026, 11, 1), TODAY, ("sweets",), ("choc",))


class TestFits:
    @pytest.mark.parametrize(
        ("where", "fitting"),
        [
            (Where(Slot.CATEGORY, ("bonbon", "sweets")), True),
            (Where(Slot.CATEGORY, ("tea",)), False),
            (Where(Slot.CATEGORY), False),
            (Where(Slot.SEARCH, (), ("dark", "Chocolate")), True),
            (Where(Slot.SEARCH, ("sweets",), ("tea",)), False),
            (Where(Slot.PRODUCT, ("sweets",), (), "prd_b"), True),
            (Where(Slot.PRODUCT, ("sweets",), (), "prd_a"), False),
        ],
    )
    def test_by_category_word_and_product(self, where: Where, fitting: bool) -> None:
        assert fits(ONE, where, TODAY) is fitting

    def test_on_its_days_and_in_its_slots_alone(self) -> None:
        where = Where(Slot.CATEGORY, ("sweets",))
        assert (fits(ONE, where, date(2026, 11, 24)), fits(ONE, where, date(2026, 10, 31))) == (False, False)
        assert (fits(replace(ONE, slots=(Slot.PRODUCT,)), where, TODAY), fits(replace(ONE, categories=()), Where(Slot.CATEGORY), TODAY)) == (False, True)


class TestInTurn:
    def test_whoever_has_used_least_of_the_budget_comes_first_and_who_has_nothing_left_not_at_all(self) -> None:
        rich, other = replace(ONE, id="rich", budget_minor=10_000, price_minor=500), replace(ONE, id="other")
        found = in_turn([ONE, rich, other, replace(ONE, id="done")], Where(Slot.CATEGORY, ("sweets",)), {"one": 50, "rich": 600, "done": 96}, TODAY)
        assert [one.id for one in found] == ["other", "rich", "one"]
