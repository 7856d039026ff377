"""The routes as a phone sees them: the whole purchase, 3-D Secure and declines, others' things, and every kind of bad input."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from app.security.access import Role, declared_routes
from storefront.facade import Shop, import_catalogue
from tests.paths import shared
from tests.storefront.catalog.shoes import SHOES
from tests.storefront.floor import app_of, coupon, coupon_state, hook, order, orders, shelf, shopper, staff, state


def said(response: Any) -> tuple[int, str | None]:
    body = response.json()
    return response.status_code, body.get("code") if isinstance(body, dict) else None


class TestRoutes:
    def test_every_route_declares_who_may_call(self, shop: Shop) -> None:
        silent = [(r.method, r.path) for r in declared_routes(app_of(shop)) if r.allow is None and r.path.startswith("/v1")]
        assert silent == []
        assert len([r for r in declared_routes(app_of(shop)) if r.path.startswith("/v1")]) >= 34

    @pytest.mark.parametrize(("method", "path"), [("GET", "/v1/cart"), ("POST", "/v1/checkout"), ("GET", "/v1/orders"), ("POST", "/v1/orders/ord_1/refund")])
    def test_strangers_are_asked_who_they_are(self, client: TestClient, method: str, path: str) -> None:
        assert client.request(method, path, json={}).status_code == 401

    def test_a_shopper_cannot_refund_and_a_marketer_cannot_shop(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        maria = staff(shop.database, Role.MARKETER)
        assert client.post("/v1/orders/ord_1/refund", json={}, headers=jane).status_code == 403
        assert client.post("/v1/checkout", json={}, headers=maria).status_code == 403
        assert client.post("/v1/products/import", json={"products": []}, headers=jane).status_code == 403


class TestPurchase:
    def test_a_product_says_which_categories_its_own_lies_in(self, stripe_client: TestClient, stripe_shop: Shop) -> None:
        with stripe_shop.database.transaction() as session:
            import_catalogue(session, SHOES, at=stripe_shop.now())
        [listed] = stripe_client.get("/v1/products", params={"q": "plimsolls"}).json()["products"]
        shown = stripe_client.get("/v1/products/prd_plimsolls").json()
        assert [listed["above"], shown["above"], *(v["above"] for v in shown["variants"])] == [["shoes", "clothing"]] * 5

    def test_from_search_to_paid(self, stripe_client: TestClient, stripe_shop: Shop, peer: StripePeer) -> None:
        client, shop = stripe_client, stripe_shop
        jane_id, jane = shopper(shop.database)
        coupon_id = coupon(shop, jane_id)
        found = client.get("/v1/products", params={"q": "bonb"}).json()
        assert [p["id"] for p in found["products"]] == ["prd_bonbon", "prd_kola"]
        cart = client.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": 2}, headers=jane).json()
        assert (cart["currency"], cart["lines"][0]["quantity"]) == ("EUR", 2)
        quoted = client.put("/v1/cart/coupon", json={"code": coupon_id}, headers=jane).json()
        assert (quoted["subtotal_minor"], quoted["discount_minor"], quoted["total_minor"], quoted["coupon"]["applied"]) == (900, 180, 720, True)
        ask = {"payment_method": "pm_card_visa", "expected_total_minor": 720}
        first = client.post("/v1/checkout", json=ask, headers={**jane, "Idempotency-Key": "buy-1"})
        assert first.status_code == 201
        assert (first.json()["detail"]["order"]["state"], first.json()["payment"]["state"]) == ("paid", "succeeded")
        again = client.post("/v1/checkout", json=ask, headers={**jane, "Idempotency-Key": "buy-1"})
        assert (again.status_code, again.headers["Idempotent-Replayed"], again.content) == (201, "true", first.content)
        changed = client.post("/v1/checkout", json={**ask, "expected_total_minor": 1}, headers={**jane, "Idempotency-Key": "buy-1"})
        assert said(changed) == (422, "idempotency_key_reused")
        assert len(peer.books.charges) == 1
        mine = client.get("/v1/orders", headers=jane).json()["orders"]
        assert [(o["state"], o["total_minor"], o["coupon_id"]) for o in mine] == [("paid", 720, coupon_id)]
        assert (coupon_state(shop), shelf(shop)) == ("redeemed", 8)

    def test_a_lost_answer_is_resumed_by_the_same_key(self, stripe_client: TestClient, stripe_shop: Shop, peer: StripePeer) -> None:
        _, jane = shopper(stripe_shop.database)
        stripe_client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        peer.lose_next_answers()
        send = {"url": "/v1/checkout", "json": {"payment_method": "pm_card_visa"}, "headers": {**jane, "Idempotency-Key": "k"}}
        assert said(stripe_client.post(**send)) == (503, "payment_unknown")
        done = stripe_client.post(**send)
        assert (done.status_code, done.json()["detail"]["order"]["state"]) == (201, "paid")
        assert len(peer.books.charges) == 1

    def test_the_bank_asks_and_the_browser_comes_back(self, stripe_client: TestClient, stripe_shop: Shop, peer: StripePeer) -> None:
        _, jane = shopper(stripe_shop.database)
        stripe_client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        ask = {"payment_method": "pm_card_threeDSecure2Required", "return_url": "/m/orders"}
        answer = stripe_client.post("/v1/checkout", json=ask, headers=jane).json()
        order_id, payment = answer["detail"]["order"]["id"], answer["payment"]
        assert (answer["detail"]["order"]["state"], payment["state"]) == ("pending", "needs_action")
        assert payment["action_url"] == f"{peer.url}/peer/3ds/{payment['payment_id']}"
        back = peer.books.intents[payment["payment_id"]]["next_action"]["redirect_to_url"]["return_url"]
        assert back == "http://shop.test/m/orders"
        peer.books.authenticate(payment["payment_id"], passed=True)
        refreshed = stripe_client.post(f"/v1/orders/{order_id}/refresh", headers=jane).json()
        assert refreshed["detail"]["order"]["state"] == "paid"

    def test_a_declined_card_then_another(self, stripe_client: TestClient, stripe_shop: Shop) -> None:
        _, jane = shopper(stripe_shop.database)
        stripe_client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        answer = stripe_client.post("/v1/checkout", json={"payment_method": "pm_card_chargeDeclinedInsufficientFunds"}, headers=jane).json()
        order_id = answer["detail"]["order"]["id"]
        assert (answer["detail"]["order"]["state"], answer["payment"]["decline"]) == ("pending", "insufficient_funds")
        assert answer["payment"]["decline_text"] == "There is not enough money on this card. Try another card."
        assert answer["detail"]["decline"] == "insufficient_funds"
        paid = stripe_client.post(f"/v1/orders/{order_id}/confirm", json={"payment_method": "pm_card_visa"}, headers=jane).json()
        assert (paid["detail"]["order"]["state"], paid["detail"]["decline"]) == ("paid", None)

    def test_the_browser_pays_and_the_webhook_tells(self, stripe_client: TestClient, stripe_shop: Shop, peer: StripePeer) -> None:
        """As in front of the real Stripe.js: no method at checkout, the client secret confirms, the webhook says so."""
        import urllib.request

        _, jane = shopper(stripe_shop.database)
        peer.deliveries.send_to(hook(stripe_shop), "whsec_test_secret")
        stripe_client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        answer = stripe_client.post("/v1/checkout", json={}, headers=jane).json()
        payment = answer["payment"]
        assert (payment["state"], payment["publishable_key"]) == ("needs_method", "pk_test_local")
        form = f"key={payment['publishable_key']}&client_secret={payment['client_secret']}&payment_method=pm_card_visa"
        urllib.request.urlopen(f"{peer.url}/v1/payment_intents/{payment['payment_id']}/confirm", data=form.encode()).close()
        peer.deliveries.drain()
        assert state(stripe_shop, answer["detail"]["order"]["id"]) == "paid"

    def test_cancel_then_nothing_can_be_paid(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": 3}, headers=jane)
        order_id = client.post("/v1/checkout", json={}, headers=jane).json()["detail"]["order"]["id"]
        cancelled = client.post(f"/v1/orders/{order_id}/cancel", headers=jane).json()
        assert (cancelled["detail"]["order"]["state"], cancelled["detail"]["close_reason"]) == ("cancelled", "shopper_cancelled")
        assert shelf(shop) == 10
        assert said(client.post(f"/v1/orders/{order_id}/confirm", json={"payment_method": "pm_card_visa"}, headers=jane)) == (409, "order_closed")

    def test_staff_refund(self, client: TestClient, shop: Shop) -> None:
        jane_id, jane = shopper(shop.database)
        maria = staff(shop.database, Role.MARKETER)
        coupon_id = coupon(shop, jane_id)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        client.put("/v1/cart/coupon", json={"code": coupon_id}, headers=jane)
        order_id = client.post("/v1/checkout", json={"payment_method": "pm_card_visa"}, headers=jane).json()["detail"]["order"]["id"]
        for _ in range(2):
            done = client.post(f"/v1/orders/{order_id}/refund", json={}, headers=maria).json()
            assert (done["detail"]["order"]["state"], done["detail"]["refunded_minor"]) == ("refunded", 360)
        assert (coupon_state(shop), shelf(shop)) == ("issued", 10)

    def test_refund_of_an_order_a_coupon_paid_for(self, client: TestClient, shop: Shop) -> None:
        jane_id, jane = shopper(shop.database)
        maria = staff(shop.database, Role.OPERATOR)
        coupon_id = coupon(shop, jane_id, benefit={"kind": "percent", "percent": 100, "categories": ["bonbon"], "max_discount_minor": 5000})
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        client.put("/v1/cart/coupon", json={"code": coupon_id}, headers=jane)
        answer = client.post("/v1/checkout", json={}, headers=jane).json()
        assert (answer["detail"]["order"]["state"], answer["payment"]) == ("paid", None)
        done = client.post(f"/v1/orders/{answer['detail']['order']['id']}/refund", json={}, headers=maria).json()
        assert done["detail"]["order"]["state"] == "refunded"
        assert (coupon_state(shop), shelf(shop)) == ("issued", 10)


class TestOthers:
    def test_anothers_cart_and_orders_do_not_exist(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        _, eve = shopper(shop.database)
        line_id = client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane).json()["lines"][0]["id"]
        assert said(client.delete(f"/v1/cart/lines/{line_id}", headers=eve)) == (404, "unknown_line")
        assert said(client.put(f"/v1/cart/lines/{line_id}", json={"quantity": 9}, headers=eve)) == (404, "unknown_line")
        assert client.get("/v1/cart", headers=eve).json()["lines"] == []
        order_id = client.post("/v1/checkout", json={}, headers=jane).json()["detail"]["order"]["id"]
        assert said(client.get(f"/v1/orders/{order_id}", headers=eve)) == (404, "unknown_order")
        for verb in ("confirm", "refresh", "cancel"):
            assert said(client.post(f"/v1/orders/{order_id}/{verb}", json={}, headers=eve)) == (404, "unknown_order")
        assert client.get("/v1/orders", headers=eve).json()["orders"] == []
        assert state(shop, order_id) == "pending"
        assert client.get("/v1/cart", headers=jane).json()["lines"] == []

    def test_staff_see_orders_of_all(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        maria = staff(shop.database, Role.OPERATOR)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        order_id = client.post("/v1/checkout", json={}, headers=jane).json()["detail"]["order"]["id"]
        assert [o["id"] for o in client.get("/v1/orders", headers=maria).json()["orders"]] == [order_id]
        assert client.get(f"/v1/orders/{order_id}", headers=maria).status_code == 200

    def test_the_same_key_of_another_is_another_order(self, client: TestClient, shop: Shop) -> None:
        ids: set[str] = set()
        for _, who in (shopper(shop.database), shopper(shop.database)):
            client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=who)
            ids.add(client.post("/v1/checkout", json={}, headers={**who, "Idempotency-Key": "same"}).json()["detail"]["order"]["id"])
        assert len(ids) == 2


class TestBadInput:
    def test_a_cart_in_two_currencies_names_both(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        refused = client.post("/v1/cart/lines", json={"product_id": "prd_kola"}, headers=jane)
        assert said(refused) == (422, "currency_mismatch")
        assert "EUR" in refused.json()["detail"]
        assert "SEK" in refused.json()["detail"]
        assert refused.json()["errors"][0]["field"] == "product_id"
        assert [li["product_id"] for li in client.get("/v1/cart", headers=jane).json()["lines"]] == ["prd_bonbon"]

    def test_quantities_out_of_range(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        for quantity in (0, -1, 100, 2**63, 1.5, "2", None, True, 1e308):
            refused = client.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": quantity}, headers=jane)
            assert refused.status_code == 422, quantity
            assert refused.json()["errors"][0]["field"] == "quantity"
        assert client.get("/v1/cart", headers=jane).json()["lines"] == []

    def test_ninety_nine_and_one_more(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": 99}, headers=jane)
        refused = client.post("/v1/cart/lines", json={"product_id": "prd_bonbon", "quantity": 1}, headers=jane)
        assert said(refused) == (422, "quantity_out_of_range")
        assert said(client.post("/v1/checkout", json={}, headers=jane)) == (409, "out_of_stock")
        assert shelf(shop) == 10

    def test_checkout_names_the_wrong_field(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        client.post("/v1/cart/lines", json={"product_id": "prd_bonbon"}, headers=jane)
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"payment_method": "4242 4242 4242 4242"}, "payment_method"),
            ({"return_url": "https://evil.example/"}, "return_url"),
            ({"return_url": "//evil.example/"}, "return_url"),
            ({"return_url": "/\\evil.example/"}, "return_url"),
            ({"expected_total_minor": -1}, "expected_total_minor"),
            ({"expected_total_minor": 1.5}, "expected_total_minor"),
            ({"total_minor": 1}, "total_minor"),
            ({"place_id": ""}, "place_id"),
            ({"place_id": "p" * 61}, "place_id"),
            ({"place_id": "plc_nowhere"}, "place_id"),
        ]
        for body, field in wrong:
            refused = client.post("/v1/checkout", json=body, headers=jane)
            assert refused.status_code == 422, body
            assert refused.json()["errors"][0]["field"] == field
        assert orders(shop) == []

    def test_malformed_json(self, client: TestClient, shop: Shop) -> None:
        _, jane = shopper(shop.database)
        bodies = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"product_id": "a", "product_id"', b"[" * 5000, b'{"code": "\\ud800", "product_id": "\\udfff", "place_id": "\\ud800"}']
        for body in bodies:
            for method, path in (("POST", "/v1/cart/lines"), ("POST", "/v1/checkout"), ("PUT", "/v1/cart/coupon"), ("POST", "/v1/cart/quote")):
                refused = client.request(method, path, content=body, headers={**jane, "Content-Type": "application/json"})
                assert refused.status_code in (400, 422), (path, refused.text)
                assert refused.headers["content-type"] == "application/problem+json"

    def test_naughty_strings_in_every_text_field(self, client: TestClient, shop: Shop) -> None:
        """No 500, no crash, nothing half-applied: each is found, refused by name, or not found."""
        naughty: list[str] = json.loads(shared("vectors", "blns", "blns.json").read_text())
        _, jane = shopper(shop.database)
        operator = staff(shop.database, Role.OPERATOR)
        fields = [
            lambda text: client.get("/v1/products", params={"q": text[:200], "category": text[:80]}),
            lambda text: client.post("/v1/cart/lines", json={"product_id": text}, headers=jane),
            lambda text: client.put("/v1/cart/coupon", json={"code": text, "place_id": text}, headers=jane),
            lambda text: client.post("/v1/cart/quote", json={"place_id": text}, headers=jane),
            lambda text: client.post("/v1/checkout", json={"payment_method": text, "return_url": text, "place_id": text}, headers=jane),
        ]
        worst = ["", "\x00", "\ud800", "💩", "\u202e", "' OR 1=1 --", "{{7*7}}", "<script>", "%", "_", "\u0661", "ﬃ", "ﷺ" * 200]
        asked = [(text, field) for text in worst for field in fields] + [(text, fields[k % len(fields)]) for k, text in enumerate(naughty)]
        for text, field in asked:
            try:
                answer = field(text)
            except UnicodeEncodeError:
                continue  # a lone surrogate cannot leave the test's own client as UTF-8
            assert answer.status_code in (200, 404, 409, 422), (text, answer.text)
        assert orders(shop) == []
        products = [
            {"name": t[:200], "description": t, "category": "naughty", "image": t[:200], "price_minor": k, "stock": 1}
            for k, t in enumerate(naughty) if t.strip() and "\x00" not in t
        ]  # fmt: skip
        unique = list({p["name"].strip(): p for p in products}.values())
        taken = client.post("/v1/products/import", json={"products": unique}, headers=operator)
        assert taken.status_code == 200, taken.text
        for page in itertools.count():
            listed = client.get("/v1/products", params={"category": "naughty", "limit": 100, "offset": 100 * page}).json()["products"]
            if not listed:
                break
            assert all(p["name"] for p in listed)
        assert said(client.post("/v1/orders/%F0%9F%92%A9/refresh", headers=jane)) == (404, "unknown_order")

    def test_import_is_all_or_nothing_and_names_the_field(self, client: TestClient, shop: Shop) -> None:
        operator = staff(shop.database, Role.OPERATOR)
        good = {"name": "New", "category": "c", "price_minor": 1, "stock": 1}
        for wrong, field in (
            ({**good, "price_minor": -1}, "products[1].price_minor"),
            ({**good, "price_minor": 1.5}, "products[1].price_minor"),
            ({**good, "currency": "eur"}, "products[1].currency"),
            ({**good, "name": " "}, "products[1].name"),
            ({**good, "stock": 10**9}, "products[1].stock"),
            ({**good, "colour": "red"}, "products[1].colour"),
            (good, "products[1].id"),
        ):
            refused = client.post("/v1/products/import", json={"products": [good, wrong]}, headers=operator)
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == field
        assert client.get("/v1/products", params={"q": "New"}).json()["products"] == []


class TestRefresh:
    def test_an_order_without_a_payment_is_as_it_is(self, client: TestClient, shop: Shop, clock: ManualClock) -> None:
        jane_id, jane = shopper(shop.database)
        from tests.storefront.floor import fill

        fill(shop, jane_id, prd_bonbon=1)
        order_id, _ = order(shop, shopper_id=jane_id)
        answer = client.post(f"/v1/orders/{order_id}/refresh", headers=jane)
        assert (answer.status_code, answer.json()["detail"]["order"]["state"]) == (200, "pending")
