"""Holding and putting back: the same answers on both engines."""

from __future__ import annotations

from storefront.catalog import repository
from storefront.facade import Shop
from tests.offers.builders import race
from tests.storefront.floor import shelf


class TestHold:
    def test_all_or_what_is_short(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            assert repository.hold(session, {"prd_bonbon": 10, "prd_truffle": 5}) == {}
        with shop.database.transaction() as session:
            assert repository.hold(session, {"prd_bonbon": 1, "prd_last": 1, "prd_nobody": 1}) == {"prd_bonbon": 0, "prd_nobody": 0}

    def test_never_below_zero_under_a_race(self, shop: Shop) -> None:
        """Planted bug seen: without `stock_units >= quantity` in the WHERE the check constraint raises instead."""

        def take() -> bool:
            with shop.database.transaction() as session:
                return repository.hold(session, {"prd_bonbon": 3, "prd_truffle": 1}) == {} or _raise()

        results = race([take] * 8)
        assert results.count(True) == 3
        assert (shelf(shop), shelf(shop, "prd_truffle")) == (1, 2)


def _raise() -> bool:
    raise LookupError("short")


class TestPutBack:
    def test_adds_to_what_is_there(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            repository.put_back(session, {"prd_bonbon": 2, "prd_nobody": 1})
        assert shelf(shop) == 12
