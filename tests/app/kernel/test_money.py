"""Money is exact: parts add up to the whole, currencies never mix, nothing is a float."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import CurrencyMismatch, Money, allocate, decimals_of


class TestMoney:
    def test_adds_within_a_currency(self) -> None:
        assert Money(1250, "EUR") + Money(50, "EUR") == Money(1300, "EUR")
        assert Money(1250, "EUR") - Money(50, "EUR") == Money(1200, "EUR")
        assert Money(250, "EUR") * 3 == Money(750, "EUR")

    def test_never_mixes_currencies(self) -> None:
        with pytest.raises(CurrencyMismatch, match="EUR and SEK"):
            Money(1, "EUR") + Money(1, "SEK")

    @pytest.mark.parametrize("currency", ["eur", "EURO", "", "€€€"])
    def test_refuses_what_is_no_currency(self, currency: str) -> None:
        with pytest.raises(ValueError, match="ISO 4217"):
            Money(1, currency)

    @pytest.mark.parametrize(("amount", "bp", "off"), [(1000, 2500, 250), (999, 2500, 250), (1, 5000, 1), (1, 4999, 0), (0, 10000, 0), (333, 10000, 333)])
    def test_percent_rounds_half_up(self, amount: int, bp: int, off: int) -> None:
        assert Money(amount, "EUR").percent_off(bp) == Money(off, "EUR")

    def test_displays_for_people(self) -> None:
        assert Money(1250, "EUR").display("en") == "€12.50"
        assert Money(1250, "EUR").display("fi") == "12,50\xa0€"
        assert Money(1250, "JPY").display("en") == "¥1,250"


class TestAllocate:
    def test_largest_remainder_first(self) -> None:
        assert allocate(100, [1, 1, 1]) == (34, 33, 33)
        assert allocate(5, [3, 0, 7]) == (2, 0, 3)

    @given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any))
    def test_parts_add_up_and_none_is_negative(self, amount: int, weights: list[int]) -> None:
        """Planted bug: rounding each part on its own loses or makes cents."""
        parts = allocate(amount, weights)
        assert sum(parts) == amount
        assert all(p >= 0 for p in parts)
        assert all(p == 0 for p, w in zip(parts, weights, strict=True) if w == 0)

    def test_nothing_over_nothing(self) -> None:
        assert allocate(0, [0, 0]) == (0, 0)
        with pytest.raises(ValueError, match="zero weights"):
            allocate(1, [0, 0])


class TestDecimalsOf:
    def test_by_currency(self) -> None:
        assert [decimals_of(currency) for currency in ("EUR", "JPY", "KWD")] == [2, 0, 3]
