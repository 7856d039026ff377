"""What the tests of cash share: a shop that takes it, orders that are paid so, a clerk with a drawer, and books that must agree."""

from __future__ import annotations

from typing import Any

import pytest

from storefront.cash import books, drawers
from storefront.cash.claims import Means
from storefront.cash.drawers import Kind
from storefront.cash.risk import CashWay, PayBy
from storefront.cash_contracts import CashTaken
from storefront.checkout import CheckoutOrder, check_out, choose_delivery
from storefront.delivery import repository as areas
from storefront.delivery.schemas import AreaIn, stored
from storefront.facade import Shop, open_shop
from storefront.orders import cash_taking
from storefront.settings import StorefrontSettings
from tests.conftest import START
from tests.offers.builders import KLUUVI
from tests.storefront.delivery.town import TODAY, lives, open_area
from tests.storefront.floor import WEBHOOK_SECRET, fill, stock

HERE = KLUUVI.id
MARIA, AINO = "per_maria", "per_aino"
TILL = CashWay(PayBy.PAY_AT_TILL, ("pickup",), {"EUR": 20_000})
DOOR = CashWay(PayBy.CASH_ON_DELIVERY, ("home",), {"EUR": 20_000}, fees_minor={"EUR": 190})


def cash_shop(database: Any, *ways: CashWay) -> Shop:
    settings = StorefrontSettings(stripe_webhook_secrets=(WEBHOOK_SECRET,), cash=ways or (DOOR, TILL))  # type: ignore[call-arg, arg-type]
    shop = open_shop(database, settings)
    stock(shop)
    with shop.database.transaction() as session:
        document = {"way": "pickup", "name": KLUUVI.name, "place_id": HERE, "collect": True, "kept_days": 3}
        areas.put_area(session, "a-kluuvi", stored(AreaIn.model_validate(document), "Europe/Helsinki"), START)
    open_area(shop)
    return shop


def fetches(shop: Shop, key: str = "k1", *, shopper_id: str = "shp_jane", pieces: int = 2, expected_minor: int | None = None) -> str:
    """Bonbons to be fetched in Kluuvi and paid there."""
    fill(shop, shopper_id, prd_bonbon=pieces)
    with shop.database.transaction() as session:
        choose_delivery(session, shop, shopper_id, "pickup", place_id=None, at=shop.now(), collect_at=HERE)
    return check_out(shop, key, CheckoutOrder(shopper_id, None, None, expected_minor, None, pay_by=PayBy.PAY_AT_TILL))[0]


def brought(shop: Shop, key: str = "k1", *, shopper_id: str = "shp_jane", **other: Any) -> str:
    """A bonbon that is brought and paid at the door."""
    lives(shop, shopper_id)
    fill(shop, shopper_id, prd_bonbon=1)
    with shop.database.transaction() as session:
        choose_delivery(session, shop, shopper_id, "home", place_id=None, at=shop.now(), slot_id=TODAY)
    return check_out(shop, key, CheckoutOrder(shopper_id, None, None, None, None, pay_by=PayBy.CASH_ON_DELIVERY, **other))[0]


def opens(shop: Shop, clerk: str = MARIA, float_minor: int = 5_000, kind: Kind = Kind.TILL) -> str:
    with shop.database.transaction() as session:
        return drawers.open_drawer(session, HERE, clerk, kind, float_minor, "EUR", at=shop.now()).id


def takes(shop: Shop, order_id: str, tendered_minor: int, *, by: str = MARIA, means: Means = Means.CASH, code: str = "", places: tuple[str, ...] = (HERE,)) -> CashTaken:
    with shop.database.transaction() as session:
        return cash_taking.take(session, shop.coupons, order_id, means=means, tendered_minor=tendered_minor, places=places, by=by, at=shop.now(), code=code)


def books_agree(shop: Shop) -> dict[str, int]:
    """What stands in each account, in EUR; the books must agree with themselves, the claims and the drawers."""
    with shop.database.reading() as session:
        assert books.drift(session) == {}
        found = books.sums(session).get("EUR", {})
    assert sum(found.values()) == 0
    return {account: minor for account, minor in found.items() if minor}


def refused(error: type[Exception]) -> Any:
    return pytest.raises(error)
