"""Cards kept for the next time, through Stripe's SDK and its peer: only by her word, once each, hers alone, and gone at the provider too."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, text

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from app.security.contacts.models import ContactChangeRow
from storefront.facade import Shop
from storefront.methods import repository as methods
from storefront.methods.models import DetachmentRow, KeptMethodRow
from storefront.orders.models import OrderRow
from storefront.payments.collecting import Means, begin, confirm, look
from storefront.payments.detaching import detach_due
from storefront.payments.settlement import settle
from storefront.privacy import HOLDERS, erase_methods, erase_orders
from tests.offers.builders import race
from tests.storefront.floor import fill, hook, order, row, shopper, state

KEEP = {"keep_method": True}


class Jane:
    """A shopper with a phone, and the provider's books."""

    def __init__(self, shop: Shop, client: TestClient, peer: StripePeer) -> None:
        self.shop, self.client, self.peer = shop, client, peer
        self.id, self.headers = shopper(shop.database)

    def buy(self, key: str = "k1", **more: Any) -> dict[str, Any]:
        fill(self.shop, self.id, prd_bonbon=1)
        answer = self.client.post("/v1/checkout", json={"payment_method": "pm_card_visa", "return_url": "/m/orders/back", **more}, headers=self.headers | {"Idempotency-Key": key})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def pay_kept(self, method_id: str, key: str = "k9") -> Any:
        fill(self.shop, self.id, prd_bonbon=1)
        asked = {"kept_method": method_id, "return_url": "/m/orders/back"}
        return self.client.post("/v1/checkout", json=asked, headers=self.headers | {"Idempotency-Key": key})

    @property
    def kept(self) -> list[dict[str, Any]]:
        return self.client.get("/v1/me/payment-methods", headers=self.headers).json()["payment_methods"]

    def attached(self) -> list[str]:
        """Last digits of what is attached to any customer at the provider."""
        return sorted(m["card"]["last4"] for m in self.peer.books.methods.values() if m["customer"])


@pytest.fixture
def jane(stripe_shop: Shop, stripe_client: TestClient, peer: StripePeer) -> Jane:
    return Jane(stripe_shop, stripe_client, peer)


