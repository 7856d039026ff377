"""Her list, and the moment when something of it is near: once a visit and product, of what lies there, if she agreed to it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security import people
from geofences.contracts import MomentDetected
from storefront.catalog.models import ShelfRow
from storefront.errors import UnknownProduct, WishListFull
from storefront.facade import Shop, import_catalogue, wishes
from storefront.wishes import noticing, repository
from tests.storefront.floor import events, shopper

JANE, PLACE = "shp_jane", "plc_kluuvi"


def keep(shop: Shop, *product_ids: str, shopper_id: str = JANE) -> None:
    with shop.database.transaction() as session:
        for product_id in product_ids:
            wishes.put(session, shopper_id, product_id, at=shop.now())


def lies(shop: Shop, product_id: str, units: int = 1, place_id: str = PLACE) -> None:
    with shop.database.transaction() as session:
        session.merge(ShelfRow(place_id=place_id, product_id=product_id, units=units, aisle="", changed_at=shop.now()))


def agree(shop: Shop, shopper_id: str = JANE) -> None:
    with shop.database.transaction() as session:
        set_consent(session, shopper_id, Purpose.PERSONALISATION, granted=True, source="test", at=shop.now())


def come(shop: Shop, visit_id: str = "vis_1", **changes: Any) -> tuple[str, ...]:
    at = shop.now()
    said: dict[str, Any] = {"moment_id": f"mom_{visit_id}", "kind": "store_visit", "shopper_id": JANE, "device_id": "dev", "place_id": PLACE, "visit_id": visit_id}
    event = MomentDetected(**(said | changes), occurred_at=at, detected_at=at, dwell_s=0, nth_visit=1, confidence=0.9, trust="claimed")
    with shop.database.transaction() as session:
        return noticing.came_in(session, event, at=at)


class TestList:
    def test_kept_once_with_where_it_lies_newest_first(self, shop: Shop) -> None:
        keep(shop, "prd_bonbon", "prd_truffle", "prd_bonbon")
        lies(shop, "prd_truffle", 3)
        with shop.database.reading() as session:
            found = wishes.of_shopper(session, JANE)
        assert {(one.product.id, tuple(s.units for s in one.shelves)) for one in found} == {("prd_truffle", (3,)), ("prd_bonbon", ())}
        assert len(found) == 2

    def test_is_one_list_on_each_phone_of_hers(self, shop: Shop) -> None:
        """Planted bug: only the id at hand was asked, and the phone that had signed in lost its list."""
        (phone, _), (account, _) = shopper(shop.database), shopper(shop.database)
        keep(shop, "prd_bonbon", shopper_id=phone)
        keep(shop, "prd_truffle", shopper_id=account)
        with shop.database.transaction() as session:
            people.join(session, people.device_ids_of(session, phone)[0], account)
        keep(shop, "prd_bonbon", shopper_id=account)
        with shop.database.reading() as session:
            assert {one.product.id for one in wishes.of_shopper(session, account)} == {"prd_bonbon", "prd_truffle"}
            assert len(wishes.of_shopper(session, account)) == 2
        with shop.database.transaction() as session:
            assert wishes.take_off(session, account, ["prd_bonbon"]) == 1

    def test_what_is_refused(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(repository, "MOST_WISHES", 1)
        with pytest.raises(UnknownProduct):
            keep(shop, "prd_gone")
        keep(shop, "prd_bonbon")
        keep(shop, "prd_bonbon")
        with pytest.raises(WishListFull):
            keep(shop, "prd_truffle")

    def test_the_routes(self, shop: Shop, client: TestClient) -> None:
        _, jane = shopper(shop.database)
        assert client.put("/v1/me/wishes/prd_bonbon", headers=jane).status_code == 204
        assert [one["product"]["id"] for one in client.get("/v1/me/wishes", headers=jane).json()["wishes"]] == ["prd_bonbon"]
        assert [client.delete("/v1/me/wishes/prd_bonbon", headers=jane).status_code for _ in range(2)] == [204, 404]

    def test_is_told_and_erased(self, shop: Shop) -> None:
        agree(shop)
        keep(shop, "prd_bonbon")
        lies(shop, "prd_bonbon")
        come(shop)
        with shop.database.transaction() as session:
            told = repository.told(session, JANE)
            assert ([one["product_id"] for one in told["wishes"]], [one["visit_id"] for one in told["found_near"]]) == (["prd_bonbon"], ["vis_1"])
            assert (repository.forget(session, JANE), repository.forget(session, JANE), repository.told(session, JANE)) == (2, 0, {})


class TestNear:
    def test_once_a_visit_and_product(self, shop: Shop) -> None:
        """Planted bug: that it was said was not asked, and coming and staying told it twice."""
        agree(shop)
        keep(shop, "prd_bonbon", "prd_truffle")
        lies(shop, "prd_bonbon")
        assert come(shop) == ("prd_bonbon",)
        assert come(shop, kind="dwell") == ()
        lies(shop, "prd_truffle")
        assert come(shop, kind="dwell") == ("prd_truffle",)  # put on the shelf since
        assert set(come(shop, "vis_2")) == {"prd_bonbon", "prd_truffle"}
        assert events(shop, "wish.") == ["wish.matched"] * 3

    def test_only_what_lies_there_and_is_sold(self, shop: Shop) -> None:
        """Planted bug: the place was not asked, and what lay elsewhere was told."""
        agree(shop)
        keep(shop, "prd_bonbon", "prd_truffle", "prd_last")
        lies(shop, "prd_bonbon", place_id="plc_kamppi")
        lies(shop, "prd_truffle", units=0)
        lies(shop, "prd_last")
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": [{"id": "prd_last", "name": "Golden egg", "category": "egg", "price_minor": 1, "stock": 1, "on_sale": False}]}, at=shop.now())
        assert come(shop) == ()

    def test_only_if_she_agreed(self, shop: Shop) -> None:
        """Planted bug: the consent was not asked."""
        keep(shop, "prd_bonbon")
        lies(shop, "prd_bonbon")
        assert come(shop) == ()
        assert events(shop, "wish.") == []
        agree(shop)
        assert come(shop) == ("prd_bonbon",)

    def test_of_a_product_with_variants_any_of_them(self, shop: Shop) -> None:
        shoe = {"id": "prd_shoe", "name": "Shoe", "category": "shoes", "price_minor": 100, "variants": [{"id": "prd_s39", "sku": "S39", "options": {"size": "39"}, "stock": 1}, {"id": "prd_s40", "sku": "S40", "options": {"size": "40"}, "stock": 1}]}
        with shop.database.transaction() as session:
            import_catalogue(session, {"products": [shoe]}, at=shop.now())
        agree(shop)
        keep(shop, "prd_shoe", "prd_s40")
        lies(shop, "prd_s39")
        assert come(shop) == ("prd_shoe",)
        assert come(shop, shopper_id="shp_john") == ()
