"""Counted from orders of people who agreed to be counted, shown without what she has, what cannot be had, and what she has not agreed to."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.kernel.ids import new_id
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from storefront.catalog.models import ProductRow, ShelfRow
from storefront.facade import Shop, import_catalogue, recommended, wishes
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.recommending import counting
from storefront.recommending.models import BoughtTogetherRow
from storefront.recommending.showing import beside
from tests.storefront.floor import SETTINGS, fill, shopper

FEW = SETTINGS.model_copy(update={"recommend_least_people": 3})
JANE = "shp_jane"


def agree(shop: Shop, shopper_id: str, *purposes: Purpose) -> None:
    with shop.database.transaction() as session:
        for purpose in purposes:
            set_consent(session, shopper_id, purpose, granted=True, source="test", at=shop.now())


def buy(shop: Shop, shopper_id: str, *product_ids: str, returned: int = 0) -> None:
    sums = {"subtotal_minor": 100 * len(product_ids), "discount_minor": 0, "total_minor": 100 * len(product_ids)}
    with shop.database.transaction() as session:
        order_id, at = new_id("ord"), shop.now()
        session.add(OrderRow(id=order_id, shopper_id=shopper_id, state="paid", currency="EUR", placed_at=at, expires_at=at, paid_at=at, **sums))
        session.flush()
        for no, product_id in enumerate(product_ids, 1):
            session.add(OrderLineRow(order_id=order_id, line_no=no, product_id=product_id, name="x", unit_minor=100, quantity=1, discount_minor=0, total_minor=100, returned=returned))


@pytest.fixture
def sold(shop: Shop) -> Shop:
    """Three people buy bonbon and truffle together, three more bonbon and the egg; seven others something else."""
    for n in range(13):
        agree(shop, f"shp_{n}", Purpose.ANALYTICS)
        buy(shop, f"shp_{n}", *(("prd_bonbon", "prd_truffle") if n < 3 else ("prd_bonbon", "prd_last") if n < 6 else ("prd_kola",)))
    counting.count(shop.database, FEW)
    return shop


def pairs(shop: Shop) -> set[tuple[str, str]]:
    with shop.database.reading() as session:
        return {(row.product_id, row.other_id) for row in session.scalars(select(BoughtTogetherRow))}


def shown(shop: Shop, *product_ids: str, **asked: Any) -> list[tuple[str, str]]:
    with shop.database.reading() as session:
        return [(one.product.id, str(one.why)) for one in recommended(session, shop, JANE, product_ids, at=shop.now(), **asked)]


class TestCount:
    def test_people_who_agreed_and_only_enough_of_them(self, sold: Shop) -> None:
        """Planted bugs, each seen to fail: the consent was not asked; orders were counted in place of people."""
        assert pairs(sold) == {("prd_bonbon", "prd_truffle"), ("prd_truffle", "prd_bonbon"), ("prd_bonbon", "prd_last"), ("prd_last", "prd_bonbon")}
        for _ in range(3):
            buy(sold, "shp_6", "prd_kola", "prd_last")  # one person, however often
        for n in range(20, 26):
            buy(sold, f"shp_{n}", "prd_last", "prd_truffle")  # nobody of these agreed to be counted
        assert counting.count(sold.database, FEW) == 4
        assert counting.count(sold.database, SETTINGS) == 0  # twenty are the least by itself

    def test_what_came_back_or_is_not_sold_goes_with_nothing(self, sold: Shop) -> None:
        with sold.database.transaction() as session:
            session.execute(update(OrderLineRow).where(OrderLineRow.product_id == "prd_truffle").values(returned=1))
            session.execute(update(ProductRow).where(ProductRow.id == "prd_last").values(on_sale=False))
        counting.count(sold.database, FEW)
        assert pairs(sold) == set()


class TestBeside:
    def test_for_anybody_with_why(self, sold: Shop, client: TestClient) -> None:
        with sold.database.reading() as session:
            assert [one.product.id for one in beside(session, FEW, ["prd_bonbon"])] == ["prd_last", "prd_truffle"]
        told = client.get("/v1/products/prd_truffle/together").json()["recommendations"]
        assert [(one["product"]["id"], one["why"]) for one in told] == [("prd_bonbon", "bought_together")]
        assert told[0]["text"].startswith("Many people who bought Café truffle bought this in the same order.")
        assert client.get("/v1/products/prd_gone/together").status_code == 404

    def test_only_what_can_be_had_here(self, sold: Shop) -> None:
        """Planted bug: the store was not asked."""
        with sold.database.transaction() as session:
            session.execute(update(ProductRow).where(ProductRow.id == "prd_last").values(stock_units=0))
            for place_id, product_id in (("plc_kluuvi", "prd_last"), ("plc_kamppi", "prd_truffle")):
                session.add(ShelfRow(place_id=place_id, product_id=product_id, units=1, aisle="", changed_at=sold.now()))
        with sold.database.reading() as session:
            assert [one.product.id for one in beside(session, FEW, ["prd_bonbon"])] == ["prd_truffle"]
            assert [one.product.id for one in beside(session, FEW, ["prd_bonbon"], place_id="plc_kluuvi")] == ["prd_last"]


class TestForHer:
    def test_of_her_cart_and_never_what_lies_in_it(self, sold: Shop) -> None:
        fill(sold, JANE, prd_truffle=1)
        assert shown(sold) == [("prd_bonbon", "bought_together")]
        fill(sold, JANE, prd_bonbon=1)
        assert shown(sold) == [("prd_last", "bought_together")]

    def test_of_what_she_did_only_if_she_agreed(self, sold: Shop) -> None:
        """Planted bug: the consent was not asked, and the first line failed."""
        buy(sold, JANE, "prd_truffle")
        with sold.database.transaction() as session:
            wishes.put(session, JANE, "prd_last", at=sold.now())
        assert shown(sold) == []
        agree(sold, JANE, Purpose.PERSONALISATION)
        assert shown(sold) == [("prd_bonbon", "from_your_list")]  # of two that say it alike the first by id is named
        assert shown(sold, "prd_bonbon") == []  # she has the one, and keeps the other

    def test_without_the_allergens_she_told_of(self, sold: Shop) -> None:
        """Planted bug: what nobody had declared was taken for free of it."""
        agree(sold, JANE, Purpose.PERSONALISATION)
        egg = {"id": "prd_last", "name": "Golden egg", "category": "egg", "price_minor": 1, "stock": 1, "allergens": ["milk"], "may_contain": []}
        with sold.database.transaction() as session:
            import_catalogue(session, {"products": [egg]}, at=sold.now())
        assert {one for one, _ in shown(sold, "prd_bonbon")} == {"prd_last", "prd_truffle"}
        assert shown(sold, "prd_bonbon", free_from=("nuts",)) == [("prd_last", "bought_together")]
        assert shown(sold, "prd_bonbon", free_from=("milk",)) == []

    def test_the_route(self, sold: Shop, client: TestClient) -> None:
        shopper_id, jane = shopper(sold.database)
        fill(sold, shopper_id, prd_truffle=1)
        assert [one["product"]["id"] for one in client.get("/v1/me/recommendations", headers=jane).json()["recommendations"]] == ["prd_bonbon"]
