"""The counter of our own pages: the same use cases as the routes, and another's things do not exist."""

from __future__ import annotations

import pytest

from app.kernel.http import Stage
from app.kernel.idempotency import Answer
from storefront import counter
from storefront.errors import OrderClosed, UnknownOrder, UnknownProduct
from storefront.facade import Shop
from tests.storefront.floor import coupon, coupon_state, fill, orders, shelf, state


def stage(shop: Shop, key: str = "k") -> Stage:
    answer: list[Answer] = []
    return Stage(key, 1, shop.database, answer, None)


def buy(shop: Shop, key: str = "k", method: str = "pm_card_visa") -> str:
    fill(shop, prd_bonbon=2)
    counter.check_out(shop, stage(shop, key), "shp_jane", method=method, return_url="http://shop.test/m", expected_total_minor=900)
    return orders(shop)[-1]


class TestCart:
    def test_pieces_in_and_out(self, shop: Shop) -> None:
        with shop.database.transaction() as session:
            counter.add_to_cart(session, shop, "shp_jane", "prd_bonbon", 2, at=shop.now())
            counter.add_to_cart(session, shop, "shp_jane", "prd_truffle", 1, at=shop.now())
            assert counter.cart_size(session, "shp_jane") == 3
            from storefront.carts.repository import cart_of

            for line in cart_of(session, "shp_jane").lines:
                counter.set_quantity(session, "shp_jane", line.id, 0, at=shop.now())
            assert counter.cart_size(session, "shp_jane") == 0

    def test_an_unknown_product(self, shop: Shop) -> None:
        with pytest.raises(UnknownProduct), shop.database.transaction() as session:
            counter.add_to_cart(session, shop, "shp_jane", "prd_nobody", 1, at=shop.now())

    def test_a_coupon_in_and_out(self, shop: Shop) -> None:
        coupon_id = coupon(shop)
        with shop.database.transaction() as session:
            counter.put_coupon(session, shop, "shp_jane", coupon_id, at=shop.now())
            counter.take_coupon_out(session, "shp_jane", at=shop.now())
        assert coupon_state(shop) == "issued"


class TestOrder:
    def test_paid(self, shop: Shop) -> None:
        order_id = buy(shop)
        assert state(shop, order_id) == "paid"
        payment = counter.payment_now(shop, order_id)
        assert payment is not None
        assert payment.received_minor == 900

    def test_declined_then_paid_then_closed_to_payment(self, shop: Shop) -> None:
        order_id = buy(shop, method="pm_card_chargeDeclined")
        assert state(shop, order_id) == "pending"
        counter.pay_again(shop, stage(shop, "k2"), "shp_jane", order_id, method="pm_card_visa", return_url="http://shop.test/m")
        assert state(shop, order_id) == "paid"
        with pytest.raises(OrderClosed):
            counter.pay_again(shop, stage(shop, "k3"), "shp_jane", order_id, method="pm_card_visa", return_url="http://shop.test/m")

    def test_cancelled(self, shop: Shop) -> None:
        order_id = buy(shop, method="pm_card_chargeDeclined")
        counter.cancel(shop, stage(shop, "k2"), "shp_jane", order_id)
        assert (state(shop, order_id), shelf(shop)) == ("payment_failed", 10)

    def test_anothers_order_does_not_exist(self, shop: Shop) -> None:
        order_id = buy(shop, method="pm_card_chargeDeclined")
        for act in (
            lambda: counter.cancel(shop, stage(shop, "e1"), "shp_eve", order_id),
            lambda: counter.refresh(shop, stage(shop, "e2"), "shp_eve", order_id),
            lambda: counter.pay_again(shop, stage(shop, "e3"), "shp_eve", order_id, method="pm_card_visa", return_url="http://shop.test/m"),
        ):
            with pytest.raises(UnknownOrder):
                act()
        assert state(shop, order_id) == "pending"
