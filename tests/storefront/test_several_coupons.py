"""Several coupons in one cart, over HTTP: the best of them with its proof, each one's share, delivery and cashback before paying."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.security.access import Role
from offers import facade as offers
from offers.models import CouponRow
from storefront.facade import Shop
from storefront.jobs import reconcile_orders
from tests.conftest import START
from tests.offers.builders import go_live, moment, weigh
from tests.storefront.floor import fill, shopper, staff

GIVEN: dict[str, dict[str, Any]] = {
    "ten": {"benefit": {"kind": "percent", "percent": 10, "max_discount_minor": 500}, "stacking": {"combinable": True}},
    "euro": {"benefit": {"kind": "amount", "amount_minor": 100}, "stacking": {"combinable": True}},
    "half": {"benefit": {"kind": "percent", "percent": 15, "max_discount_minor": 500}},
    "bring": {"benefit": {"kind": "free_delivery", "max_discount_minor": 400}, "stacking": {"combinable": True}},
    "cash": {"benefit": {"kind": "cashback", "percent": 5, "payment_methods": ["mastercard"], "max_discount_minor": 900}, "stacking": {"combinable": True}},
}


class Jane:
    def __init__(self, shop: Shop, client: TestClient) -> None:
        self.shop, self.client = shop, client
        self.id, self.headers = shopper(shop.database)
        self.coupons: dict[str, str] = {}

    def holds(self, *names: str) -> None:
        with self.shop.database.transaction() as session:
            for name in names:
                go_live(session, f"cam_{name}", title=name, budget_minor=5000, **GIVEN[name])
                weigh(session, moment(f"mom_{name}", self.id))
                offers.pause_campaign(session, f"cam_{name}", at=START)
            self.coupons = {c.title: c.id for c in offers.wallet(session, self.id, START)}

    def ask(self, verb: str, path: str, status: int = 200, /, **body: Any) -> dict[str, Any]:
        key = {"Idempotency-Key": hashlib.sha256(f"{path}{body}".encode()).hexdigest()} if verb == "POST" and "/cart" not in path else {}
        answer = self.client.request(verb, path, json=None if verb in ("GET", "DELETE") else body, headers=self.headers | key)
        assert answer.status_code == status, answer.text
        return answer.json()

    def add(self, name: str, status: int = 200) -> dict[str, Any]:
        return self.ask("POST", "/v1/cart/coupons", status, code=self.coupons[name])

    def states(self, *names: str) -> list[str]:
        with self.shop.database.reading() as session:
            for campaign in offers.campaigns(session):
                assert offers.books(session, campaign.id).drift == ()
            rows = dict(session.execute(select(CouponRow.id, CouponRow.state)).all())
        return [rows[self.coupons[name]] for name in names]


@pytest.fixture
def jane(shop: Shop, client: TestClient) -> Jane:
    made = Jane(shop, client)
    fill(shop, made.id, prd_bonbon=2, prd_truffle=1)
    return made


class TestCart:
    def test_several_with_their_shares(self, jane: Jane) -> None:
        jane.holds("ten", "euro")
        jane.add("ten")
        quoted = jane.add("euro")
        assert [(c["title"], c["applied"], c["discount_minor"]) for c in quoted["coupons"]] == [("ten", True, 220), ("euro", True, 100)]
        assert (quoted["subtotal_minor"], quoted["discount_minor"], quoted["total_minor"]) == (2199, 320, 1879)
        assert jane.ask("GET", "/v1/cart")["coupon_ids"] == [jane.coupons["ten"], jane.coupons["euro"]]

    def test_two_that_do_not_go_together_are_named(self, jane: Jane) -> None:
        jane.holds("ten", "half")
        jane.add("half")
        refused = jane.add("ten", 409)
        assert (refused["code"], refused["detail"]) == ("coupon_refused", "“ten” and “half” cannot be used together: that one does not go with other coupons.")
        assert jane.ask("GET", "/v1/cart")["coupon_ids"] == [jane.coupons["half"]]

    def test_the_best_with_its_proof(self, jane: Jane) -> None:
        jane.holds("ten", "euro", "half")
        best = jane.ask("POST", "/v1/cart/quote")["best"]
        assert (best["discount_minor"], best["laid"]) == (330, False)
        laid = jane.ask("POST", "/v1/cart/coupons/best", place_id="plc_kluuvi")
        assert (laid["discount_minor"], laid["best"]["laid"]) == (330, True)
        assert [c["title"] for c in laid["coupons"]] == ["half"]
        assert any(line.startswith("“euro”: at best €3.20 with “ten”, €0.10 less") for line in laid["best"]["proof"])

    def test_a_request_of_before_lays_in_one_instead(self, jane: Jane) -> None:
        jane.holds("ten", "euro")
        jane.add("ten")
        quoted = jane.ask("PUT", "/v1/cart/coupon", code=jane.coupons["euro"])
        assert (quoted["coupon"]["coupon_id"], len(quoted["coupons"]), quoted["discount_minor"]) == (jane.coupons["euro"], 1, 100)
        assert jane.ask("DELETE", "/v1/cart/coupon")["coupon_id"] is None

    def test_one_is_taken_out(self, jane: Jane) -> None:
        jane.holds("ten", "euro")
        jane.add("ten")
        jane.add("euro")
        assert jane.ask("DELETE", f"/v1/cart/coupons/{jane.coupons['ten']}")["coupon_ids"] == [jane.coupons["euro"]]
        assert jane.ask("DELETE", "/v1/cart/coupons/cpn_none", 404)["code"] == "unknown_coupon"


class TestDelivery:
    def test_shown_chosen_and_free_up_to_a_bound(self, jane: Jane) -> None:
        jane.holds("bring")
        ways = jane.ask("POST", "/v1/cart/quote")["delivery"]
        assert [(w["id"], w["price_minor"], w["chosen"]) for w in ways] == [("pickup", 0, True), ("home", 490, False)]
        refused = jane.add("bring")
        assert [r["code"] for r in refused["coupons"][0]["reasons"]] == ["delivery_free_already"]
        quoted = jane.ask("PUT", "/v1/cart/delivery", method="home")
        assert (quoted["subtotal_minor"], quoted["discount_minor"], quoted["total_minor"]) == (2689, 400, 2289)
        assert quoted["delivery"][1]["discount_minor"] == 400

    def test_an_unknown_way_is_named(self, jane: Jane) -> None:
        assert jane.ask("PUT", "/v1/cart/delivery", 422, method="drone")["errors"][0]["field"] == "method"

    def test_on_the_order_and_in_the_budget(self, jane: Jane) -> None:
        jane.holds("bring")
        jane.ask("PUT", "/v1/cart/delivery", method="home")
        jane.add("bring")
        made = jane.ask("POST", "/v1/checkout", 201, payment_method="pm_card_visa", expected_total_minor=2289)
        lines = made["detail"]["lines"]
        assert (lines[-1]["name"], lines[-1]["total_minor"], lines[-1]["discount_minor"]) == ("Home delivery", 90, 400)
        with jane.shop.database.reading() as session:
            assert offers.campaigns(session)[0].figures.budget_spent_minor == 400
        assert jane.states("bring") == ["redeemed"]


class TestOrder:
    def test_all_are_used_and_each_share_is_frozen(self, jane: Jane) -> None:
        jane.holds("ten", "euro", "cash")
        for name in ("ten", "euro", "cash"):
            quoted = jane.add(name)
        assert quoted["cashback_minor"] == 110
        made = jane.ask("POST", "/v1/checkout", 201, payment_method="pm_card_mastercard", expected_total_minor=1879)
        order_id = made["detail"]["order"]["id"]
        assert jane.states("ten", "euro", "cash") == ["redeemed"] * 3
        reconcile_orders(jane.shop)
        found = jane.ask("GET", f"/v1/orders/{order_id}")
        shares = {c["title"]: (c["discount_minor"], c["cashback_minor"], c["cashback_state"]) for c in found["coupons"]}
        assert shares == {"ten": (220, 0, None), "euro": (100, 0, None), "cash": (0, 110, "done")}
        assert (found["refunded_minor"], jane.ask("GET", "/v1/points")["points"]) == (110, 18)

    def test_one_that_went_elsewhere_leaves_the_others_free(self, jane: Jane) -> None:
        jane.holds("ten", "euro")
        jane.add("ten")
        jane.add("euro")
        with jane.shop.database.transaction() as session:
            code = next(c.code for c in offers.wallet(session, jane.id, START) if c.title == "euro")
            offers.redeem_at_till(session, code=code, place_id="plc_kluuvi", clerk_id="psn_1", at=START)
        refused = jane.ask("POST", "/v1/checkout", 409, payment_method="pm_card_visa")
        assert refused["code"] == "coupon_refused"
        assert jane.states("ten", "euro") == ["issued", "redeemed"]

    def test_cancelled_gives_all_back(self, jane: Jane) -> None:
        jane.holds("ten", "euro")
        jane.add("ten")
        jane.add("euro")
        made = jane.ask("POST", "/v1/checkout", 201, payment_method="pm_card_chargeDeclined")
        assert jane.states("ten", "euro") == ["reserved"] * 2
        jane.ask("POST", f"/v1/orders/{made['detail']['order']['id']}/cancel")
        assert jane.states("ten", "euro") == ["issued"] * 2


class TestReturns:
    def test_who_may_and_what_is_wrong(self, jane: Jane) -> None:
        made = jane.ask("POST", "/v1/checkout", 201, payment_method="pm_card_visa")
        address = f"/v1/orders/{made['detail']['order']['id']}/returns"
        assert jane.ask("POST", address, 403, lines=[{"line_no": 1, "quantity": 1}])["code"] == "role_not_allowed"
        jane.headers = staff(jane.shop.database, Role.CLERK)
        twice = [{"line_no": 1, "quantity": 1}] * 2
        assert "name each line once" in jane.ask("POST", address, 422, lines=twice)["detail"]
        assert jane.ask("POST", address, 409, lines=[{"line_no": 1, "quantity": 3}])["left"] == 2
        for _ in range(2):
            back = jane.ask("POST", address, lines=[{"line_no": 1, "quantity": 1}])["detail"]
            assert (back["refunded_minor"], back["lines"][0]["returned"], back["order"]["state"]) == (450, 1, "paid")
        assert jane.ask("POST", "/v1/orders/ord_none/returns", 404, lines=[{"line_no": 1, "quantity": 1}])["code"] == "unknown_order"
