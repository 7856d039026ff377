"""The tax in a price, exact over lines, rates and refunds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.contracts import TaxSum
from storefront.taxes.reckoning import Taxed, by_rate, contained_minor, given_back, reckon, spread

RATES = st.sampled_from([0, 600, 1350, 1400, 2550])
LINES = st.lists(st.builds(Taxed, st.sampled_from("abcdef"), st.just("food"), RATES, st.integers(0, 10**7)), min_size=1, max_size=8)


class TestContained:
    def test_rounded_half_up(self) -> None:
        assert [contained_minor(p, 2550) for p in (0, 1, 2, 3, 1255, 10_000)] == [0, 0, 0, 1, 255, 2032]
        assert contained_minor(1255, 0) == 0
        assert contained_minor(3, 10_000) == 2, "1.5 is 2"


class TestReckon:
    def test_once_for_each_rate_then_shared_out(self) -> None:
        """Planted bug seen: rounded line by line, three lines of 2 cents contain no tax at all, where 6 contain 1."""
        lines = reckon([Taxed(i, "standard", 2550, 2) for i in "abc"])
        assert [li.tax_minor for li in lines] == [1, 0, 0]
        assert by_rate(lines) == (TaxSum(2550, 5, 1, 6),)

    @given(LINES)
    def test_lines_rates_and_the_whole_agree(self, lines: list[Taxed]) -> None:
        done = reckon(lines)
        for one in by_rate(done):
            assert one.paid_minor == sum(li.paid_minor for li in lines if li.rate_bp == one.rate_bp)
            assert one.tax_minor == contained_minor(one.paid_minor, one.rate_bp)
            assert one.net_minor + one.tax_minor == one.paid_minor
        assert all(0 <= li.tax_minor <= li.paid_minor for li in done)
        assert all(abs(li.tax_minor - li.paid_minor * li.rate_bp / (10_000 + li.rate_bp)) < 2 for li in done)


class TestSpread:
    def test_a_delivery_has_the_rates_of_what_it_brings(self) -> None:
        goods = [Taxed("a", "food", 1350, 300), Taxed("b", "standard", 2550, 100), Taxed("c", "food", 1350, 100)]
        assert spread(490, goods) == [("food", 1350, 392), ("standard", 2550, 98)]

    def test_of_goods_that_are_free_evenly(self) -> None:
        assert spread(491, [Taxed("a", "food", 1350, 0), Taxed("b", "standard", 2550, 0)]) == [("food", 1350, 246), ("standard", 2550, 245)]


class TestGivenBack:
    @given(LINES, st.lists(st.integers(0, 10**6), max_size=6), st.lists(st.dictionaries(RATES, st.integers(0, 10**6)), min_size=7, max_size=7))
    def test_any_way_of_splitting_ends_with_the_tax_that_was_charged(self, lines: list[Taxed], parts: list[int], weights: list[dict[int, int]]) -> None:
        """Planted bug seen: the tax of each part reckoned by itself (`contained_minor(part, rate)`) ends a cent off."""
        charged = by_rate(reckon(lines))
        paid, tax = {s.rate_bp: s.paid_minor for s in charged}, {s.rate_bp: s.tax_minor for s in charged}
        left, gone, back = sum(paid.values()), Counter[int](), Counter[int]()
        for n, part in enumerate([*parts, left]):
            amount = left if n == len(parts) else min(part, left)
            sums = given_back(paid, tax, gone, amount, weights[n])
            assert sum(s.paid_minor for s in sums) == amount
            for one in sums:
                assert 0 <= one.tax_minor <= one.paid_minor + 1
                gone[one.rate_bp] += one.paid_minor
                back[one.rate_bp] += one.tax_minor
            left -= amount
        assert {r: v for r, v in gone.items() if v} == {r: v for r, v in paid.items() if v}
        assert {r: v for r, v in back.items() if v} == {r: v for r, v in tax.items() if v}

    def test_by_the_rates_of_what_comes_back(self) -> None:
        assert given_back({1350: 1000, 2550: 1000}, {1350: 119, 2550: 203}, {}, 400, {1350: 400}) == (TaxSum(1350, 353, 47, 400),)

    def test_more_than_there_is_is_refused(self) -> None:
        with pytest.raises(ValueError, match="200 is left"):
            given_back({1350: 1000}, {1350: 119}, {1350: 800}, 201, {})
