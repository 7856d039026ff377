"""Stripe's documents read as ours: intents, charges, events, and what is none."""

from __future__ import annotations

from typing import Any

import pytest

from storefront.payments.ports import Payment, PaymentNews, PaymentState
from storefront.payments.stripe_words import NotAnEvent, news_of_event, payment_of_charge, payment_of_intent

INTENT: dict[str, Any] = {
    "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 900, "amount_received": 900, "currency": "eur",
    "client_secret": "pi_1_secret", "metadata": {"order_id": "ord_1"}, "next_action": None, "last_payment_error": None, "latest_charge": "ch_1",
}  # fmt: skip
CHARGE: dict[str, Any] = {
    "id": "ch_1", "object": "charge", "payment_intent": "pi_1", "captured": True, "amount": 900, "amount_captured": 900, "amount_refunded": 400,
    "currency": "eur", "metadata": {"order_id": "ord_1"},
}  # fmt: skip


def event(kind: str, subject: Any) -> dict[str, Any]:
    return {"id": "evt_1", "object": "event", "type": kind, "data": {"object": subject}}


class TestPaymentOfIntent:
    def test_paid(self) -> None:
        assert payment_of_intent(INTENT) == Payment("pi_1", PaymentState.SUCCEEDED, 900, 900, 0, "EUR", "ord_1", "pi_1_secret")

    def test_with_its_charge_by_value(self) -> None:
        assert payment_of_intent({**INTENT, "latest_charge": CHARGE}).refunded_minor == 400

    def test_declined(self) -> None:
        error = {"code": "card_declined", "decline_code": "insufficient_funds"}
        found = payment_of_intent({**INTENT, "status": "requires_payment_method", "amount_received": 0, "last_payment_error": error})
        assert (found.state, found.decline) == (PaymentState.NEEDS_METHOD, "insufficient_funds")

    def test_an_old_error_of_a_payment_that_went_on_is_no_decline(self) -> None:
        assert payment_of_intent({**INTENT, "last_payment_error": {"code": "card_declined"}}).decline is None

    def test_action(self) -> None:
        action = {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank/3ds", "return_url": None}}
        found = payment_of_intent({**INTENT, "status": "requires_action", "next_action": action})
        assert (found.state, found.action_url) == (PaymentState.NEEDS_ACTION, "https://bank/3ds")


class TestPaymentOfCharge:
    def test_captured(self) -> None:
        assert payment_of_charge(CHARGE) == Payment("pi_1", PaymentState.SUCCEEDED, 900, 900, 400, "EUR", "ord_1")

    @pytest.mark.parametrize(
        ("details", "fingerprint"),
        [
            ({"type": "card", "card": {"fingerprint": "fp_1"}}, "fp_1"),
            ({"type": "sepa_debit", "sepa_debit": {"fingerprint": "fp_2"}, "card": {"fingerprint": "fp_1"}}, "fp_2"),
            ({"type": "card", "card": {"fingerprint": None}}, None),
            ({"type": "card", "card": {"fingerprint": "f" * 201}}, None),
            ({"type": "klarna"}, None),
            (None, None),
        ],
    )
    def test_the_mark_of_the_card(self, details: object, fingerprint: str | None) -> None:
        charge = {**CHARGE, "payment_method_details": details}
        found = payment_of_charge(charge)
        assert found is not None
        assert found.fingerprint == payment_of_intent({**INTENT, "latest_charge": charge}).fingerprint == fingerprint
        assert "fp_" not in repr(found)

    def test_uncaptured_or_without_intent_says_nothing(self) -> None:
        assert payment_of_charge({**CHARGE, "captured": False}) is None
        assert payment_of_charge({**CHARGE, "payment_intent": None}) is None


class TestNewsOfEvent:
    def test_intent_and_charge(self) -> None:
        assert news_of_event(event("payment_intent.succeeded", INTENT)) == PaymentNews("evt_1", "payment_intent.succeeded", payment_of_intent(INTENT))
        assert news_of_event(event("charge.refunded", CHARGE)).payment == payment_of_charge(CHARGE)
        assert news_of_event(event("charge.succeeded", CHARGE)).payment == payment_of_charge(CHARGE)

    def test_other_types_say_nothing(self) -> None:
        assert news_of_event(event("customer.created", {"object": "customer"})).payment is None
        assert news_of_event(event("charge.failed", CHARGE)).payment is None

    @pytest.mark.parametrize(
        "document",
        [
            None, [], "evt", 5, {}, {"object": "event"}, event("payment_intent.succeeded", None), event("payment_intent.succeeded", []),
            {**event("payment_intent.succeeded", INTENT), "id": 5}, {**event("payment_intent.succeeded", INTENT), "id": "e" * 201},
            event("payment_intent.succeeded", {**INTENT, "status": "brand_new"}), event("payment_intent.succeeded", {**INTENT, "amount": "900"}),
            event("payment_intent.succeeded", {**INTENT, "currency": None}), event("charge.refunded", {**CHARGE, "amount_refunded": True}),
            {**event("payment_intent.succeeded", INTENT), "object": "v2.core.event"},
        ],
    )  # fmt: skip
    def test_anything_else_is_no_event(self, document: object) -> None:
        with pytest.raises(NotAnEvent):
            news_of_event(document)
