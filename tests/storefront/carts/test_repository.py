"""Changing a cart: one currency, 1 to 99 pieces, one change after the other."""

from __future__ import annotations

import pytest

from app.kernel.money import CurrencyMismatch
from storefront.carts import repository
from storefront.carts.repository import Cart
from storefront.catalog.repository import product
from storefront.errors import CartFull, QuantityOutOfRange, UnknownLine
from storefront.facade import Shop
from tests.offers.builders import race
from tests.storefront.floor import fill


def cart(shop: Shop, shopper_id: str = "shp_jane") -> Cart:
    with shop.database.reading() as session:
        return repository.cart_of(session, shopper_id)


def pieces(shop: Shop) -> dict[str, int]:
    return {line.product_id: line.quantity for line in cart(shop).lines}


class TestAdd:
    def test_the_same_product_is_one_line(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=2)
        fill(shop, prd_bonbon=3, prd_truffle=1)
        assert pieces(shop) == {"prd_bonbon": 5, "prd_truffle": 1}
        assert cart(shop).currency == "EUR"

    def test_a_second_currency_is_refused_until_the_cart_is_empty(self, shop: Shop) -> None:
        """Planted bug seen: the currency compared before the cart row is locked lets two currencies in under a race."""
        fill(shop, prd_bonbon=1)
        with pytest.raises(CurrencyMismatch, match="EUR and this product in SEK"):
            fill(shop, prd_kola=1)
        with shop.database.transaction() as session:
            repository.remove(session, "shp_jane", cart(shop).lines[0].id, at=shop.now())
        fill(shop, prd_kola=1)
        assert cart(shop).currency == "SEK"

    def test_two_currencies_at_once_end_in_one(self, shop: Shop) -> None:
        race([lambda: fill(shop, prd_bonbon=1), lambda: fill(shop, prd_kola=1)] * 3)
        assert pieces(shop) in ({"prd_bonbon": 3}, {"prd_kola": 3})

    def test_many_devices_at_once_lose_nothing(self, shop: Shop) -> None:
        results = race([lambda: fill(shop, prd_bonbon=5)] * 8)
        assert [r for r in results if isinstance(r, Exception)] == []
        assert pieces(shop) == {"prd_bonbon": 40}

    def test_at_most_99(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=60)
        with pytest.raises(QuantityOutOfRange) as refused:
            fill(shop, prd_bonbon=40)
        assert refused.value.extra == {"in_cart": 60, "most": 99}
        assert pieces(shop) == {"prd_bonbon": 60}

    def test_a_full_cart(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=1)
        with shop.database.reading() as session:
            truffle = product(session, "prd_truffle")
        assert truffle is not None
        with pytest.raises(CartFull), shop.database.transaction() as session:
            repository.add(session, "shp_jane", truffle, 1, max_lines=1, at=shop.now())
        assert pieces(shop) == {"prd_bonbon": 1}


class TestSetAndRemove:
    def test_anothers_line_is_unknown(self, shop: Shop) -> None:
        fill(shop, "shp_eve", prd_bonbon=1)
        line_id = cart(shop, "shp_eve").lines[0].id
        for act in (
            lambda s: repository.set_quantity(s, "shp_jane", line_id, 9, at=shop.now()),
            lambda s: repository.remove(s, "shp_jane", line_id, at=shop.now()),
        ):
            with pytest.raises(UnknownLine), shop.database.transaction() as session:
                act(session)
        assert cart(shop, "shp_eve").lines[0].quantity == 1

    def test_set_within_bounds(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=1)
        line_id = cart(shop).lines[0].id
        with shop.database.transaction() as session:
            repository.set_quantity(session, "shp_jane", line_id, 99, at=shop.now())
        with pytest.raises(QuantityOutOfRange), shop.database.transaction() as session:
            repository.set_quantity(session, "shp_jane", line_id, 100, at=shop.now())
        assert pieces(shop) == {"prd_bonbon": 99}


class TestEmpty:
    def test_takes_coupon_and_currency_too(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=1)
        with shop.database.transaction() as session:
            repository.set_coupons(session, "shp_jane", ["cpn_1"], at=shop.now())
            repository.empty(session, "shp_jane", at=shop.now())
        found = cart(shop)
        assert (found.lines, found.currency, found.coupon_id) == ((), None, None)


class TestClaim:
    def test_only_the_cart_that_was_priced(self, shop: Shop) -> None:
        fill(shop, prd_bonbon=1)
        seen = cart(shop)
        fill(shop, prd_bonbon=1)
        with shop.database.transaction() as session:
            assert repository.claim(session, seen, at=shop.now()) is False
        assert pieces(shop) == {"prd_bonbon": 2}
        with shop.database.transaction() as session:
            assert repository.claim(session, cart(shop), at=shop.now()) is True
        assert pieces(shop) == {}
