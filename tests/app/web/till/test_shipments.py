"""From paid to delivered on the two pages: hers and the store's."""

from __future__ import annotations

import re

from app.security.principals import Role
from storefront import facade as storefront
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


def _parcels(town: Town, order_id: str) -> set[str]:
    with town.house.database.reading() as session:
        found = storefront.order(session, order_id)
        return {one.id for one in found.shipments} if found is not None else set()


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
        first, second = [pcl for pcl in re.findall(r'data-parcel="(pcl_\w+)"', clerk.get("/till/shipments").text) if pcl in _parcels(town, order_id)]
        mine = me.get(f"/m/orders/{order_id}").text
        assert ("parcel 1 of 2" in mine, "Promised" in mine, "every 10s" in mine) == (True, True, True)
        assert clerk.post(f"/till/shipments/{first}/move", {"to": "handed_over"}).status_code == 303
        assert "On its way to you" in me.get(f"/m/orders/{order_id}").text
        clerk.post(f"/till/shipments/{first}/move", {"to": "delivered"})  # the carrier says so
        assert clerk.post(f"/till/shipments/{second}/move", {"to": "returned"}).status_code == 409
        assert [clerk.post(f"/till/shipments/{second}/move", form).status_code for form in ({"to": "packed"}, {"to": "failed", "why": "x"})] == [422, 422]
        assert re.findall(r'data-parcel="(\w+)"', me.get(f"/m/orders/{order_id}").text) == ["delivered", "packed"]

    def test_the_code_at_the_door_and_what_is_left_without_one(self, town: Town) -> None:
        me, courier, other = town.browser(Role.SHOPPER), town.browser(Role.CLERK, place_ids=(BONBON_SHOP,)), town.browser(Role.SHOPPER)
        order_id = bought(town, me)
        for _ in range(2):
            courier.post(f"/till/orders/{order_id}/pack", {"line1": "1", "carrier": "Bike"})
        mine = [pcl for pcl in re.findall(r'data-parcel="(pcl_\w+)"', courier.get("/till/shipments").text) if pcl in _parcels(town, order_id)]
        first, second = mine
        assert me.get(f"/m/orders/{order_id}/door/{first}").headers["location"] == f"/m/orders/{order_id}"  # nobody brings it yet
        for pcl in mine:
            courier.post(f"/till/shipments/{pcl}/move", {"to": "out_for_delivery"})
        assert f"/m/orders/{order_id}/door/{first}" in me.get(f"/m/orders/{order_id}").text
        assert other.get(f"/m/orders/{order_id}/door/{first}").status_code == 404
        digits = re.findall(r"data-live-digits[^>]*>(\d{4} \d{4})<", me.get(f"/m/orders/{order_id}/door/{first}").text)[0]
        wrong = courier.post(f"/till/shipments/{second}/deliver", {"code": digits})
        assert (wrong.status_code, "belongs to another parcel" in wrong.text) == (422, True)
        assert courier.post(f"/till/shipments/{second}/left", {"where": "roof"}).status_code == 422
        assert courier.post(f"/till/shipments/{second}/left", {"where": "neighbour"}).status_code == 303
        assert "With a neighbour; not proved." in courier.get("/till/shipments").text
        assert courier.post(f"/till/shipments/{first}/deliver", {"code": digits}).status_code == 303
        again = courier.post(f"/till/shipments/{first}/deliver", {"code": digits})
        assert (again.status_code, "It was delivered already" in again.text) == (422, True)
        shown = me.get(f"/m/orders/{order_id}").text
        assert ("Taken with the code on your phone" in shown, "With a neighbour. Nobody showed your code" in shown, "every 10s" in shown) == (True, True, False)

    def test_what_is_fetched_is_not_on_it(self, town: Town) -> None:
        clerk = town.browser(Role.CLERK, place_ids=(BONBON_SHOP,))
        assert clerk.post("/till/orders/ord_none/pack", {"line1": "1", "carrier": "Posti"}).status_code == 404
        assert clerk.post("/till/shipments/pcl_none/move", {"to": "delivered"}).status_code == 404
