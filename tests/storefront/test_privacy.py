"""What is handed over and what is erased: the cart goes, the books stay without the person."""

from __future__ import annotations

import json

from app.kernel.clock import ManualClock
from app.privacy.retention import register_rules, sweep
from storefront.facade import Shop
from storefront.jobs import reconcile_orders
from storefront.privacy import HOLDERS, RULES, erase_cart, erase_orders, export_cart, export_orders
from tests.storefront.floor import fill, order, row, shelf, state

SHOPPER = "shp_jane"


class TestExport:
    def test_everything_she_has_and_nothing_of_others(self, shop: Shop) -> None:
        fill(shop, SHOPPER, prd_bonbon=2)
        order(shop, method="pm_card_visa")
        fill(shop, SHOPPER, prd_truffle=1)
        fill(shop, "shp_eve", prd_last=1)
        with shop.database.reading() as session:
            given = {"cart": export_cart(session, SHOPPER), "orders": export_orders(session, SHOPPER)}
            nobody = {**export_cart(session, "shp_nobody"), **export_orders(session, "shp_nobody")}
        text = json.dumps(given)
        assert "prd_truffle" in text
        assert "Bonbon of the month" in text
        assert "prd_last" not in text
        assert nobody == {}


class TestErase:
    def test_the_cart_goes_the_books_stay(self, shop: Shop) -> None:
        fill(shop, SHOPPER, prd_bonbon=2)
        order_id, _ = order(shop, method="pm_card_visa")
        fill(shop, SHOPPER, prd_truffle=1)
        for expected in ((1, 1), (0, 0)):
            with shop.database.transaction() as session:
                assert (erase_cart(session, SHOPPER), erase_orders(session, SHOPPER)) == expected
        found = row(shop, order_id)
        assert (found.shopper_id, found.total_minor, found.state) == ("erased", 900, "paid")
        with shop.database.reading() as session:
            assert {**export_cart(session, SHOPPER), **export_orders(session, SHOPPER)} == {}

    def test_an_order_being_paid_still_comes_to_an_end(self, shop: Shop, clock: ManualClock) -> None:
        fill(shop, SHOPPER, prd_bonbon=2)
        order_id, _ = order(shop)
        with shop.database.transaction() as session:
            erase_orders(session, SHOPPER)
        clock.advance(900)
        reconcile_orders(shop)
        assert (state(shop, order_id), shelf(shop)) == ("cancelled", 10)


class TestRules:
    def test_every_table_with_a_person_has_a_rule(self) -> None:
        assert {t for h in HOLDERS for t in h.tables} == {r.table for r in RULES}

    def test_old_carts_and_orders_go_with_their_lines(self, shop: Shop, clock: ManualClock) -> None:
        register_rules(*RULES)
        fill(shop, SHOPPER, prd_bonbon=2)
        order(shop, method="pm_card_visa")
        fill(shop, SHOPPER, prd_truffle=1)
        with shop.database.transaction() as session:
            assert sweep(session, clock.advance(90 * 86_400 + 1)).get("storefront_cart") == 1
        with shop.database.transaction() as session:
            assert sweep(session, clock.advance(7 * 365 * 86_400)).get("storefront_order") == 1
