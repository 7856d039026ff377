"""Stripe's documents in our words: payment intents, charges and events as plain dicts become Payment and PaymentNews. Pure.

Owns the reading of documents, whether they came as an answer or as a webhook. Must not import the SDK (the adapter does).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from storefront.disputes.states import DisputeState, DisputeTold
from storefront.methods.cards import Card
from storefront.payments.declines import reason_of
from storefront.payments.ports import Payment, PaymentNews, PaymentState

_STATES = {
    "requires_payment_method": PaymentState.NEEDS_METHOD,
    "requires_confirmation": PaymentState.NEEDS_METHOD,
    "requires_action": PaymentState.NEEDS_ACTION,
    "processing": PaymentState.PROCESSING,
    "requires_capture": PaymentState.PROCESSING,
    "succeeded": PaymentState.SUCCEEDED,
    "canceled": PaymentState.CANCELLED,
}


class NotAnEvent(ValueError):
    """The document lacks what every event has."""


def payment_of_intent(document: Mapping[str, Any]) -> Payment:
    """A payment intent; what was refunded is known only when its latest charge came with it (`expand`)."""
    state = _STATES[_text(document, "status")]
    error = _maybe(document, "last_payment_error")
    charge = document.get("latest_charge")
    refunded = _number(cast("Mapping[str, Any]", charge), "amount_refunded") if isinstance(charge, Mapping) else 0
    action = _maybe(document, "next_action")
    redirect = _maybe(action, "redirect_to_url") or {}
    return Payment(
        id=_text(document, "id"),
        state=state,
        amount_minor=_number(document, "amount"),
        received_minor=_number(document, "amount_received"),
        refunded_minor=refunded,
        currency=_text(document, "currency").upper(),
        order_id=_order_id(document),
        client_secret=document.get("client_secret"),
        action_url=redirect.get("url"),
        methods=_methods(cast("Mapping[str, Any]", charge)) if isinstance(charge, Mapping) else (),
        fingerprint=_fingerprint(cast("Mapping[str, Any]", charge)) if isinstance(charge, Mapping) else None,
        payer=_name(document, "customer"),
        keeps=document.get("setup_future_usage") in ("on_session", "off_session"),
        card=_card(cast("Mapping[str, Any]", charge)) if isinstance(charge, Mapping) else None,
        decline=reason_of(error.get("code"), error.get("decline_code")).value if error and state in (PaymentState.NEEDS_METHOD, PaymentState.CANCELLED) else None,
    )


def payment_of_charge(document: Mapping[str, Any]) -> Payment | None:
    """A captured charge of a payment intent: money that was taken, and how much of it went back."""
    intent = document.get("payment_intent")
    if not isinstance(intent, str) or document.get("captured") is not True:
        return None
    return Payment(
        id=intent,
        state=PaymentState.SUCCEEDED,
        amount_minor=_number(document, "amount"),
        received_minor=_number(document, "amount_captured"),
        refunded_minor=_number(document, "amount_refunded"),
        currency=_text(document, "currency").upper(),
        order_id=_order_id(document),
        methods=_methods(document),
        fingerprint=_fingerprint(document),
        payer=_name(document, "customer"),
        card=_card(document),
    )


def _methods(charge: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the way a charge was paid, from the widest to the narrowest: kind, brand of the card, wallet."""
    details = _maybe(charge, "payment_method_details") or {}
    card = _maybe(details, "card") or {}
    names = (details.get("type"), card.get("brand"), (_maybe(card, "wallet") or {}).get("type"))
    return tuple(name for name in names if isinstance(name, str) and name)


def _fingerprint(charge: Mapping[str, Any]) -> str | None:
    details = _maybe(charge, "payment_method_details") or {}
    found = (_maybe(details, str(details.get("type"))) or {}).get("fingerprint")
    return found if isinstance(found, str) and 0 < len(found) <= 200 else None


def _card(charge: Mapping[str, Any]) -> Card | None:
    """The card a charge was paid with, as far as one may know it."""
    card = _maybe(_maybe(charge, "payment_method_details"), "card") or {}
    token, brand, last4, month, year = _name(charge, "payment_method"), card.get("brand"), card.get("last4"), card.get("exp_month"), card.get("exp_year")
    if token is None or not isinstance(brand, str) or not isinstance(last4, str) or not isinstance(month, int) or not isinstance(year, int):
        return None
    return Card(token, brand, last4, month, year, _fingerprint(charge))


