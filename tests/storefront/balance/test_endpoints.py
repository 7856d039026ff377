"""The routes of balances and gift cards."""

from __future__ import annotations

from fastapi.testclient import TestClient

from app.security.access import Role
from storefront.facade import Shop, set_tax_classes
from tests.storefront.floor import fill, shopper, staff


class TestRoutes:
    def test_a_card_is_given_loaded_and_spent(self, client: TestClient, shop: Shop) -> None:
        (jane_id, jane), (_, eve), oscar = shopper(shop.database), shopper(shop.database), staff(shop.database, Role.OPERATOR)
        issued = client.post("/v1/gift-cards", json={"amount_minor": 2000, "currency": "EUR"}, headers=oscar)
        assert issued.status_code == 201
        code = issued.json()["code"]
        loaded = client.post("/v1/balance/gift-cards", json={"code": code.replace("-", " ").lower()}, headers=jane).json()
        assert loaded == {"amount_minor": 2000, "currency": "EUR", "balance": {"EUR": 2000}}
        again = client.post("/v1/balance/gift-cards", json={"code": code}, headers=eve)
        assert (again.status_code, again.json()["code"], again.json()["state"]) == (409, "gift_card_not_usable", "loaded")
        assert client.post("/v1/balance/gift-cards", json={"code": "0000-0000-0000-0001"}, headers=eve).json()["code"] == "unknown_gift_card"
        fill(shop, jane_id, prd_truffle=2)
        quoted = client.post("/v1/cart/quote", json={}, headers=jane).json()
        assert (quoted["total_minor"], quoted["balance_minor"]) == (2598, 2000)
        asked = {"payment_method": "pm_card_visa", "use_balance": True, "expected_total_minor": 2598, "expected_balance_minor": 2000}
        bought = client.post("/v1/checkout", json=asked, headers={**jane, "Idempotency-Key": "b1"}).json()
        assert (bought["detail"]["order"]["state"], bought["detail"]["balance_minor"]) == ("paid", 2000)
        told = client.get("/v1/balance", headers=jane).json()
        assert (told["balance"], [(e["amount_minor"], e["account"]) for e in told["entries"]]) == ({"EUR": 0}, [(-2000, "held"), (2000, "card")])
        assert client.get("/v1/balance", headers=eve).json() == {"balance": {}, "entries": []}

    def test_the_codes_of_bought_cards_are_the_buyers_alone(self, client: TestClient, shop: Shop) -> None:
        (jane_id, jane), (_, eve), maria = shopper(shop.database), shopper(shop.database), staff(shop.database, Role.MARKETER)
        with shop.database.transaction() as session:
            set_tax_classes(session, {"truffle": "voucher"}, at=shop.now())
        fill(shop, jane_id, prd_truffle=1)
        order_id = client.post("/v1/checkout", json={"payment_method": "pm_card_visa"}, headers=jane).json()["detail"]["order"]["id"]
        at = f"/v1/orders/{order_id}/gift-cards"
        [card] = client.get(at, headers=jane).json()["gift_cards"]
        assert (card["amount_minor"], card["state"]) == (1299, "issued")
        assert [client.get(at, headers=who).status_code for who in (eve, maria)] == [404, 403]
        assert client.post("/v1/gift-cards", json={"amount_minor": 2000, "currency": "EUR"}, headers=maria).status_code == 403
