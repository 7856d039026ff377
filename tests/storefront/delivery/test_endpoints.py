from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.delivery.town import FAR, HOME, TODAY, TOMORROW, document, lives, open_area
from tests.storefront.floor import shopper, staff


class Api:
    """Somebody's calls: (status, body)."""

    def __init__(self, client: TestClient, headers: dict[str, str]) -> None:
        self.client, self.headers = client, headers

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.client.request(method, path, headers=self.headers, json=body)
        return answer.status_code, answer.json() if answer.content else None


class TestAreas:
    def test_written_read_and_taken_away(self, client: TestClient, shop: Shop) -> None:
        olga, mia = Api(client, staff(shop.database, Role.OPERATOR)), Api(client, staff(shop.database, Role.MARKETER))
        status, made = olga("PUT", "/v1/delivery/areas/bike", document(3, timezone="", place_id="plc_kluuvi"))
        assert (status, made["timezone"]) == (200, "Europe/Helsinki")  # its store's
        assert mia("GET", "/v1/delivery/areas") == (200, {"areas": [made]})
        assert mia("PUT", "/v1/delivery/areas/bike", document())[0] == 403
        assert [olga("DELETE", "/v1/delivery/areas/bike")[0] for _ in range(2)] == [204, 404]

    def test_what_is_wrong_is_named_and_nothing_is_kept(self, client: TestClient, shop: Shop) -> None:
        olga = Api(client, staff(shop.database, Role.OPERATOR))
        cases: list[tuple[dict[str, Any], str]] = [
            ({"way": "drone"}, "way"), ({"timezone": "Mars/Olympus"}, "timezone"), ({"timezone": ""}, "timezone"), ({"place_id": "plc_none"}, "place_id"),
            ({"serves": []}, "body"), ({"collect": True}, "body"), ({"collect": True, "serves": [], "windows": []}, "body"), ({"serves": [{"country": "XX"}]}, "serves[0].country"), ({"serves": [{"country": "FI", "first": "00990", "last": "00100"}]}, "serves[0]"),
            ({"serves": [{"country": "FI", "first": "00100"}]}, "serves[0]"), ({"serves": [{"country": "FI", "starts": ["-"]}]}, "serves[0]"),
            ({"windows": [{"days": ["mon"], "begins": "12:00", "ends": "12:00", "capacity": 1}]}, "windows[0]"),
            ({"windows": [{"days": ["mon"], "begins": "12:00", "ends": "25:00", "capacity": 1}]}, "windows[0].ends"),
            ({"windows": [{"days": ["mon"], "begins": "12:00", "ends": "13:00", "capacity": -1}]}, "windows[0].capacity"),
            ({"windows": [{"days": ["mon"], "begins": "12:00", "ends": f"{h}:00", "capacity": 1} for h in (13, 14)]}, "body"),
            ({"other_days": [{"date": "2026-12-24"}, {"date": "2026-12-24"}]}, "body"), ({"ahead_days": 61}, "ahead_days"), ({"colour": "red"}, "colour"),
        ]  # fmt: skip
        for wrong, field in cases:
            status, told = olga("PUT", "/v1/delivery/areas/bike", document(**wrong))
            assert (status, [e["field"] for e in told["errors"]]) == (422, [field]), wrong
        assert olga("GET", "/v1/delivery/areas") == (200, {"areas": []})


