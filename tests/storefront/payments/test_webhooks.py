"""Stripe's webhook: genuine, once, and nothing applied otherwise."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.demo.peers.stripe_peer import StripePeer
from app.kernel.clock import ManualClock
from storefront.errors import BadWebhookSignature, MalformedWebhook
from storefront.facade import Shop
from storefront.payments.webhooks import receive
from tests.storefront.floor import fill, order, row, signed, state


@pytest.fixture
def paid_at_stripe(stripe_shop: Shop, peer: StripePeer) -> tuple[str, dict[str, Any]]:
    """(order id, the event that says it is paid), not yet delivered."""
    fill(stripe_shop, prd_bonbon=1)
    order_id, payment = order(stripe_shop)
    assert payment is not None
    peer.books.confirm(payment.id, {"payment_method": "pm_card_visa"})
    return order_id, peer.books.events[-1]


def now_s(clock: ManualClock) -> int:
    return int(clock.now().timestamp())


class TestReceive:
    def test_settles_then_is_a_duplicate(self, stripe_shop: Shop, clock: ManualClock, paid_at_stripe: tuple[str, dict[str, Any]]) -> None:
        """Planted bug seen: without the inbox row the second delivery answers settled."""
        order_id, document = paid_at_stripe
        body, headers = signed(document, now_s(clock))
        assert [receive(stripe_shop, body, headers["Stripe-Signature"]) for _ in range(2)] == ["settled", "duplicate"]
        assert state(stripe_shop, order_id) == "paid"

    def test_another_accounts_payment_is_ignored(self, stripe_shop: Shop, clock: ManualClock, paid_at_stripe: tuple[str, dict[str, Any]]) -> None:
        order_id, document = paid_at_stripe
        subject = {**document["data"]["object"], "id": "pi_elsewhere", "metadata": {}}
        body, headers = signed({**document, "data": {"object": subject}}, now_s(clock))
        assert receive(stripe_shop, body, headers["Stripe-Signature"]) == "ignored"
        assert state(stripe_shop, order_id) == "pending"

    def test_an_event_before_our_record_is_found_by_the_order(self, stripe_shop: Shop, peer: StripePeer, clock: ManualClock) -> None:
        """The answer to announcing was lost, the browser paid all the same (it cannot, but Stripe may say so)."""
        fill(stripe_shop, prd_bonbon=1)
        order_id, payment = order(stripe_shop)
        assert payment is not None
        from sqlalchemy import update

        from storefront.orders.models import OrderRow

        with stripe_shop.database.transaction() as session:
            session.execute(update(OrderRow).values(payment_id=None))
        peer.books.confirm(payment.id, {"payment_method": "pm_card_visa"})
        body, headers = signed(peer.books.events[-1], now_s(clock))
        assert receive(stripe_shop, body, headers["Stripe-Signature"]) == "settled"
        assert (state(stripe_shop, order_id), row(stripe_shop, order_id).payment_id) == ("paid", payment.id)

    @pytest.mark.parametrize(
        ("age_s", "secret", "reason"),
        [
            (0, "whsec_other", "signature_wrong"),
            (301, "whsec_test_secret", "signature_old"),
            (-301, "whsec_test_secret", "signature_from_the_future"),
        ],
    )
    def test_what_is_not_genuine_changes_nothing(
        self, stripe_shop: Shop, clock: ManualClock, paid_at_stripe: tuple[str, dict[str, Any]], age_s: int, secret: str, reason: str
    ) -> None:
        order_id, document = paid_at_stripe
        body, headers = signed(document, now_s(clock) - age_s, secret)
        with pytest.raises(BadWebhookSignature) as refused:
            receive(stripe_shop, body, headers["Stripe-Signature"])
        assert refused.value.extra == {"reason": reason}
        assert state(stripe_shop, order_id) == "pending"
        body, headers = signed(document, now_s(clock))
        assert receive(stripe_shop, body, headers["Stripe-Signature"]) == "settled"

    @pytest.mark.parametrize("document", [None, [], {"object": "event"}, "text", {"id": "evt", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"object": "payment_intent"}}}])
    def test_a_signed_body_that_is_no_event(self, stripe_shop: Shop, clock: ManualClock, document: Any) -> None:
        body, headers = signed(document, now_s(clock))
        with pytest.raises(MalformedWebhook):
            receive(stripe_shop, body, headers["Stripe-Signature"])

    @pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
    def test_a_signed_body_that_is_no_json(self, stripe_shop: Shop, clock: ManualClock, body: bytes) -> None:
        from app.demo.peers.stripe_deliveries import signature_header

        with pytest.raises(MalformedWebhook):
            receive(stripe_shop, body, signature_header(body, "whsec_test_secret", now_s(clock)))


class TestOverHttp:
    def test_the_raw_body_counts(self, stripe_client: TestClient, stripe_shop: Shop, clock: ManualClock, paid_at_stripe: tuple[str, dict[str, Any]]) -> None:
        order_id, document = paid_at_stripe
        body, headers = signed(document, now_s(clock))
        refused = stripe_client.post("/v1/webhooks/stripe", content=body + b" ", headers=headers)
        assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (400, "bad_webhook_signature", "signature_wrong")
        missing = stripe_client.post("/v1/webhooks/stripe", content=body)
        assert (missing.status_code, missing.json()["reason"]) == (400, "signature_missing")
        assert state(stripe_shop, order_id) == "pending"
        taken = stripe_client.post("/v1/webhooks/stripe", content=body, headers=headers)
        assert (taken.status_code, taken.json()) == (200, {"outcome": "settled"})
        assert state(stripe_shop, order_id) == "paid"
