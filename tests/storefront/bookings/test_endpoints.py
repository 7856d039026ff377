"""The routes of bookings: chosen, paid, moved, shown, checked in, given up; and written by those who run the shop."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.bookings.studio import COURSE, document, open_studio, slot, taken
from tests.storefront.delivery.test_endpoints import Api
from tests.storefront.floor import shopper, staff


class TestShopper:
    def test_from_choosing_a_time_to_being_checked_in(self, client: TestClient, shop: Shop) -> None:
        open_studio(shop)
        jane, john = Api(client, shopper(shop.database)[1]), Api(client, shopper(shop.database)[1])
        maria, other = Api(client, staff(shop.database, Role.CLERK)), shop.now()
        told = jane("GET", f"/v1/products/{COURSE}/times")[1]
        [store] = told["stores"]
        assert (told["currency"], store["name"], store["timezone"], store["duration_min"]) == ("EUR", "Ooey Gooey Kluuvi", "Europe/Helsinki", 45)
        assert store["times"][0] == {
            "slot_id": slot(shop, 21, "1600"), "day": "2026-11-21", "starts_at": "2026-11-21T14:00:00Z", "ends_at": "2026-11-21T14:45:00Z", "left": 2, "price_minor": 4500,
        }  # fmt: skip
        assert jane("GET", f"/v1/products/{COURSE}/times?place_id=plc_kamppi")[1]["stores"] == []
        assert jane("POST", "/v1/cart/lines", {"product_id": COURSE})[1]["code"] == "choose_time"
        assert jane("POST", "/v1/cart/lines", {"product_id": COURSE, "slot_id": slot(shop, 21, "1600")})[0] == 200
        line = jane("POST", "/v1/cart/quote", {})[1]["lines"][0]
        assert (line["time"]["starts_at"], line["time"]["left"], line["unit_minor"]) == ("2026-11-21T14:00:00Z", 2, 4500)
        made = jane("POST", "/v1/checkout", {"payment_method": "pm_card_visa", "expected_total_minor": 4500})[1]["detail"]
        order_id = made["order"]["id"]
        assert [(one["state"], one["name"], one["place_name"]) for one in made["bookings"]] == [("booked", "Praline course", "Ooey Gooey Kluuvi")]
        of = f"/v1/orders/{order_id}/bookings"
        [told] = jane("GET", of)[1]["bookings"]
        assert (told["cancellable"], told["others"]) == (False, [])  # four hours before it is too late, and it begins in two
        for who, status in ((john, 404), (jane, 200)):
            assert [who("GET", f"{of}{tail}")[0] for tail in ("", "/1/proof")] == [status] * 2
            assert who("POST", f"{of}/1/here")[0] == status
        file = client.get(f"{of}/1/calendar", headers=jane.headers)
        assert (file.headers["content-type"], "DTSTART:20261121T140000Z" in file.text) == ("text/calendar; charset=utf-8", True)
        [expected] = maria("GET", "/v1/till/bookings")[1]["bookings"]
        assert (expected["called"], expected["arrived_at"]) == ("Somebody", f"{other:%Y-%m-%dT%H:%M:%SZ}")
        code = jane("GET", f"{of}/1/proof")[1]["proof"]["text"]
        assert [maria("POST", f"/v1/till/bookings/{expected['id']}/check-in", {"code": code})[0] for _ in range(2)] == [204, 409]
        assert jane("GET", f"{of}/1/proof")[1]["proof"] is None

    def test_moved_and_given_up_in_time(self, client: TestClient, shop: Shop) -> None:
        open_studio(shop)
        jane, john = Api(client, shopper(shop.database)[1]), Api(client, shopper(shop.database)[1])
        jane("POST", "/v1/cart/lines", {"product_id": COURSE, "slot_id": slot(shop, 22, "1600"), "quantity": 2})
        order_id = jane("POST", "/v1/checkout", {"payment_method": "pm_card_visa"})[1]["detail"]["order"]["id"]
        of = f"/v1/orders/{order_id}/bookings/1"
        to = {"slot_id": slot(shop, 23, "1700")}
        assert [who("PUT", f"{of}/slot", to)[0] for who in (john, jane)] == [404, 204]
        assert taken(shop) == {to["slot_id"]: 2}
        assert jane("PUT", f"{of}/slot", {"slot_id": "bike.20261122.1600"})[0] == 404
        assert john("POST", f"{of}/cancel")[0] == 404
        status, ended = jane("POST", f"{of}/cancel")
        assert (status, ended["detail"]["order"]["state"], ended["detail"]["refunded_minor"], taken(shop)) == (200, "refunded", 9000, {})
        assert jane("POST", f"{of}/cancel")[0] == 200  # done already
        [back] = jane("GET", f"/v1/orders/{order_id}")[1]["refunds"]
        assert back["amount_minor"] == 9000


class TestServices:
    def test_written_read_and_taken_away(self, client: TestClient, shop: Shop) -> None:
        open_studio(shop)
        mia, maria = Api(client, staff(shop.database, Role.MARKETER)), Api(client, staff(shop.database, Role.CLERK))
        path = f"/v1/services/{COURSE}/plc_tokyo"
        status, made = mia("PUT", path, document(3))
        assert (status, made["timezone"], made["capacity"]) == (200, "Asia/Tokyo", 3)  # its store's
        assert maria("PUT", path, document())[0] == 403
        assert [one["place_id"] for one in mia("GET", "/v1/services")[1]["services"]] == ["plc_kluuvi", "plc_tokyo"]
        assert [mia("DELETE", path)[0] for _ in range(2)] == [204, 404]

    def test_what_is_wrong_is_named(self, client: TestClient, shop: Shop) -> None:
        open_studio(shop)
        mia = Api(client, staff(shop.database, Role.MARKETER))
        cases: list[tuple[str, str, dict[str, Any], str]] = [
            ("prd_bonbon", "plc_kluuvi", {}, "product_id"), ("prd_none", "plc_kluuvi", {}, "product_id"), (COURSE, "plc_none", {}, "place_id"),
            (COURSE, "plc_kluuvi", {"duration_min": 1}, "duration_min"), (COURSE, "plc_kluuvi", {"timezone": "Mars/Olympus"}, "timezone"),
        ]  # fmt: skip
        for product_id, place_id, wrong, field in cases:
            status, told = mia("PUT", f"/v1/services/{product_id}/{place_id}", document(**wrong))
            assert (status, [e["field"] for e in told["errors"]]) == (422, [field]), wrong
