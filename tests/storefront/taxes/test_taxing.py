"""Taxes from the cart to the order: shown, charged, frozen."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.checkout import choose_delivery, quote
from storefront.contracts import OrderDetail, TaxSum
from storefront.facade import Shop, set_tax_classes
from storefront.facade import order as order_of
from storefront.settings import Merchant
from storefront.taxes import repository
from storefront.taxes.rates import Rate
from tests.storefront.floor import coupon, fill, lay_in, order, shopper, staff


def food(shop: Shop) -> None:
    with shop.database.transaction() as session:
        set_tax_classes(session, {"bonbon": "food"}, at=shop.now())


def detail_of(shop: Shop, order_id: str) -> OrderDetail:
    with shop.database.reading() as session:
        found = order_of(session, order_id)
    assert found is not None
    return found


class TestTaxesOf:
    def test_what_is_quoted_is_what_is_charged(self, shop: Shop) -> None:
        """Bonbons less 20 % at 13.5 %, a truffle at 25.5 %, the delivery shared between them by 720 to 1299."""
        food(shop)
        lay_in(shop, coupon(shop))
        fill(shop, prd_bonbon=2, prd_truffle=1)
        with shop.database.transaction() as session:
            choose_delivery(session, shop, "shp_jane", "home", place_id=None, at=shop.now())
            quoted = quote(session, shop, "shp_jane", place_id=None, at=shop.now(), seen=True)
        assert quoted.taxes == (TaxSum(2550, 1286, 328, 1614), TaxSum(1350, 789, 106, 895))
        assert sum(t.paid_minor for t in quoted.taxes) == quoted.total_minor == 2509
        detail = detail_of(shop, order(shop, method="pm_card_visa")[0])
        assert detail.taxes == quoted.taxes
        assert [line.tax_minor for line in detail.lines] == [85, 264, 85], "the delivery has a share of both"

    def test_it_is_frozen_with_the_order(self, shop: Shop) -> None:
        food(shop)
        fill(shop, prd_bonbon=1)
        order_id, _ = order(shop)
        with shop.database.transaction() as session:
            repository.keep_rate(session, Rate("FI", "", "food", date(2026, 1, 1), 0, "abolished"), at=shop.now())
            repository.keep_rate(session, Rate("FI", "", "food", date(2026, 1, 1), 100, "or nearly"), at=shop.now())
        fill(shop, prd_bonbon=1)
        with shop.database.reading() as session:
            now = quote(session, shop, "shp_jane", place_id=None, at=shop.now(), seen=False)
        assert (detail_of(shop, order_id).taxes, now.taxes) == ((TaxSum(1350, 396, 54, 450),), (TaxSum(100, 446, 4, 450),))

    def test_where_no_rate_is_known_no_tax_is_said(self, shop: Shop) -> None:
        elsewhere = Merchant(country="XX")  # type: ignore[call-arg]
        shop = Shop(shop.database, shop.settings.model_copy(update={"merchant": elsewhere}), shop.gateway, shop.coupons, shop.billing)
        fill(shop, prd_bonbon=1)
        assert detail_of(shop, order(shop)[0]).taxes == ()


class TestRoutes:
    def test_staff_see_and_operators_set(self, client: TestClient, shop: Shop) -> None:
        (_, jane), maria, oscar = shopper(shop.database), staff(shop.database, Role.MARKETER), staff(shop.database, Role.OPERATOR)
        rate: dict[str, Any] = {"country": "FI", "tax_class": "food", "valid_from": "2027-01-01", "rate_bp": 1000, "source": "a bill"}
        assert [client.post("/v1/taxes/rates", json=rate, headers=who).status_code for who in (jane, maria, oscar)] == [403, 403, 200]
        listed = client.get("/v1/taxes/rates", params={"country": "FI"}, headers=maria).json()["rates"]
        assert (listed[-1]["rate_bp"], listed[-1]["source"], len(listed)) == (1000, "a bill", 10)
        assert client.post("/v1/taxes/rates", json={**rate, "rate_bp": -1}, headers=oscar).status_code == 422
        assert client.put("/v1/taxes/classes/bonbon", json={"tax_class": "food"}, headers=maria).json() == {"category": "bonbon", "tax_class": "food"}
        assert client.get("/v1/taxes/classes", headers=maria).json() == {"classes": {"bonbon": "food"}}
