"""The local Stripe peer against the real SDK: its states, its refusals, and its shapes held against the SDK's own types."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from app.demo.peers.stripe_books import TEST_METHODS
from app.demo.peers.stripe_deliveries import signature_header
from app.demo.peers.stripe_peer import ACCEPTED, StripePeer, decode_form
from tests.storefront.sdk_shapes import hints, misfits

AT_S = 1_795_000_000


@pytest.fixture
def peer() -> Iterator[StripePeer]:
    peer = StripePeer(now_s=lambda: AT_S)
    peer.start()
    yield peer
    peer.stop()


@pytest.fixture
def client(peer: StripePeer) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_local", base_addresses={"api": peer.url}, max_network_retries=0)


def an_intent(client: stripe.StripeClient, amount: int = 1250, **more: Any) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": amount, "currency": "eur", "metadata": {"order_id": "ord_1"}, **more})


class TestShapes:
    """Held against the SDK's annotations; `test_a_wrong_shape_is_named` shows that a drift would be seen, by its path."""

    def test_every_object_has_the_annotated_shape(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        client.v1.customers.create({"email": "jane@example.com", "name": "Jane"})
        for method in TEST_METHODS:
            intent = an_intent(client)
            try:
                confirmed = client.v1.payment_intents.confirm(intent.id, {"payment_method": method, "return_url": "http://127.0.0.1/back"})
                if confirmed.status == "succeeded" and TEST_METHODS[method].disputed != "dispute":
                    client.v1.refunds.create({"payment_intent": intent.id, "amount": 100, "reason": "requested_by_customer"})
                elif confirmed.status == "requires_action":
                    client.v1.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
            except stripe.CardError as declined:
                document = json.loads(declined.http_body or "")["error"]
                assert misfits(document, stripe.ErrorObject) == []
        an_intent(client, capture_method="manual", payment_method="pm_card_visa", confirm=True)
        shelves: list[tuple[dict[str, Any], type]] = [
            (peer.books.customers, stripe.Customer), (peer.books.intents, stripe.PaymentIntent), (peer.books.charges, stripe.Charge),
            (peer.books.refunds, stripe.Refund), (peer.books.methods, stripe.PaymentMethod),
        ]  # fmt: skip
        for shelf, cls in shelves:
            assert shelf, cls
            for document in shelf.values():
                assert misfits(document, cls) == []

    def test_every_event_has_the_annotated_shape_and_a_known_type(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        intent = an_intent(client, payment_method="pm_card_visa", confirm=True)
        client.v1.refunds.create({"payment_intent": intent.id})
        assert [e["type"] for e in peer.books.events] == [
            "payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "refund.created", "charge.refunded",
        ]  # fmt: skip
        for event in peer.books.events:
            assert misfits(event, stripe.Event) == []

    def test_statuses_the_peer_uses_are_the_sdks(self) -> None:
        status = hints(stripe.PaymentIntent)["status"]
        for known in ("requires_payment_method", "requires_confirmation", "requires_action", "processing", "requires_capture", "succeeded", "canceled"):
            assert misfits(known, status) == []
        assert misfits("paid", status)

    def test_a_wrong_shape_is_named(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        document = dict(peer.books.intents[an_intent(client).id])
        document["amount"] = "1250"
        document["surprise"] = 1
        del document["currency"]
        assert [m.split(":")[0] for m in misfits(document, stripe.PaymentIntent)] == ["$.surprise", "$.amount", "$.currency"]

    @pytest.mark.parametrize(
        ("name", "params"),
        [
            ("customer.create", "CustomerCreateParams"),
            ("intent.create", "PaymentIntentCreateParams"),
            ("intent.confirm", "PaymentIntentConfirmParams"),
            ("intent.update", "PaymentIntentUpdateParams"),
            ("method.detach", "PaymentMethodDetachParams"),
            ("intent.capture", "PaymentIntentCaptureParams"),
            ("intent.cancel", "PaymentIntentCancelParams"),
            ("refund.create", "RefundCreateParams"),
        ],
    )
    def test_parameters_are_the_sdks(self, name: str, params: str) -> None:
        assert ACCEPTED[name] - set(getattr(stripe.params, params).__annotations__) == set()


class TestIntent:
    def test_a_good_card_succeeds(self, client: stripe.StripeClient) -> None:
        intent = an_intent(client)
        assert (intent.status, intent.amount, intent.currency) == ("requires_payment_method", 1250, "eur")
        paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge"]})
        assert (paid.status, paid.amount_received) == ("succeeded", 1250)
        assert isinstance(paid.latest_charge, stripe.Charge)
        assert paid.latest_charge.metadata["order_id"] == "ord_1"

    def test_a_declined_card_says_why_and_may_be_replaced(self, client: stripe.StripeClient) -> None:
        intent = an_intent(client)
        with pytest.raises(stripe.CardError) as declined:
            client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclinedInsufficientFunds"})
        assert declined.value.code == "card_declined"
        assert declined.value.error is not None
        assert declined.value.error.decline_code == "insufficient_funds"
        again = client.v1.payment_intents.retrieve(intent.id)
        assert (again.status, again.amount_received) == ("requires_payment_method", 0)
        assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"

    def test_a_challenge_must_be_passed(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        for passed, status in ((True, "succeeded"), (False, "requires_payment_method")):
            intent = an_intent(client)
            waiting = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_threeDSecure2Required", "return_url": "http://127.0.0.1:1/back"})
            assert waiting.status == "requires_action"
            assert waiting.next_action is not None
            assert waiting.next_action.redirect_to_url is not None
            assert waiting.next_action.redirect_to_url.url == f"{peer.url}/peer/3ds/{intent.id}"
            peer.books.authenticate(intent.id, passed=passed)
            assert client.v1.payment_intents.retrieve(intent.id).status == status

    def test_the_banks_page_sends_the_shopper_back(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        intent = an_intent(client)
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_threeDSecure2Required", "return_url": "http://127.0.0.1:1/back?x=1"})
        page = urllib.request.urlopen(f"{peer.url}/peer/3ds/{intent.id}").read().decode()
        assert "12.50 EUR" in page

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *args: Any) -> None:
                return None

        with pytest.raises(urllib.error.HTTPError) as sent_back:
            urllib.request.build_opener(Stay).open(f"{peer.url}/peer/3ds/{intent.id}", data=b"outcome=complete")
        assert sent_back.value.headers["Location"] == f"http://127.0.0.1:1/back?x=1&payment_intent={intent.id}&redirect_status=succeeded"
        sent_back.value.close()

    def test_manual_capture_takes_at_most_what_was_authorised(self, client: stripe.StripeClient) -> None:
        intent = an_intent(client, capture_method="manual", payment_method="pm_card_visa", confirm=True)
        assert (intent.status, intent.amount_capturable) == ("requires_capture", 1250)
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1251})
        captured = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 1000})
        assert (captured.status, captured.amount_received) == ("succeeded", 1000)

    def test_a_cancelled_intent_cannot_be_paid_and_a_paid_one_not_cancelled(self, client: stripe.StripeClient) -> None:
        gone, paid = an_intent(client), an_intent(client, payment_method="pm_card_visa", confirm=True)
        assert client.v1.payment_intents.cancel(gone.id).status == "canceled"
        for act in (lambda: client.v1.payment_intents.confirm(gone.id, {"payment_method": "pm_card_visa"}), lambda: client.v1.payment_intents.cancel(paid.id)):
            with pytest.raises(stripe.InvalidRequestError) as refused:
                act()
            assert refused.value.code == "payment_intent_unexpected_state"

    def test_a_slow_method_is_processing_until_settled(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        good, bad = (an_intent(client, payment_method="pm_usBankAccount", confirm=True) for _ in range(2))
        assert (good.status, bad.status) == ("processing", "processing")
        peer.books.settle(good.id, succeeded=True)
        peer.books.settle(bad.id, succeeded=False)
        assert client.v1.payment_intents.retrieve(good.id).amount_received == 1250
        assert client.v1.payment_intents.retrieve(bad.id).status == "requires_payment_method"

    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({"amount": 49, "currency": "eur"}, "amount_too_small"),
            ({"amount": 100_000_000, "currency": "eur"}, "amount_too_large"),
            ({"amount": -1, "currency": "eur"}, "parameter_invalid_integer"),
            ({"currency": "eur"}, "parameter_missing"),
            ({"amount": 100}, "parameter_missing"),
            ({"amount": 100, "currency": "eur", "colour": "red"}, "parameter_unknown"),
            ({"amount": 100, "currency": "eur", "payment_method": "pm_nope"}, "resource_missing"),
        ],
    )
    def test_wrong_parameters_are_refused(self, peer: StripePeer, client: stripe.StripeClient, params: dict[str, Any], code: str) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            client.v1.payment_intents.create(params)  # type: ignore[arg-type]
        assert refused.value.code == code
        assert peer.books.intents == {}


