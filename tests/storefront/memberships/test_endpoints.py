"""Memberships over HTTP: who may what, and what the answers say."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop
from tests.storefront.floor import shopper, staff
from tests.storefront.memberships.house import PLANS


@pytest.fixture
def jane(shop: Shop, client: TestClient) -> dict[str, str]:
    marketer = staff(shop.database, Role.MARKETER)
    assert client.put("/v1/memberships/plans", content=PLANS, headers=marketer).status_code == 200
    return shopper(shop.database)[1]


def join(client: TestClient, who: dict[str, str], **more: object) -> dict[str, object]:
    body = {"plan_id": "silver", "currency": "EUR", "expected_amount_minor": 490, "payment_method": "pm_card_visa", **more}
    answer = client.post("/v1/memberships", json=body, headers={**who, "Idempotency-Key": "join"})
    assert answer.status_code in (201, 409), answer.text
    return answer.json()


class TestHers:
    def test_from_joining_to_leaving(self, client: TestClient, jane: dict[str, str]) -> None:
        offered = client.get("/v1/memberships", headers=jane).json()
        assert [(p["id"], p["prices"], p["trial_days"]) for p in offered["plans"]][1] == ("gold", {"EUR": 990}, 14)
        assert offered["plans"][1]["benefits"] == ["free delivery", "7.5 % off every piece", "2 times the points", "some offers before everybody else"]
        assert offered["membership"] is None
        joined = join(client, jane)
        assert (joined["membership"]["state"], joined["payment"]["state"], joined["setup"]) == ("active", "succeeded", None)
        assert join(client, jane)["membership"]["id"] == joined["membership"]["id"]
        told = client.get("/v1/membership/change?plan_id=gold", headers=jane).json()
        assert (told["due_minor"], told["left_minor"]) == (500, 0)
        changed = client.post("/v1/membership/change", json={"plan_id": "gold", "expected_due_minor": 500, "priced_at": told["priced_at"]}, headers=jane)
        assert changed.json()["membership"]["plan_id"] == "gold"
        for verb, state in (("pause", "paused"), ("resume", "active"), ("leave", "active"), ("stay", "active"), ("refresh", "active")):
            assert client.post(f"/v1/membership/{verb}", headers=jane).json()["membership"]["state"] == state
        assert client.post("/v1/membership/card", json={"payment_method": "pm_card_mastercard"}, headers=jane).json()["membership"]["card"] == "mastercard 4444"
        invoices = client.get("/v1/memberships", headers=jane).json()["membership"]["invoices"]
        invoice = next(one for one in invoices if one["amount_minor"] == 490)
        path = f"/v1/membership/papers/{invoice['papers'][0]}"
        receipt = client.get(path, headers=jane).json()["content"]
        assert (receipt["kind"], receipt["total_minor"], receipt["taxes"][0]["rate_bp"], receipt["taxes"][0]["tax_minor"]) == ("receipt", 490, 2550, 100)
        assert client.get(f"{path}/pdf?language=fi", headers=jane).content.startswith(b"%PDF")

    def test_anothers_is_not_there(self, client: TestClient, shop: Shop, jane: dict[str, str]) -> None:
        """Planted bug: the shopper left out of `papers.paper`. Her receipt is anybody's who knows its number."""
        invoice = join(client, jane)["membership"]["invoices"][0]
        emma = shopper(shop.database)[1]
        assert client.get(f"/v1/membership/papers/{invoice['papers'][0]}", headers=emma).status_code == 404
        for verb in ("pause", "resume", "leave", "stay", "refresh"):
            assert client.post(f"/v1/membership/{verb}", headers=emma).json()["code"] == "unknown_membership"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"plan_id": "Silver"}, {"currency": "eur"}, {"expected_amount_minor": -490}, {"expected_amount_minor": "490"}, {"kept_method": "kpm_1"},
            {"payment_method": "4242 4242 4242 4242"}, {"return_url": "https://elsewhere.test"}, {"amount": 1},
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_refused(self, client: TestClient, jane: dict[str, str], wrong: dict[str, object]) -> None:
        body = {"plan_id": "silver", "currency": "EUR", "expected_amount_minor": 490, "payment_method": "pm_card_visa"} | wrong
        assert client.post("/v1/memberships", json=body, headers=jane).status_code == 422
        assert client.get("/v1/memberships", headers=jane).json()["membership"] is None


class TestStaff:
    def test_a_refund_once_for_a_key(self, client: TestClient, shop: Shop, jane: dict[str, str]) -> None:
        found = join(client, jane)["membership"]
        path = f"/v1/memberships/{found['id']}/invoices/{found['invoices'][0]['id']}/refund"
        operator = {**staff(shop.database, Role.OPERATOR), "Idempotency-Key": "r1"}
        for _ in range(2):
            assert client.post(path, json={"amount_minor": 90}, headers=operator).json()["invoices"][0]["refunded_minor"] == 90
        assert client.post(path, json={}, headers=jane).status_code == 403
        assert client.get(f"/v1/memberships/{found['id']}", headers=operator).json()["invoices"][0]["amount_minor"] == 490
        elsewhere = path.replace(found["id"], "mem_other")
        assert client.post(elsewhere, json={}, headers={**operator, "Idempotency-Key": "r2"}).status_code == 404

    def test_plans_are_yaml_there_and_back(self, client: TestClient, shop: Shop, jane: dict[str, str]) -> None:
        marketer = staff(shop.database, Role.MARKETER)
        text = client.get("/v1/memberships/plans", headers=marketer).text
        assert client.put("/v1/memberships/plans", content=text, headers=marketer).json()["changes"] == []
        assert client.put("/v1/memberships/plans", content=b"\xff", headers=marketer).status_code == 422
        assert client.put("/v1/memberships/plans", content=text, headers=jane).status_code == 403