class TestKeep:
    def test_only_when_she_says_so(self, jane: Jane) -> None:
        """Planted bug: `keep` defaulting to true keeps the first card."""
        jane.buy("k1")
        assert (jane.kept, jane.attached(), jane.peer.books.customers) == ([], [], {})
        jane.buy("k2", **KEEP)
        [one] = jane.kept
        assert {k: one[k] for k in ("brand", "last4", "exp_month", "exp_year", "default", "expired")} == {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": 2034, "default": True, "expired": False}
        assert jane.attached() == ["4242"]

    def test_nothing_of_her_or_her_card_goes_out_or_stays(self, jane: Jane) -> None:
        jane.buy(**KEEP)
        [customer] = jane.peer.books.customers.values()
        assert (customer["email"], customer["name"], customer["phone"], customer["metadata"]) == (None, None, None, {})
        token = next(m["id"] for m in jane.peer.books.methods.values() if m["customer"])
        with jane.shop.database.reading() as session:
            for table in ("storefront_payer", "storefront_kept_method"):
                for found in session.execute(text(f"SELECT * FROM {table}")).mappings():
                    stored = repr(dict(found))
                    assert not any(secret in stored for secret in (token, customer["id"], "4242", "visa", "2034"))

    def test_the_same_card_is_kept_once_and_its_older_token_goes(self, jane: Jane) -> None:
        jane.buy("k1", **KEEP)
        jane.buy("k2", **KEEP)
        assert len(jane.kept) == 1
        assert jane.attached() == ["4242", "4242"]
        detach_due(jane.shop)
        assert jane.attached() == ["4242"]
        assert jane.pay_kept(jane.kept[0]["id"]).json()["detail"]["order"]["state"] == "paid"

    def test_word_of_the_last_try_counts(self, jane: Jane) -> None:
        """A first try that wanted to keep was declined; the second card is not kept."""
        out = jane.buy(payment_method="pm_card_chargeDeclined", **KEEP)
        order_id = out["detail"]["order"]["id"]
        answer = jane.client.post(f"/v1/orders/{order_id}/confirm", json={"payment_method": "pm_card_mastercard"}, headers=jane.headers | {"Idempotency-Key": "k2"})
        assert answer.json()["detail"]["order"]["state"] == "paid"
        assert (jane.kept, jane.attached()) == ([], [])

    @pytest.mark.parametrize("told", ["in order", "backwards", "three times"])
    def test_after_the_banks_question_by_webhooks_alone_in_any_order(self, jane: Jane, told: str) -> None:
        jane.peer.deliveries.send_to(hook(jane.shop), jane.shop.settings.stripe_webhook_secrets[0].get_secret_value())
        jane.peer.deliveries.hold()
        out = jane.buy(payment_method="pm_card_threeDSecure2Required", **KEEP)
        assert (out["payment"]["state"], jane.kept) == ("needs_action", [])
        jane.peer.books.authenticate(out["payment"]["payment_id"], passed=True)
        jane.peer.deliveries.release(order=(lambda e: e[::-1]) if told == "backwards" else list, copies=3 if told == "three times" else 1)
        jane.peer.deliveries.drain()
        assert state(jane.shop, out["detail"]["order"]["id"]) == "paid"
        assert [one["last4"] for one in jane.kept] == ["3220"]

    def test_no_more_than_ten(self, jane: Jane, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(methods, "MOST_METHODS", 1)
        jane.buy("k1", **KEEP)
        jane.buy("k2", payment_method="pm_card_mastercard", **KEEP)
        detach_due(jane.shop)
        assert ([one["last4"] for one in jane.kept], jane.attached()) == (["4242"], ["4242"])

    def test_two_tries_at_once_are_one_account(self, jane: Jane) -> None:
        orders = []
        for key in ("a", "b"):
            fill(jane.shop, jane.id, prd_bonbon=1)
            orders.append(order(jane.shop, key, shopper_id=jane.id)[0])

        def pay(order_id: str) -> None:
            payment = confirm(jane.shop, order_id, begin(jane.shop, order_id), means=Means("pm_card_visa", keep=True), return_url=None, key=order_id)
            with jane.shop.database.transaction() as session:
                settle(session, jane.shop.coupons, order_id, payment, at=jane.shop.now())

        race([lambda o=o: pay(o) for o in orders])
        detach_due(jane.shop)
        assert [state(jane.shop, o) for o in orders] == ["paid", "paid"]
        assert (len(jane.kept), jane.attached(), len(jane.peer.books.customers)) == (1, ["4242"], 1)


class TestPay:
    def test_with_one_tap_and_the_bank_may_still_ask(self, jane: Jane) -> None:
        out = jane.buy("k1", payment_method="pm_card_threeDSecure2Required", **KEEP)
        jane.peer.books.authenticate(out["payment"]["payment_id"], passed=True)
        jane.client.post(f"/v1/orders/{out['detail']['order']['id']}/refresh", headers=jane.headers | {"Idempotency-Key": "r"})
        again = jane.pay_kept(jane.kept[0]["id"]).json()
        assert (again["detail"]["order"]["state"], again["payment"]["state"]) == ("pending", "needs_action")
        assert again["payment"]["action_url"]
        jane.peer.books.authenticate(again["payment"]["payment_id"], passed=True)
        payment = look(jane.shop, again["detail"]["order"]["id"])
        assert payment is not None
        assert payment.state == "succeeded"
        assert len(jane.kept) == 1

    def test_anothers_card_does_not_exist(self, jane: Jane, stripe_shop: Shop, stripe_client: TestClient, peer: StripePeer) -> None:
        """Planted bug: `usable` without the shopper pays with Jane's card."""
        jane.buy(**KEEP)
        eve = Jane(stripe_shop, stripe_client, peer)
        hers = jane.kept[0]["id"]
        refused = eve.pay_kept(hers)
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_payment_method")
        for act in (lambda: eve.client.put(f"/v1/me/payment-methods/{hers}/default", headers=eve.headers), lambda: eve.client.delete(f"/v1/me/payment-methods/{hers}", headers=eve.headers)):
            assert act().status_code == 404
        assert eve.kept == []
        assert len(jane.kept) == 1

    def test_an_expired_card_pays_nothing_and_nothing_is_placed(self, jane: Jane, clock: ManualClock) -> None:
        jane.buy(**KEEP)
        [one] = jane.kept
        clock.set_to(datetime(2035, 1, 1, tzinfo=clock.now().tzinfo))
        with jane.shop.database.reading() as session:
            assert [k.expired for k in methods.methods(session, jane.id, clock.now())] == [True]
        fill(jane.shop, jane.id, prd_bonbon=1)
        from storefront.checkout import CheckoutOrder, check_out
        from storefront.errors import CardHasExpired

        with pytest.raises(CardHasExpired):
            check_out(jane.shop, "late", CheckoutOrder(jane.id, None, None, None, None, kept_id=one["id"]))
        with jane.shop.database.reading() as session:
            assert len(session.scalars(select(OrderRow.id)).all()) == 1

    def test_the_rules_are_asked_again_for_an_order_that_stands(self, jane: Jane) -> None:
        """Placed before her contact changed, paid with her card after: more than little waits. Planted bug: without the question it is paid."""
        jane.buy("k1", **KEEP)
        fill(jane.shop, jane.id, prd_last=1)
        placed = jane.client.post("/v1/checkout", json={}, headers=jane.headers | {"Idempotency-Key": "k2"})
        assert placed.status_code == 201, placed.text
        order_id = placed.json()["detail"]["order"]["id"]
        at, settings = jane.shop.now(), cast("Any", jane.client.app).state.house.settings
        settings.security = settings.security.model_copy(update={"small_payment_minor": {"EUR": 5_000}})
        with jane.shop.database.transaction() as session:
            session.add(ContactChangeRow(id="cch_1", shopper_id=jane.id, kind="email", change="changed", cooling=True, at=at, undo_until=at + timedelta(days=7), undo_hash="x" * 64))
        answer = jane.client.post(f"/v1/orders/{order_id}/confirm", json={"kept_method": jane.kept[0]["id"]}, headers=jane.headers | {"Idempotency-Key": "k3"})
        assert (answer.status_code, state(jane.shop, order_id)) == (403, "pending"), answer.text

    def test_a_card_is_kept_or_new_not_both(self, jane: Jane) -> None:
        fill(jane.shop, jane.id, prd_bonbon=1)
        for asked in ({"kept_method": "kpm_1", "payment_method": "pm_card_visa"}, {"kept_method": "kpm_1", "keep_method": True}):
            assert jane.client.post("/v1/checkout", json=asked, headers=jane.headers | {"Idempotency-Key": json.dumps(asked)}).status_code == 422


class TestRemove:
    def test_gone_here_at_once_and_at_the_provider_as_soon_as_it_answers(self, jane: Jane, clock: ManualClock) -> None:
        """Planted bug: the row taken away before the provider has answered leaves the card attached."""
        jane.buy("k1", **KEEP)
        jane.buy("k2", payment_method="pm_card_mastercard", **KEEP)
        newest = next(one for one in jane.kept if not one["default"])
        assert jane.client.put(f"/v1/me/payment-methods/{newest['id']}/default", headers=jane.headers).status_code == 204
        assert [(one["last4"], one["default"]) for one in jane.kept] == [("4444", True), ("4242", False)]
        assert jane.client.delete(f"/v1/me/payment-methods/{newest['id']}", headers=jane.headers).status_code == 204
        assert [(one["last4"], one["default"]) for one in jane.kept] == [("4242", True)]
        jane.peer.fail_next()
        assert (detach_due(jane.shop), jane.attached()) == (0, ["4242", "4444"])
        assert detach_due(jane.shop) == 0  # not due yet
        clock.advance(61)
        jane.peer.lose_next_answers()
        assert (detach_due(jane.shop), jane.attached()) == (0, ["4242"])  # done there, and not known here
        clock.advance(121)
        assert detach_due(jane.shop) == 1
        with jane.shop.database.reading() as session:
            assert methods.still_to_detach(session) == 0
        assert jane.pay_kept(newest["id"]).status_code == 404

    def test_two_rounds_ask_once(self, jane: Jane) -> None:
        jane.buy(**KEEP)
        jane.client.delete(f"/v1/me/payment-methods/{jane.kept[0]['id']}", headers=jane.headers)
        assert sorted(race([lambda: detach_due(jane.shop)] * 2)) == [0, 1]
        assert [path for method, path, _ in jane.peer.requests if path.endswith("/detach")].__len__() == 1


class TestErase:
    def test_the_account_at_the_provider_goes_with_all_that_is_in_it(self, jane: Jane) -> None:
        """Planted bug: `forget` without the detachment leaves the card attached."""
        jane.buy(**KEEP)
        with jane.shop.database.transaction() as session:
            assert erase_methods(session, jane.id) == 2
            assert erase_methods(session, jane.id) == 0
            assert jane.id not in repr(list(session.execute(select(DetachmentRow.__table__))))
        detach_due(jane.shop)
        assert (jane.kept, jane.attached()) == ([], [])
        assert jane.peer.books.deleted == set(jane.peer.books.customers)

    def test_a_payment_that_ends_afterwards_keeps_nothing(self, jane: Jane) -> None:
        out = jane.buy(payment_method="pm_card_threeDSecure2Required", **KEEP)
        with jane.shop.database.transaction() as session:
            erase_orders(session, jane.id)
            erase_methods(session, jane.id)
        jane.peer.books.authenticate(out["payment"]["payment_id"], passed=True)
        order_id = out["detail"]["order"]["id"]
        payment = look(jane.shop, order_id)
        assert payment is not None
        with jane.shop.database.transaction() as session:
            settle(session, jane.shop.coupons, order_id, payment, at=jane.shop.now())
        assert row(jane.shop, order_id).state == "paid"
        with jane.shop.database.reading() as session:
            assert session.scalars(select(KeptMethodRow.id)).all() == []
        detach_due(jane.shop)
        assert jane.attached() == []

    def test_methods_go_after_orders(self) -> None:
        """The order's row is what a payment and her erasure meet at."""
        names = [holder.name for holder in HOLDERS]
        assert names.index("storefront.orders") < names.index("storefront.methods")
