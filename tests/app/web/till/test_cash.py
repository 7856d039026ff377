"""The clerk's page of cash and the operator's day, over HTTP: the house is the demo's, which takes cash only where the test says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.security.principals import Role
from storefront import facade as storefront
from storefront.cash.risk import CashWay, PayBy
from tests.app.web.conftest import BONBON_SHOP, Browser, Town


@pytest.fixture
def takes_cash(town: Town) -> Iterator[Town]:
    settings = town.house.shop.settings
    before = settings.cash
    object.__setattr__(settings, "cash", (CashWay(PayBy.PAY_AT_TILL, ("pickup",), {"EUR": 20_000}), CashWay(PayBy.CASH_ON_DELIVERY, ("home",), {"EUR": 20_000})))
    yield town
    object.__setattr__(settings, "cash", before)


def ordered(me: Browser) -> str:
    me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
    me.post("/m/cart/delivery", {"method": "pickup", "collect_at": BONBON_SHOP})
    assert "Order, settle at the till" in me.get("/m/pay").text
    answer = me.post("/m/pay", {"pay_by": "pay_at_till", "expected_total_minor": 590})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


def opened(clerk: Browser) -> str:
    assert clerk.post("/till/drawers", {"place_id": BONBON_SHOP, "kind": "till", "float": "50"}).status_code == 303
    return re.findall(r'data-drawer="([^"]+)"', clerk.get("/till/cash").text)[0]


class TestCash:
    def test_taken_with_change_paid_out_and_counted(self, takes_cash: Town) -> None:
        me, clerk, other = (takes_cash.browser(role, place_ids=places) for role, places in ((Role.SHOPPER, ()), (Role.CLERK, (BONBON_SHOP,)), (Role.CLERK, ("plc_ooey_gooey_asema",))))
        order_id = ordered(me)
        assert "You pay €5.90 at the till" in me.get(f"/m/orders/{order_id}").text
        told = clerk.get("/till/cash").text
        assert (f'data-owed="{order_id}"' in told, me.id in told) == (True, False)
        assert order_id not in other.get("/till/cash").text
        clerk.post(f"/till/collections/{order_id}/ready")
        assert "To be paid first" in clerk.get("/till/collections").text
        form = {"means": "cash", "tendered": "10", "currency": "EUR"}
        assert other.post(f"/till/cash/{order_id}/take", form).status_code == 404
        shut = clerk.post(f"/till/cash/{order_id}/take", form)
        assert (shut.status_code, "no drawer open" in shut.text) == (409, True)
        drawer_id = opened(clerk)
        for wrong, words in (({"tendered": "5"}, "is due; by card terminal"), ({"tendered": "ten"}, "an amount such as 4.90"), ({"tendered": "-6"}, "below nothing"), ({"means": "cheque"}, "cash, terminal")):
            answer = clerk.post(f"/till/cash/{order_id}/take", form | wrong)
            assert (answer.status_code, words in answer.text) == (422, True), answer.text[-500:]
        home = clerk.post(f"/till/cash/{order_id}/take", form).headers["location"]
        assert "Give back €4.10." in clerk.get(home).text
        assert "Give back" not in other.get(home).text
        assert clerk.post(f"/till/cash/{order_id}/take", form).status_code == 409
        clerk.post(f"/till/returns/{order_id}", {"line1": "1", "seen": "0"})
        assert f'data-back="{order_id}"' in clerk.get("/till/cash").text
        assert clerk.post(f"/till/cash/{order_id}/pay-out").status_code == 303
        assert clerk.post(f"/till/cash/{order_id}/pay-out").status_code == 409
        assert clerk.post(f"/till/drawers/{drawer_id}/shift", {"amount": "20", "currency": "EUR", "way": "out"}).status_code == 303
        count: dict[str, Any] = {"counted": "29.90", "currency": "EUR", "why": ""}
        differs = clerk.post(f"/till/drawers/{drawer_id}/close", count)
        assert (differs.status_code, "Count once more" in differs.text) == (409, True)
        assert clerk.post(f"/till/drawers/{drawer_id}/close", count | {"why": "wrong_change"}).status_code == 303
        assert "Open a drawer" in clerk.get("/till/cash").text
        page = takes_cash.browser(Role.OPERATOR).get("/console/cash").text
        assert f'data-drawer="{drawer_id}"' in page
        assert "wrong change" in page
        assert "The books do not agree" not in page

    def test_a_way_nobody_offers_is_not_taken_from_a_form(self, takes_cash: Town) -> None:
        me = takes_cash.browser(Role.SHOPPER)
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
        for way in ("barter", "online"):
            assert me.post("/m/pay", {"pay_by": way, "expected_total_minor": 590}).status_code == 422
        assert me.post("/m/pay", {"pay_by": "cash_on_delivery", "expected_total_minor": 590}).status_code == 409
        assert me.get("/m/orders/last").headers["location"] == "/m/me"

    def test_at_the_door_the_money_is_taken_and_the_parcel_handed_over_with_it(self, takes_cash: Town) -> None:
        me, courier = takes_cash.browser(Role.SHOPPER), takes_cash.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        me.post("/m/addresses", {"name": "Jane Doe", "line1": "Mannerheimintie 5", "postcode": "00100", "city": "Helsinki", "country": "FI"})
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
        me.post("/m/cart/delivery", {"method": "home"})
        slot = re.findall(r'(helsinki-bike\.[0-9.]+)"', me.get("/m/cart").text)[0]
        me.post("/m/cart/delivery", {"method": "home", "slot_id": slot})
        page = me.get("/m/pay").text
        total = re.findall(r'name="pay_by" value="cash_on_delivery"><input type="hidden" name="expected_total_minor" value="(\d+)"', page)[0]
        order_id = me.post("/m/pay", {"pay_by": "cash_on_delivery", "expected_total_minor": total}).headers["location"].rsplit("/", 1)[1]
        assert "at your door, in cash" in me.get(f"/m/orders/{order_id}").text
        courier.post(f"/till/orders/{order_id}/pack", {"line1": "1", "carrier": "Bike"})
        told = courier.get("/till/shipments").text
        assert "to be taken at the door" in told
        with takes_cash.house.database.reading() as session:
            found = storefront.order(session, order_id)
            assert found is not None
            [parcel] = found.shipments
        courier.post(f"/till/shipments/{parcel.id}/move", {"to": "out_for_delivery"})
        digits = re.findall(r"data-live-digits[^>]*>(\d{4} \d{4})<", me.get(f"/m/orders/{order_id}/door/{parcel.id}").text)[0]
        unpaid = courier.post(f"/till/shipments/{parcel.id}/deliver", {"code": digits})
        assert (unpaid.status_code, "take the money first" in unpaid.text) == (409, True)
        assert courier.post("/till/drawers", {"place_id": BONBON_SHOP, "kind": "courier", "float": "20"}).status_code == 303
        assert courier.post(f"/till/cash/{order_id}/take", {"means": "cash", "tendered": "50", "currency": "EUR", "code": digits}).status_code == 303
        assert ">Delivered<" in me.get(f"/m/orders/{order_id}").text
        assert "Your purse" in courier.get("/till/cash").text
