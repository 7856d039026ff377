"""The quote: today's prices, what changed, and the coupon's answer."""

from __future__ import annotations

from storefront.carts.pricing import Priced
from storefront.carts.quoting import changes, quote_lines
from storefront.carts.repository import Cart, CartLine
from storefront.contracts import ProductView

CART = Cart("shp_jane", "EUR", None, 3, (CartLine("lin_1", "prd_a", 2, 450), CartLine("lin_2", "prd_b", 3, 100), CartLine("lin_3", "prd_gone", 1, 9)))
A = ProductView("prd_a", "A", "", "c", "", 500, "EUR", 10)
B = ProductView("prd_b", "B", "", "c", "", 100, "EUR", 2)


class TestChanges:
    def test_every_difference_in_the_order_of_the_lines(self) -> None:
        found = changes(CART, Priced({"prd_a": A, "prd_b": B}, {}))
        assert [(c.code, c.line_id, c.before, c.now) for c in found] == [
            ("price_changed", "lin_1", 450, 500), ("not_enough_stock", "lin_2", 3, 2), ("product_gone", "lin_3", 1, 0),
        ]  # fmt: skip
        assert all(c.text for c in found)


class TestQuoteLines:
    def test_todays_prices_of_what_is_on_sale(self) -> None:
        assert [(li.line_id, li.quantity, li.unit_amount_minor) for li in quote_lines(CART, {"prd_a": A, "prd_b": B})] == [("lin_1", 2, 500), ("lin_2", 3, 100)]
