"""The door: the gateway the settings call for, and what others may ask."""

from __future__ import annotations

from datetime import timedelta

from app.kernel.db import Database
from offers import facade as offers
from storefront import facade
from storefront.facade import Shop
from storefront.payments.adapters.memory_gateway import MemoryGateway
from storefront.payments.adapters.stripe_gateway import StripeGateway
from storefront.settings import StorefrontSettings
from tests.storefront.floor import coupon, fill, lay_in, order


class TestOpenShop:
    def test_without_a_key_no_money_moves(self, database: Database) -> None:
        assert isinstance(facade.open_shop(database, StorefrontSettings()).gateway, MemoryGateway)  # type: ignore[call-arg]
        assert isinstance(facade.gateway_of(StorefrontSettings(stripe_secret_key="")), MemoryGateway)  # type: ignore[call-arg, arg-type]

    def test_a_key_is_all_it_takes(self) -> None:
        gateway = facade.gateway_of(StorefrontSettings(stripe_secret_key="sk_live_x", stripe_publishable_key="pk_live_x"))  # type: ignore[call-arg, arg-type]
        assert isinstance(gateway, StripeGateway)
        assert gateway.publishable_key == "pk_live_x"

    def test_the_coupon_desk_is_the_next_room(self, database: Database) -> None:
        assert facade.open_shop(database, StorefrontSettings()).coupons is offers  # type: ignore[call-arg]


class TestReading:
    def test_products_orders_and_what_was_spent(self, shop: Shop) -> None:
        coupon_id = coupon(shop)
        fill(shop, prd_bonbon=2)
        lay_in(shop, coupon_id)
        order_id, _ = order(shop, method="pm_card_visa")
        fill(shop, prd_truffle=1)
        order(shop, "k2")
        since = shop.now() - timedelta(days=1)
        with shop.database.reading() as session:
            assert [p.id for p in facade.products(session, "truf")] == ["prd_truffle"]
            assert facade.product(session, "prd_nobody") is None
            assert facade.categories(session) == ["bonbon", "egg", "truffle"]
            assert len(facade.orders(session, "shp_jane")) == len(facade.orders(session)) == 2
            assert facade.orders(session, "shp_eve") == []
            found = facade.order(session, order_id)
            assert found is not None
            assert (found.order.total_minor, found.order.coupon_id, [li.discount_minor for li in found.lines]) == (720, coupon_id, [180])
            assert facade.order(session, "ord_nobody") is None
            assert facade.spent_minor(session, "shp_jane", since=since) == {"EUR": 720}
            assert facade.cart(session, "shp_jane").lines == ()
            assert facade.cart_quote(session, shop, "shp_jane", place_id=None, at=shop.now()).total_minor == 0
