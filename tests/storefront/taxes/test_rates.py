"""Which rate stands on which day."""

from __future__ import annotations

from datetime import date

import pytest

from storefront.taxes.rates import Rate, rate_on
from storefront.taxes.repository import recorded


def found(tax_class: str, country: str, day: date, *more: Rate, region: str = "") -> int | None:
    rate = rate_on((*recorded(), *more), tax_class, country=country, region=region, day=day)
    return rate.rate_bp if rate else None


class TestRateOn:
    @pytest.mark.parametrize(
        ("country", "tax_class", "day", "rate_bp"),
        [
            ("FI", "standard", date(2024, 8, 31), 2400),
            ("FI", "standard", date(2024, 9, 1), 2550),
            ("FI", "food", date(2025, 12, 31), 1400),
            ("FI", "food", date(2026, 1, 1), 1350),
            ("FI", "books", date(2024, 12, 31), 1000),
            ("SE", "food", date(2026, 3, 31), 1200),
            ("SE", "food", date(2026, 4, 1), 600),
            ("SE", "food", date(2028, 1, 1), 1200),
            ("DE", "standard", date(2020, 12, 31), 1600),
            ("DE", "standard", date(2021, 1, 1), 1900),
            ("DE", "meal", date(2025, 12, 31), 1900),
            ("EE", "standard", date(2025, 7, 1), 2400),
            ("EE", "books", date(2026, 1, 1), 900),
        ],
    )
    def test_as_the_law_has_it(self, country: str, tax_class: str, day: date, rate_bp: int) -> None:
        """Planted bug seen: `<` for `<=` gives the day a rate begins the rate before."""
        assert found(tax_class, country, day) == rate_bp

    def test_a_class_the_law_does_not_know_is_standard(self) -> None:
        assert found("food", "EE", date(2026, 1, 1)) == 2400

    def test_of_a_country_nobody_knows_nothing_is_said(self) -> None:
        assert found("standard", "XX", date(2026, 1, 1)) is None
        assert found("standard", "FI", date(1990, 1, 1)) is None

    def test_a_region_goes_before_its_country_and_what_is_set_before_what_is_recorded(self) -> None:
        aland = Rate("FI", "01", "food", date(2026, 1, 1), 0, "a test")
        later = Rate("FI", "", "food", date(2026, 1, 1), 900, "a test")
        assert found("food", "FI", date(2026, 5, 1), aland, region="01") == 0
        assert found("food", "FI", date(2026, 5, 1), aland) == 1350
        assert found("food", "FI", date(2026, 5, 1), later) == 900

    def test_a_gift_card_is_taxed_when_it_is_spent(self) -> None:
        assert found("voucher", "FI", date(2026, 1, 1)) == 0


class TestRecorded:
    def test_each_names_its_source_and_is_there_once(self) -> None:
        assert all(len(r.source) > 10 for r in recorded())
        keys = [(r.country, r.region, r.tax_class, r.valid_from) for r in recorded()]
        assert len(set(keys)) == len(keys) == 30
