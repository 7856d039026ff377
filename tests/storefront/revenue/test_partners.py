"""Whose a product is, and what of a sale is commission."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.revenue.partners import Partner, Terms, commission_minor

TERMS = Terms((Partner("a", "A", 1000, products=("p1",), categories=("sweets",)), Partner("b", "B", 500, products=("p2",), categories=("bonbon",))))


class TestPartnerOf:
    @pytest.mark.parametrize(
        ("products", "categories", "whose"),
        [
            (["p1"], ["bonbon", "sweets"], "a"),
            (["p9", "p2"], ["sweets"], "b"),
            (["p9"], ["bonbon", "sweets"], "b"),
            (["p9"], ["egg", "sweets"], "a"),
            (["p9"], ["egg"], None),
        ],
    )
    def test_the_nearest_name_counts(self, products: list[str], categories: list[str], whose: str | None) -> None:
        found = TERMS.partner_of(products, categories)
        assert (found.id if found else None) == whose


class TestCommissionMinor:
    @pytest.mark.parametrize(("kept", "rate", "expected"), [(900, 1250, 113), (450, 1250, 56), (0, 9000, 0), (1, 4999, 0), (1, 5000, 1), (1299, 700, 91)])
    def test_half_up(self, kept: int, rate: int, expected: int) -> None:
        assert commission_minor(kept, rate) == expected

    @given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 9000))
    def test_more_kept_never_earns_less_nor_more_than_it_is(self, one: int, other: int, rate: int) -> None:
        less, more = sorted((one, other))
        assert 0 <= commission_minor(less, rate) <= commission_minor(more, rate) <= more
