"""What a piece costs in exchange for another."""

from __future__ import annotations

import pytest

from storefront.orders.exchange_rule import discount_minor, unit_minor


class TestUnit:
    @pytest.mark.parametrize(
        ("bought", "now", "wanted", "price"),
        [(450, 450, 450, 450), (450, 600, 600, 450), (450, 600, 750, 600), (450, None, 1299, 1299), (300, 900, 500, 0)],
    )
    def test_variants_by_what_they_differ_others_by_todays_price(self, bought: int, now: int | None, wanted: int, price: int) -> None:
        """Planted bug seen: with today's price for variants too, another size costs what the shop has raised since."""
        assert unit_minor(bought, now, wanted) == price


class TestDiscount:
    @pytest.mark.parametrize(
        ("price", "paid", "wanted", "off"),
        [(900, 720, 900, 180), (900, 720, 1299, 180), (900, 720, 450, 90), (900, 720, 449, 89), (900, 900, 1299, 0), (900, 0, 450, 450), (0, 0, 500, 0), (900, 720, 0, 0)],
    )
    def test_goes_over_in_proportion_and_never_more(self, price: int, paid: int, wanted: int, off: int) -> None:
        """Planted bug seen: with the whole discount on a cheaper piece, 1.80 off a bonbon of 4.50 pays out what was never paid."""
        assert discount_minor(price, paid, wanted) == off
