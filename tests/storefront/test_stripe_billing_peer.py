"""The local Stripe peer's subscriptions against the real SDK: shapes held against its types, and the calendar."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import stripe

from app.demo.peers.stripe_billing import after
from app.demo.peers.stripe_peer import ACCEPTED, StripePeer
from app.kernel.clock import ManualClock
from tests.conftest import START
from tests.storefront.sdk_shapes import misfits


@pytest.fixture
def peer(clock: ManualClock) -> Iterator[StripePeer]:
    peer = StripePeer(now_s=lambda: clock.now().timestamp())
    peer.start()
    yield peer
    peer.stop()


def a_life(peer: StripePeer, clock: ManualClock) -> stripe.StripeClient:
    """A trial that becomes a month, is paused, changed, dunned and over; and one that never begins."""
    client = stripe.StripeClient("sk_test_local", base_addresses={"api": peer.url}, max_network_retries=0)
    customer = client.v1.customers.create({}).id
    product = client.v1.products.create({"id": "gold", "name": "Gold"}).id

    def price(amount: int) -> dict[str, object]:
        return {"currency": "eur", "product": product, "unit_amount": amount, "recurring": {"interval": "month"}}

    setup = client.v1.setup_intents.create({"customer": customer, "usage": "off_session"})
    client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_threeDSecure2Required", "return_url": "http://127.0.0.1/back"})
    peer.billing.authenticate_setup(setup.id, passed=False)
    ready = client.v1.setup_intents.confirm(setup.id, {"payment_method": "pm_card_visa"})
    sub = client.v1.subscriptions.create(
        {"customer": customer, "items": [{"price_data": price(990)}], "trial_period_days": 14, "default_payment_method": ready.payment_method, "payment_behavior": "default_incomplete"}  # type: ignore[typeddict-item]
    )
    clock.advance(15 * 86_400)
    client.v1.subscriptions.update(sub.id, {"pause_collection": {"behavior": "void"}})
    client.v1.subscriptions.update(sub.id, {"pause_collection": ""})
    client.v1.subscriptions.update(sub.id, {"items": [{"id": sub["items"].data[0].id, "price_data": price(1990)}], "proration_behavior": "always_invoice"})  # type: ignore[typeddict-item]
    peer.billing.card_goes_bad(sub.id)
    clock.advance(60 * 86_400)
    assert client.v1.subscriptions.retrieve(sub.id).status == "canceled"
    client.v1.subscriptions.create({"customer": customer, "items": [{"price_data": price(990)}], "payment_behavior": "default_incomplete"})  # type: ignore[typeddict-item]
    clock.advance(86_400)
    client.v1.subscriptions.cancel(
        client.v1.subscriptions.create({"customer": customer, "items": [{"price_data": price(990)}], "payment_behavior": "default_incomplete"}).id  # type: ignore[typeddict-item]
    )
    return client


class TestShapes:
    def test_every_object_and_event_has_the_annotated_shape(self, peer: StripePeer, clock: ManualClock) -> None:
        a_life(peer, clock)
        billing = peer.billing
        for shelf, cls in ((billing.products, stripe.Product), (billing.subscriptions, stripe.Subscription), (billing.invoices.shelf, stripe.Invoice), (billing.setups, stripe.SetupIntent)):
            assert shelf
            for document in shelf.values():
                assert misfits(document, cls) == []
        for event in peer.books.events:
            assert misfits(event, stripe.Event) == []
        assert {e["type"] for e in peer.books.events} >= {
            "customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "invoice.created", "invoice.finalized", "invoice.paid",
            "invoice.payment_failed", "invoice.marked_uncollectible", "invoice.voided", "setup_intent.created", "setup_intent.requires_action",
            "setup_intent.setup_failed", "setup_intent.succeeded",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("name", "params"),
        [
            ("product.create", "ProductCreateParams"), ("setup.create", "SetupIntentCreateParams"), ("setup.confirm", "SetupIntentConfirmParams"),
            ("subscription.create", "SubscriptionCreateParams"), ("subscription.update", "SubscriptionUpdateParams"),
            ("subscription.cancel", "SubscriptionCancelParams"), ("invoice.preview", "InvoiceCreatePreviewParams"),
        ],
    )  # fmt: skip
    def test_parameters_are_the_sdks(self, name: str, params: str) -> None:
        assert ACCEPTED[name] - set(getattr(stripe.params, params).__annotations__) == set()


class TestAfter:
    def test_the_last_day_of_a_short_month_and_back_again(self) -> None:
        at = anchor = int(datetime(2027, 1, 31, 9, tzinfo=UTC).timestamp())
        days = []
        for _ in range(4):
            at = after(at, "month", anchor)
            days.append(datetime.fromtimestamp(at, UTC).day)
        assert days == [28, 31, 30, 31]
        assert datetime.fromtimestamp(after(int(START.timestamp()), "year"), UTC) == START.replace(year=START.year + 1)
        assert calendar.monthrange(2028, 2)[1] == 29
