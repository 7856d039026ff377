"""Sums of a cart, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.verdict import PASS, Fail
from storefront.carts.totals import MAX_PAYMENT_MINOR, PricedLine, Totals, payable, totals

LINES = [PricedLine("a", 2, 450), PricedLine("b", 1, 1299)]


class TestTotals:
    def test_exact(self) -> None:
        assert totals(LINES, {"a": 180}) == Totals(2199, 180, 2019, {"a": 180, "b": 0})

    def test_nothing(self) -> None:
        assert totals([], {}) == Totals(0, 0, 0, {})

    @pytest.mark.parametrize("discounts", [{"a": 901}, {"a": -1}, {"c": 0}])
    def test_a_discount_that_does_not_fit_is_an_error(self, discounts: dict[str, int]) -> None:
        """Planted bug seen: without the check a discount of 901 on 900 makes the rest of the cart cheaper."""
        with pytest.raises(ValueError, match="does not fit"):
            totals(LINES, discounts)

    @given(st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**8), st.floats(0, 1)), max_size=20))
    def test_adds_up(self, drawn: list[tuple[int, int, float]]) -> None:
        lines = [PricedLine(str(k), quantity, unit) for k, (quantity, unit, _) in enumerate(drawn)]
        discounts = {line.line_id: int(line.gross_minor * share) for line, (_, _, share) in zip(lines, drawn, strict=True)}
        sums = totals(lines, discounts)
        assert sums.total_minor == sum(line.gross_minor - discounts[line.line_id] for line in lines) >= 0
        assert sums.subtotal_minor - sums.discount_minor == sums.total_minor


class TestPayable:
    def test_the_bound(self) -> None:
        assert payable(MAX_PAYMENT_MINOR) == PASS
        assert payable(MAX_PAYMENT_MINOR + 1) == Fail("total_too_large", {"sum_minor": 100_000_000, "most_minor": 99_999_999})