def news_of_event(document: object) -> PaymentNews:
    """An event's id, type and what it says of a payment. Raises NotAnEvent for anything else."""
    if not isinstance(document, Mapping):
        raise NotAnEvent("the body is not a JSON object")
    event = cast("Mapping[str, Any]", document)
    event_id, kind = event.get("id"), event.get("type")
    subject = (_maybe(event, "data") or {}).get("object")
    if event.get("object") != "event" or not isinstance(event_id, str) or not isinstance(kind, str) or not isinstance(subject, Mapping):
        raise NotAnEvent("the body is not an event with id, type and data.object")
    if not 0 < len(event_id) <= 200:
        raise NotAnEvent("the event's id is empty or too long")
    try:
        document = cast("Mapping[str, Any]", subject)
        return PaymentNews(event_id, kind, _payment(kind, document), _dispute(kind, document, event), *_subscribed(kind, document))
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotAnEvent(f"the {kind[:60]} event lacks a documented field") from wrong


def _payment(kind: str, subject: Mapping[str, Any]) -> Payment | None:
    if kind.startswith("payment_intent.") and subject.get("object") == "payment_intent":
        return payment_of_intent(subject)
    if kind in ("charge.succeeded", "charge.refunded") and subject.get("object") == "charge":
        return payment_of_charge(subject)
    return None


_DISPUTES = {
    "needs_response": DisputeState.OPEN, "under_review": DisputeState.UNDER_REVIEW, "won": DisputeState.WON, "lost": DisputeState.LOST,
    "appeal_needs_response": DisputeState.OPEN, "appeal_under_review": DisputeState.UNDER_REVIEW, "prevented": DisputeState.CLOSED,
    "warning_needs_response": DisputeState.INQUIRY, "warning_under_review": DisputeState.INQUIRY, "warning_closed": DisputeState.CLOSED,
}  # fmt: skip


def _dispute(kind: str, subject: Mapping[str, Any], event: Mapping[str, Any]) -> DisputeTold | None:
    """What one of the events about a dispute says of it, whichever it is: each has the whole of it as it was then."""
    payment_id = _name(subject, "payment_intent")
    if not kind.startswith("charge.dispute.") or subject.get("object") != "dispute" or payment_id is None:
        return None
    due = (_maybe(subject, "evidence_details") or {}).get("due_by")
    return DisputeTold(
        id=_text(subject, "id")[:80], payment_id=payment_id, state=_DISPUTES[_text(subject, "status")], amount_minor=_number(subject, "amount"),
        currency=_text(subject, "currency").upper(), reason=_text(subject, "reason")[:60], due_at=_instant(due) if isinstance(due, int) else None,
        opened_at=_instant(_number(subject, "created")), told_at=_instant(_number(event, "created")),
    )  # fmt: skip


def _subscribed(kind: str, subject: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(subscription, membership) an event is about, as far as it names one: that is looked at then, and nothing the event says is taken for true."""
    metadata = _maybe(subject, "metadata")
    if kind.startswith("customer.subscription."):
        return _short(subject, "id"), _short(metadata, "membership_id")
    if kind.startswith("invoice.") and subject.get("object") == "invoice":
        details = _maybe(_maybe(subject, "parent"), "subscription_details")
        return _short(details, "subscription"), _short(_maybe(details, "metadata"), "membership_id")
    return None, _short(metadata, "membership_id") if kind.startswith("setup_intent.") else None


def _short(document: Mapping[str, Any] | None, field: str) -> str | None:
    found = _name(document, field) if document is not None else None
    return found if found is not None and len(found) <= 80 else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(document: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    value = document.get(name) if document else None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _name(document: Mapping[str, Any], field: str) -> str | None:
    """The name of another object, where there is one and it is not there itself."""
    value = document.get(field)
    return value if isinstance(value, str) and value else None


def _order_id(document: Mapping[str, Any]) -> str | None:
    value = (_maybe(document, "metadata") or {}).get("order_id")
    return value if isinstance(value, str) else None


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _number(document: Mapping[str, Any], name: str) -> int:
    value = document[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(name)
    return value