class TestRefund:
    def test_never_more_than_was_paid(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        """Planted bug seen: `amount > charge["amount"]` lets two refunds of 700 through on 1250."""
        intent = an_intent(client, payment_method="pm_card_visa", confirm=True)
        assert client.v1.refunds.create({"payment_intent": intent.id, "amount": 700}).amount == 700
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 700})
        assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 550
        with pytest.raises(stripe.InvalidRequestError) as twice:
            client.v1.refunds.create({"payment_intent": intent.id})
        assert twice.value.code == "charge_already_refunded"
        assert [c["amount_refunded"] for c in peer.books.charges.values()] == [1250]

    def test_an_unpaid_intent_has_nothing_to_give_back(self, client: stripe.StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.refunds.create({"payment_intent": an_intent(client).id})


class TestIdempotency:
    def test_the_same_key_gives_the_same_answer(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        """Planted bug seen: the key left out of `_kept` gives two intents."""
        first = client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "k"})
        second = client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "k"})
        assert first.id == second.id
        assert second.last_response is not None
        assert second.last_response.headers["Idempotent-Replayed"] == "true"
        assert len(peer.books.intents) == 1

    def test_another_body_or_address_under_the_key_is_refused(self, client: stripe.StripeClient) -> None:
        intent = client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "k"})
        with pytest.raises(stripe.IdempotencyError):
            client.v1.payment_intents.create({"amount": 501, "currency": "eur"}, {"idempotency_key": "k"})
        with pytest.raises(stripe.IdempotencyError):
            client.v1.payment_intents.cancel(intent.id, {}, {"idempotency_key": "k"})

    def test_a_decline_is_remembered_but_a_malformed_request_is_not(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        intent = an_intent(client)
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"}, {"idempotency_key": "d"})
        assert len(peer.books.charges) == 1
        with pytest.raises(stripe.InvalidRequestError):
            client.v1.payment_intents.create({"amount": 1, "currency": "eur"}, {"idempotency_key": "m"})
        assert client.v1.payment_intents.create({"amount": 100, "currency": "eur"}, {"idempotency_key": "m"}).amount == 100

    def test_simultaneous_requests_do_the_work_once(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        gate, seen = threading.Barrier(8), []

        def create() -> None:
            gate.wait()
            seen.append(client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "race"}).id)

        threads = [threading.Thread(target=create) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 8
        assert len(set(seen)) == 1
        assert len(peer.books.intents) == 1


class TestFaults:
    def test_a_lost_answer_has_done_its_work(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        peer.lose_next_answers()
        with pytest.raises(stripe.APIConnectionError):
            client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "lost"})
        assert len(peer.books.intents) == 1
        again = client.v1.payment_intents.create({"amount": 500, "currency": "eur"}, {"idempotency_key": "lost"})
        assert list(peer.books.intents) == [again.id]

    def test_a_500_has_done_nothing(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        peer.fail_next()
        with pytest.raises(stripe.APIError):
            client.v1.payment_intents.create({"amount": 500, "currency": "eur"})
        assert peer.books.intents == {}


class TestCallers:
    def test_a_wrong_key_is_refused(self, peer: StripePeer) -> None:
        stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": peer.url}, max_network_retries=0)
        with pytest.raises(stripe.AuthenticationError):
            stranger.v1.payment_intents.create({"amount": 500, "currency": "eur"})

    def test_a_browser_confirms_with_the_client_secret_and_nothing_else(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        intent = an_intent(client)
        url = f"{peer.url}/v1/payment_intents/{intent.id}/confirm"
        wrong = f"key={peer.publishable_key}&client_secret=no&payment_method=pm_card_visa"
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(url, data=wrong.encode())
        assert refused.value.code == 400
        refused.value.close()
        right = f"key={peer.publishable_key}&client_secret={intent.client_secret}&payment_method=pm_card_visa"
        with urllib.request.urlopen(url, data=right.encode()) as answer:
            assert json.load(answer)["status"] == "succeeded"
        with pytest.raises(urllib.error.HTTPError) as not_his:
            urllib.request.urlopen(f"{peer.url}/v1/refunds", data=f"key={peer.publishable_key}&payment_intent={intent.id}".encode())
        assert not_his.value.code == 401
        not_his.value.close()


class TestDeliveries:
    def received(self, peer: StripePeer, statuses: list[int] | None = None) -> list[tuple[str, str]]:
        got: list[tuple[str, str]] = []
        answers = iter(statuses or [])

        def take(body: bytes, headers: dict[str, str]) -> int:
            event = stripe.Webhook.construct_event(body, headers["Stripe-Signature"], "whsec_x", tolerance=0)
            got.append((event.id, event.type))
            return next(answers, 200)

        peer.deliveries.send_to(take, "whsec_x")
        return got

    def test_events_arrive_signed_as_the_sdk_signs(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        got = self.received(peer)
        an_intent(client, payment_method="pm_card_visa", confirm=True)
        peer.deliveries.drain()
        assert [kind for _, kind in got] == ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]
        assert signature_header(b"{}", "whsec_x", AT_S) == stripe.WebhookSignature.generate_signature_header("{}", "whsec_x", AT_S)

    def test_held_events_come_late_in_any_order_and_twice(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        got = self.received(peer)
        peer.deliveries.hold()
        an_intent(client, payment_method="pm_card_visa", confirm=True)
        peer.deliveries.drain()
        assert got == []
        assert len(peer.deliveries.held) == 3
        peer.deliveries.release(order=lambda events: events[::-1], copies=2)
        peer.deliveries.drain()
        assert [kind for _, kind in got] == ["payment_intent.succeeded"] * 2 + ["charge.succeeded"] * 2 + ["payment_intent.created"] * 2
        assert len({i for i, _ in got}) == 3

    def test_a_refused_delivery_is_tried_again(self, peer: StripePeer, client: stripe.StripeClient) -> None:
        got = self.received(peer, [500, 503, 200])
        an_intent(client)
        peer.deliveries.drain()
        assert len(got) == 3
        assert peer.deliveries.log == [("payment_intent.created", 500), ("payment_intent.created", 503), ("payment_intent.created", 200)]


class TestDecodeForm:
    def test_brackets_nest(self) -> None:
        assert decode_form("a=1&metadata[order_id]=o&x[y][z]=2&expand[0]=c") == {
            "a": "1", "metadata": {"order_id": "o"}, "x": {"y": {"z": "2"}}, "expand": {"0": "c"},
        }  # fmt: skip
