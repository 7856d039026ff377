"""From paid to delivered on the two pages: hers and the store's."""

from __future__ import annotations

import re

from app.security.principals import Role
from tests.app.web.conftest import BONBON_SHOP, Browser, Town


def bought(town: Town, me: Browser) -> str:
    """Two bars to be brought at the first time there is; the order's number."""
    me.post("/m/addresses", {"name": "Jane Doe", "line1": "Mannerheimintie 5", "postcode": "00100", "city": "Helsinki", "country": "FI"})
    for _ in range(2):
        me.post("/m/cart/lines", {"product_id": "prd_dark_74_bar"})
    me.post("/m/cart/delivery", {"method": "home"})
    slot = re.findall(r'name="slot_id" value="([^"]+)"', me.get("/m/cart").text) or re.findall(r'<option value="(helsinki-bike[^"]+)"', me.get("/m/cart").text)
    me.post("/m/cart/delivery", {"method": "home", "slot_id": slot[0]})
    total = re.findall(r'name="expected_total_minor" value="(\d+)"', me.get("/m/pay").text)[0]
    answer = me.post("/m/pay", {"payment_method": "pm_card_visa", "expected_total_minor": total})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rsplit("/", 1)[1]


class TestShipments:
    def test_packed_in_two_sent_and_delivered(self, town: Town) -> None:
        me, clerk = town.browser(Role.SHOPPER), town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        order_id = bought(town, me)
        told = clerk.get("/till/shipments").text
        assert (order_id in told, "Mannerheimintie 5" in told, "of 2" in told) == (True, True, True)
        assert clerk.post(f"/till/orders/{order_id}/pack", {"line1": "1", "carrier": "Posti", "tracking": "JJFI 1"}).status_code == 303
        wrong = clerk.post(f"/till/orders/{order_id}/pack", {"line1": "2", "carrier": "Posti"})
        assert (wrong.status_code, "More pieces than are still to be sent" in wrong.text) == (409, True)
        assert clerk.post(f"/till/orders/{order_id}/pack", {"line1": "1", "carrier": "Posti"}).status_code == 303
        first, second = re.findall(r'data-parcel="(pcl_\w+)"', clerk.get("/till/shipments").text)
        mine = me.get(f"/m/orders/{order_id}").text
        assert ("parcel 1 of 2" in mine, "Promised" in mine, "every 10s" in mine) == (True, True, True)
        assert clerk.post(f"/till/shipments/{first}/move", {"to": "handed_over"}).status_code == 303
        assert "On its way to you" in me.get(f"/m/orders/{order_id}").text
        for step in ("out_for_delivery", "delivered"):
            clerk.post(f"/till/shipments/{first}/move", {"to": step})
        assert clerk.post(f"/till/shipments/{second}/move", {"to": "returned"}).status_code == 409
        assert [clerk.post(f"/till/shipments/{second}/move", form).status_code for form in ({"to": "packed"}, {"to": "failed", "why": "x"})] == [422, 422]
        assert re.findall(r'data-parcel="(\w+)"', me.get(f"/m/orders/{order_id}").text) == ["delivered", "packed"]

    def test_what_is_fetched_is_not_on_it(self, town: Town) -> None:
        clerk = town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        assert clerk.post("/till/orders/ord_none/pack", {"line1": "1", "carrier": "Posti"}).status_code == 404
        assert clerk.post("/till/shipments/pcl_none/move", {"to": "delivered"}).status_code == 404