class TestShopper:
    def test_chooses_a_time_sees_its_price_orders_and_moves(self, client: TestClient, shop: Shop) -> None:
        open_area(shop)
        jane_id, headers = shopper(shop.database)
        jane, john = Api(client, headers), Api(client, shopper(shop.database)[1])
        jane("POST", "/v1/cart/lines", {"product_id": "prd_bonbon"})
        assert jane("GET", "/v1/delivery/slots?method=home")[1]["needs"] == "address_missing"
        far, near = lives(shop, jane_id, FAR), lives(shop, jane_id, HOME)
        assert jane("GET", f"/v1/delivery/slots?method=home&address_id={far}")[1] | {"slots": 0, "needs_text": 0} == {
            "way": "home", "area": None, "timezone": None, "currency": "EUR", "address_id": far, "needs": "not_served_there", "needs_text": 0, "slots": 0,
        }  # fmt: skip
        told = jane("GET", "/v1/delivery/slots?method=home")[1]
        assert [(s["id"], s["left"], s["price_minor"]) for s in told["slots"]][:3] == [(TODAY, 3, 290), ("bike.20261121.2000", 3, 490), (TOMORROW, 3, 290)]
        quote = jane("PUT", "/v1/cart/delivery", {"method": "home"})[1]
        assert (quote["delivery"][1]["needs"], quote["delivery"][1]["price_minor"]) == ("slot_missing", 290)
        status, refused = jane("POST", "/v1/checkout", {})
        assert (status, refused["code"], refused["needs"]) == (409, "delivery_incomplete", "slot_missing")
        quote = jane("PUT", "/v1/cart/delivery", {"method": "home", "slot_id": TODAY, "address_id": near})[1]
        assert (quote["total_minor"], quote["delivery"][1]["starts_at"]) == (740, "2026-11-21T16:00:00Z")
        order_id = jane("POST", "/v1/checkout", {"payment_method": "pm_card_visa", "expected_total_minor": 740})[1]["detail"]["order"]["id"]
        detail = jane("GET", f"/v1/orders/{order_id}")[1]
        assert (detail["delivery"]["slot_id"], [line["name"] for line in detail["lines"]]) == (TODAY, ["Bonbon of the month", "Home delivery"])
        assert "Mannerheimintie" not in str(detail)
        plan = jane("GET", f"/v1/orders/{order_id}/delivery")[1]
        assert (plan["to"][1], plan["others"][0]) == ("Mannerheimintie 5", {"slot_id": TOMORROW, "starts_at": "2026-11-22T16:00:00Z", "ends_at": "2026-11-22T18:00:00Z", "left": 3})
        for who, status in ((john, 404), (jane, 200), (jane, 200)):
            assert who("PUT", f"/v1/orders/{order_id}/slot", {"slot_id": TOMORROW})[0] == status
        assert jane("GET", f"/v1/orders/{order_id}/delivery")[1]["delivery"]["slot_id"] == TOMORROW
        assert john("GET", f"/v1/orders/{order_id}/delivery")[0] == 404

    def test_anothers_address_and_a_way_that_is_none(self, client: TestClient, shop: Shop) -> None:
        open_area(shop)
        jane = Api(client, shopper(shop.database)[1])
        johns = lives(shop, "shp_john")
        for body, status in (({"method": "home", "address_id": johns}, 404), ({"method": "drone"}, 422), ({"method": "home", "slot_id": "x" * 61}, 422)):
            assert jane("PUT", "/v1/cart/delivery", body)[0] == status
        assert jane("GET", f"/v1/delivery/slots?method=home&address_id={johns}")[0] == 404
        assert jane("GET", "/v1/delivery/slots?method=drone")[0] == 422

    def test_a_way_without_areas_is_what_it_was(self, client: TestClient, shop: Shop) -> None:
        jane = Api(client, shopper(shop.database)[1])
        jane("POST", "/v1/cart/lines", {"product_id": "prd_bonbon"})
        assert jane("GET", "/v1/delivery/slots?method=home")[1] | {"area": 0} == {
            "way": "home", "area": 0, "timezone": None, "currency": "EUR", "address_id": None, "needs": None, "needs_text": None, "slots": [],
        }  # fmt: skip
        way = jane("PUT", "/v1/cart/delivery", {"method": "home"})[1]["delivery"][1]
        assert (way["price_minor"], way["slotted"], way["needs"]) == (490, False, None)
        assert jane("POST", "/v1/checkout", {"payment_method": "pm_card_visa"})[1]["detail"]["order"]["total_minor"] == 940
