"""Stripe's documents about subscriptions in our words: plain dicts become Told, Setup and Change. Pure.

Owns the reading of documents. Must not import the SDK (the adapter does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from storefront.memberships.plan import Every, Terms
from storefront.memberships.ports import Change, InvoiceState, Setup, SetupState, Told, ToldInvoice
from storefront.memberships.states import MembershipState
from storefront.methods.cards import Card
from storefront.payments.declines import reason_of
from storefront.reasons import StorefrontReason

Document = Mapping[str, Any]

_STATES = {
    "incomplete": MembershipState.INCOMPLETE,
    "incomplete_expired": MembershipState.ENDED,
    "trialing": MembershipState.TRIALING,
    "active": MembershipState.ACTIVE,
    "past_due": MembershipState.PAST_DUE,
    "unpaid": MembershipState.UNPAID,
    "paused": MembershipState.UNPAID,
    "canceled": MembershipState.ENDED,
}
"""Stripe's `paused` is a trial that ended without a card; a pause by her own wish is `pause_collection` of one that is active."""
_SETUPS = {
    "requires_payment_method": SetupState.NEEDS_METHOD, "requires_confirmation": SetupState.NEEDS_METHOD, "requires_action": SetupState.NEEDS_ACTION,
    "processing": SetupState.NEEDS_ACTION, "succeeded": SetupState.SUCCEEDED, "canceled": SetupState.CANCELLED,
}  # fmt: skip


def told_of(subscription: Document, invoices: Sequence[Document]) -> Told:
    """A subscription with what it has asked money for."""
    item = _items(subscription)[0]
    price, told = item["price"], _STATES[subscription["status"]]
    if subscription.get("pause_collection") and told in (MembershipState.ACTIVE, MembershipState.TRIALING):
        told = MembershipState.PAUSED
    metadata = _part(subscription, "metadata")
    terms = Terms(
        str(metadata.get("plan_id", "")), str(metadata.get("plan_name", "")), int(price["unit_amount"]), str(price["currency"]).upper(),
        Every(price["recurring"]["interval"]),
    )  # fmt: skip
    return Told(
        id=str(subscription["id"]), membership_id=metadata.get("membership_id"), payer=str(subscription["customer"]), state=told, terms=terms,
        period_ends_at=_instant(item["current_period_end"]), trial_ends_at=_maybe(subscription.get("trial_end")), leaves_at=_maybe(subscription.get("cancel_at")),
        ended_at=_maybe(subscription.get("ended_at")), end_reason=_why(subscription), card=_card(subscription.get("default_payment_method")),
        invoices=tuple(_invoice(one) for one in invoices),
    )  # fmt: skip


def _items(subscription: Document) -> Sequence[Document]:
    return cast("Sequence[Document]", subscription["items"]["data"])


def _why(subscription: Document) -> str | None:
    if subscription["status"] == "incomplete_expired":
        return StorefrontReason.MEMBERSHIP_NOT_BEGUN
    if subscription["status"] != "canceled":
        return None
    unpaid = _part(subscription, "cancellation_details").get("reason") in ("payment_failed", "payment_disputed")
    return StorefrontReason.MEMBERSHIP_UNPAID if unpaid else StorefrontReason.MEMBERSHIP_LEFT


def _invoice(document: Document) -> ToldInvoice:
    periods = [line["period"] for line in document["lines"]["data"]] or [{"start": document["period_start"], "end": document["period_end"]}]
    return ToldInvoice(
        id=str(document["id"]), state=InvoiceState(document["status"]), due_minor=int(document["amount_due"]), paid_minor=int(document["amount_paid"]), currency=str(document["currency"]).upper(),
        starts_at=_instant(min(p["start"] for p in periods)), ends_at=_instant(max(p["end"] for p in periods)), told_at=_instant(document["created"]),
        paid_at=_maybe(_part(document, "status_transitions").get("paid_at")), renews=document.get("billing_reason") == "subscription_cycle",
        payment_id=_payment(document), next_try_at=_maybe(document.get("next_payment_attempt")),
    )  # fmt: skip


def _payment(document: Document) -> str | None:
    """The payment that counts by default, where the invoice came with its payments (`expand`)."""
    found = cast("Sequence[Document]", _part(document, "payments").get("data", ()))
    named = [one["payment"].get("payment_intent") for one in sorted(found, key=lambda one: not one.get("is_default"))]
    return next((one for one in named if isinstance(one, str)), None)


def _card(method: object) -> Card | None:
    if not isinstance(method, Mapping) or not isinstance(cast("Document", method).get("card"), Mapping):
        return None
    known = cast("Document", method)
    card = known["card"]
    return Card(str(known["id"]), str(card["brand"]), str(card["last4"]), int(card["exp_month"]), int(card["exp_year"]), card.get("fingerprint"))


def setup_of(document: Document) -> Setup:
    error = document.get("last_setup_error")
    action = _part(_part(document, "next_action"), "redirect_to_url")
    state, method = _SETUPS[document["status"]], document.get("payment_method")
    return Setup(
        id=str(document["id"]), state=state, payer=str(document["customer"]), token=method if isinstance(method, str) else None,
        client_secret=document.get("client_secret"), action_url=action.get("url"),
        decline=reason_of(error.get("code"), error.get("decline_code")).value if error and state is SetupState.NEEDS_METHOD else None,
    )  # fmt: skip


def change_of(preview: Document, at: datetime) -> Change:
    """What a previewed invoice asks for, or leaves over."""
    total = int(preview["total"]) + int(preview["starting_balance"])
    return Change(int(preview["amount_due"]), max(0, -total), str(preview["currency"]).upper(), at)


def _part(document: Document, name: str) -> Document:
    return cast("Document", document.get(name) or {})


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return _instant(seconds) if seconds is not None else None
