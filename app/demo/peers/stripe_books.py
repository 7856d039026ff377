"""What the local Stripe peer remembers: customers, payment intents, charges, refunds, events.

Owns the states of Stripe's payment life and their refusals, as plain dicts in the shape stripe-python annotates.
Must not know HTTP, signatures or anything of this shop: it stands for somebody else's machine.
"""

from __future__ import annotations

import copy
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.demo.peers.stripe_cards import TEST_METHODS, TestMethod, details, fingerprint

Doc = dict[str, Any]


class StripeProblem(Exception):
    """An answer of Stripe's error shape. `stored`: whether the idempotency key remembers it (validation is not remembered)."""

    def __init__(self, status: int, kind: str, message: str, *, stored: bool = True, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.stored = stored
        self.error: Doc = {"type": kind, "message": message, **more}


def invalid(message: str, *, code: str | None = None, param: str | None = None, status: int = 400) -> StripeProblem:
    more = {k: v for k, v in (("code", code), ("param", param)) if v}
    return StripeProblem(status, "invalid_request_error", message, stored=False, **more)


MIN_AMOUNT_MINOR = {"eur": 50, "usd": 50, "gbp": 30, "sek": 300, "jpy": 50}
CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")
CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")


def token(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


@dataclass
class Books:
    """All objects of one pretended account. Callers hold `lock` (one request at a time); `on_event` hears of events in order."""

    now_s: Callable[[], float]
    on_event: Callable[[Doc], None]
    api_version: str = "2026-10-28.endive"
    challenge_url: str = ""
    customers: dict[str, Doc] = field(default_factory=dict[str, Doc])
    intents: dict[str, Doc] = field(default_factory=dict[str, Doc])
    charges: dict[str, Doc] = field(default_factory=dict[str, Doc])
    refunds: dict[str, Doc] = field(default_factory=dict[str, Doc])
    methods: dict[str, Doc] = field(default_factory=dict[str, Doc])
    events: list[Doc] = field(default_factory=list[Doc])
    disputes: dict[str, Doc] = field(default_factory=dict[str, Doc])
    deleted: set[str] = field(default_factory=set[str])
    spent: set[str] = field(default_factory=set[str])
    """Methods that were used or detached while no customer had them: none is ever used twice."""
    settled: list[Callable[[Doc], None]] = field(default_factory=list[Callable[[Doc], None]])
    """Who hears of a payment that is through."""
    _names: dict[str, str] = field(default_factory=dict[str, str])
    lock: threading.RLock = field(default_factory=threading.RLock)

    # -- reading ---------------------------------------------------------------------------------------------

    def get(self, shelf: dict[str, Doc], object_id: str, what: str) -> Doc:
        with self.lock:
            found = shelf.get(object_id)
            if found is None:
                raise invalid(f"No such {what}: '{object_id}'", code="resource_missing", param="id", status=404)
            return found

    def intent(self, intent_id: str) -> Doc:
        return self.get(self.intents, intent_id, "payment_intent")

    # -- writing ---------------------------------------------------------------------------------------------

    def create_intent(self, form: Doc) -> Doc:
        amount = _amount(form, "amount")
        currency = str(form.get("currency") or "")
        if not currency:
            raise invalid("Missing required param: currency.", code="parameter_missing", param="currency")
        if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.islower():
            raise invalid(f"Invalid currency: {currency}.", param="currency")
        if amount < MIN_AMOUNT_MINOR.get(currency, 1):
            raise invalid("Amount must be at least the minimum charge amount.", code="amount_too_small", param="amount")
        if amount > 99_999_999:
            raise invalid("Amount must be no more than 999,999.99.", code="amount_too_large", param="amount")
        capture = form.get("capture_method", "automatic_async")
        if capture not in ("automatic", "automatic_async", "manual"):
            raise invalid(f"Invalid capture_method: {capture}", param="capture_method")
        if form.get("customer"):
            self.known_customer(form["customer"])
        intent_id = token("pi")
        intent: Doc = {
            "id": intent_id, "object": "payment_intent", "amount": amount, "amount_capturable": 0, "amount_received": 0,
            "amount_details": {"tip": {}}, "application": None, "application_fee_amount": None,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "always"},
            "canceled_at": None, "cancellation_reason": None, "capture_method": capture,
            "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}", "confirmation_method": form.get("confirmation_method", "automatic"),
            "created": int(self.now_s()), "currency": currency, "customer": form.get("customer"), "description": form.get("description"),
            "last_payment_error": None, "latest_charge": None, "livemode": False, "metadata": form.get("metadata", {}),
            "next_action": None, "on_behalf_of": None, "payment_method": None,
            "payment_method_configuration_details": None, "payment_method_options": {}, "payment_method_types": list((form.get("payment_method_types") or {"0": "card"}).values()),
            "processing": None, "receipt_email": form.get("receipt_email"), "review": None,
            "setup_future_usage": form.get("setup_future_usage"), "shipping": form.get("shipping"), "source": None, "statement_descriptor": None,
            "statement_descriptor_suffix": None, "status": "requires_payment_method", "transfer_data": None, "transfer_group": None,
        }  # fmt: skip
        if form.get("payment_method"):
            intent["payment_method"] = self.method(form["payment_method"])["id"]
            intent["status"] = "requires_confirmation"
        self.intents[intent_id] = intent
        self.tell("payment_intent.created", intent)
        if form.get("confirm") in (True, "true", "True"):
            return self.confirm(intent_id, form)
        return intent

    def confirm(self, intent_id: str, form: Doc) -> Doc:
        intent = self.intent(intent_id)
        if intent["status"] not in CONFIRMABLE:
            raise self._unexpected(intent, "confirm")
        if form.get("payment_method"):
            intent["payment_method"] = self.usable(intent, self.method(form["payment_method"]))["id"]
        if "setup_future_usage" in form:
            intent["setup_future_usage"] = form["setup_future_usage"] or None
        if not intent["payment_method"]:
            raise invalid(
                "You cannot confirm this PaymentIntent because it's missing a payment method.",
                code="payment_intent_unexpected_state",
            )
        behaviour = self._behaviour(intent)
        intent["last_payment_error"] = None
        if behaviour.challenge:
            intent["status"] = "requires_action"
            intent["next_action"] = self._challenge(intent, form.get("return_url"))
            self.tell("payment_intent.requires_action", intent)
            return intent
        return self._charge(intent, behaviour)

    def authenticate(self, intent_id: str, *, passed: bool) -> Doc:
        """The shopper answers the 3-D Secure challenge (Stripe's own page does this in the real world)."""
        intent = self.intent(intent_id)
        if intent["status"] != "requires_action":
            raise self._unexpected(intent, "authenticate")
        intent["next_action"] = None
        if passed:
            return self._charge(intent, self._behaviour(intent), raises=False)
        error = {
            "type": "invalid_request_error", "code": "payment_intent_authentication_failure",
            "message": "The provided payment method has failed authentication.",
        }  # fmt: skip
        self.fail(intent, error)
        return intent

    def settle(self, intent_id: str, *, succeeded: bool) -> Doc:
        """A slow method (bank debit) comes to its end."""
        intent = self.intent(intent_id)
        if intent["status"] != "processing":
            raise self._unexpected(intent, "settle")
        if succeeded:
            return self._succeed(intent, intent["amount"], self.charges[intent["latest_charge"]])
        self.charges[intent["latest_charge"]].update(status="failed", paid=False, failure_code="payment_method_provider_decline")
        self.fail(intent, {"type": "card_error", "code": "payment_method_provider_decline", "message": "The bank refused the debit."})
        return intent

    def capture(self, intent_id: str, form: Doc) -> Doc:
        intent = self.intent(intent_id)
        if intent["status"] != "requires_capture":
            raise self._unexpected(intent, "capture")
        amount = _amount(form, "amount_to_capture") if form.get("amount_to_capture") else intent["amount_capturable"]
        if amount > intent["amount_capturable"]:
            raise invalid("The amount to capture is greater than the amount authorized.", code="amount_too_large", param="amount_to_capture")
        charge = self.charges[intent["latest_charge"]]
        charge.update(captured=True, amount_captured=amount)  # the rest was never taken: since 2025-03-31 it does not count as refunded
        self.tell("charge.captured", charge)
        return self._succeed(intent, amount, charge)

    def cancel(self, intent_id: str, form: Doc) -> Doc:
        intent = self.intent(intent_id)
        if intent["status"] not in CANCELLABLE:
            raise self._unexpected(intent, "cancel")
        intent.update(
            status="canceled", canceled_at=int(self.now_s()), cancellation_reason=form.get("cancellation_reason"),
            amount_capturable=0, next_action=None,
        )  # fmt: skip
        self.tell("payment_intent.canceled", intent)
        return intent

    def refund(self, form: Doc) -> Doc:
        charge = self._refundable(form)
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = _amount(form, "amount") if form.get("amount") not in (None, "") else left
        if left == 0:
            raise StripeProblem(
                400, "invalid_request_error", f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
            )
        if any(one["charge"] == charge["id"] and not one["is_charge_refundable"] for one in self.disputes.values()):
            raise StripeProblem(400, "invalid_request_error", f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed")
        if amount > left:
            raise StripeProblem(
                400, "invalid_request_error", f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
            )
        refund = {
            "id": token("re"), "object": "refund", "amount": amount, "balance_transaction": None, "charge": charge["id"],
            "created": int(self.now_s()), "currency": charge["currency"], "metadata": form.get("metadata", {}),
            "payment_intent": charge["payment_intent"], "reason": form.get("reason"), "receipt_number": None,
            "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
        }  # fmt: skip
        self.refunds[refund["id"]] = refund
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self.tell("refund.created", refund)
        self.tell("charge.refunded", charge)
        return refund

    # -- inside ----------------------------------------------------------------------------------------------

    def _refundable(self, form: Doc) -> Doc:
        if form.get("payment_intent"):
            intent = self.intent(form["payment_intent"])
            charge_id = intent["latest_charge"] if intent["status"] == "succeeded" else None
            if charge_id is None:
                raise StripeProblem(
                    400, "invalid_request_error", f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                    code="payment_intent_unexpected_state",
                )  # fmt: skip
            return self.charges[charge_id]
        if form.get("charge"):
            return self.get(self.charges, form["charge"], "charge")
        raise invalid("One of the following params should be provided: charge, payment_intent.", code="parameter_missing")

    def _charge(self, intent: Doc, behaviour: TestMethod, *, raises: bool = True) -> Doc:
        charge = self._new_charge(intent, behaviour)
        intent.update(latest_charge=charge["id"], next_action=None)
        if behaviour.decline:
            code, decline_code, message = behaviour.decline
            charge.update(status="failed", paid=False, captured=False, amount_captured=0, failure_code=code, failure_message=message)
            charge["outcome"].update(type="issuer_declined", network_status="declined_by_network", reason=decline_code, seller_message=message)
            self.tell("charge.failed", charge)
            error = {"type": "card_error", "code": code, "decline_code": decline_code, "message": message, "charge": charge["id"]}
            method = self.methods[intent["payment_method"]]
            self.fail(intent, {**error, "payment_method": method})
            if raises:
                more = {k: v for k, v in error.items() if k not in ("type", "message")}
                raise StripeProblem(402, "card_error", message, **more, payment_intent=copy.deepcopy(intent), payment_method=method)
            return intent
        if behaviour.slow:
            charge.update(status="pending", captured=False, amount_captured=0)
            intent["status"] = "processing"
            self.tell("charge.pending", charge)
            self.tell("payment_intent.processing", intent)
            return intent
        if intent["capture_method"] == "manual":
            charge.update(captured=False, amount_captured=0)
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            self.tell("charge.succeeded", charge)
            self.tell("payment_intent.amount_capturable_updated", intent)
            return intent
        return self._succeed(intent, intent["amount"], charge)

    def _succeed(self, intent: Doc, amount: int, charge: Doc) -> Doc:
        already = charge["captured"] and charge["status"] == "succeeded" and intent["status"] == "requires_capture"
        charge.update(status="succeeded", paid=True, captured=True, amount_captured=amount)
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        if not already:
            self.tell("charge.succeeded", charge)
        self._attach(intent)
        self.tell("payment_intent.succeeded", intent)
        for hear in self.settled:
            hear(intent)
        return intent

    def _attach(self, intent: Doc) -> None:
        """What was paid with stays with the customer if that was asked for; else nobody uses it again."""
        method = self.methods[intent["payment_method"]]
        if method["customer"] is not None:
            return
        if intent["customer"] and intent["setup_future_usage"] and intent["customer"] not in self.deleted:
            method["customer"] = intent["customer"]
            self.tell("payment_method.attached", method)
        else:
            self.spent.add(method["id"])

    def usable(self, intent: Doc, method: Doc) -> Doc:
        if method["id"] in self.spent:
            raise invalid(
                "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a connected account without "
                "Customer attachment, or was detached from a Customer. It may not be used again.", code="payment_method_unexpected_state", param="payment_method",
            )  # fmt: skip
        if method["customer"] not in (None, intent["customer"]):
            raise invalid("The PaymentMethod belongs to a Customer; please provide this Customer on the PaymentIntent.", param="payment_method")
        return method

    def known_customer(self, customer_id: str) -> Doc:
        if customer_id in self.deleted:
            raise invalid(f"No such customer: '{customer_id}'", code="resource_missing", param="customer")
        return self.get(self.customers, customer_id, "customer")

    def fail(self, intent: Doc, error: Doc) -> None:
        intent.update(status="requires_payment_method", last_payment_error=error, payment_method=None)
        self.tell("payment_intent.payment_failed", intent)

    def _new_charge(self, intent: Doc, behaviour: TestMethod) -> Doc:
        address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
        billing = {"address": address, "email": None, "name": None, "phone": None, "tax_id": None}
        kind = behaviour.bank if behaviour.slow else "card"
        outcome = {
            "network_status": "approved_by_network", "reason": None, "risk_level": "normal", "seller_message": "Payment complete.",
            "type": "authorized", "advice_code": None, "network_advice_code": None, "network_decline_code": None,
        }  # fmt: skip
        charge: Doc = {
            "id": token("ch"), "object": "charge", "amount": intent["amount"], "amount_captured": intent["amount"], "amount_refunded": 0,
            "application": None, "application_fee": None, "application_fee_amount": None, "balance_transaction": None,
            "billing_details": billing, "calculated_statement_descriptor": "MOBILE MOMENTS", "captured": True,
            "created": int(self.now_s()), "currency": intent["currency"], "customer": intent["customer"], "description": intent["description"],
            "disputed": False, "failure_balance_transaction": None, "failure_code": None, "failure_message": None, "fraud_details": {},
            "livemode": False, "metadata": dict(intent["metadata"]), "on_behalf_of": None, "outcome": outcome, "paid": True,
            "payment_intent": intent["id"], "payment_method": intent["payment_method"],
            "payment_method_details": details(kind, behaviour), "receipt_email": None, "receipt_number": None, "receipt_url": None,
            "refunded": False, "review": None, "shipping": None, "source": None, "source_transfer": None, "statement_descriptor": None,
            "statement_descriptor_suffix": None, "status": "succeeded", "transfer_data": None, "transfer_group": None,
        }  # fmt: skip
        self.charges[charge["id"]] = charge
        return charge

    def method(self, name: str) -> Doc:
        if name in self.methods:
            return self.methods[name]
        behaviour = TEST_METHODS.get(name)
        if behaviour is None:
            raise invalid(f"No such PaymentMethod: '{name}'", code="resource_missing", param="payment_method")
        address = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
        method: Doc = {
            "id": token("pm"), "object": "payment_method", "created": int(self.now_s()), "customer": None, "livemode": False,
            "metadata": {}, "type": behaviour.bank if behaviour.slow else "card",
            "billing_details": {"address": address, "email": None, "name": None, "phone": None, "tax_id": None},
        }  # fmt: skip
        if not behaviour.slow:
            method["card"] = {
                "brand": behaviour.brand, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit", "last4": behaviour.last4,
                "fingerprint": fingerprint(behaviour), "generated_from": None, "wallet": None,
                "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            }  # fmt: skip
        self.methods[method["id"]] = method
        self._names[method["id"]] = name
        return method

    def name_of(self, method_id: str) -> str:
        return self._names[method_id]

    def behaves(self, method_id: str, name: str) -> None:
        """From now on that card is like the test method of this name."""
        self._names[method_id] = name

    def _behaviour(self, intent: Doc) -> TestMethod:
        return TEST_METHODS[self._names[intent["payment_method"]]]

    def _challenge(self, intent: Doc, return_url: str | None) -> Doc:
        url = f"{self.challenge_url}/peer/3ds/{intent['id']}"
        if return_url:
            return {"type": "redirect_to_url", "redirect_to_url": {"return_url": return_url, "url": url}}
        return {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url}}

    def _unexpected(self, intent: Doc, verb: str) -> StripeProblem:
        message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
        return StripeProblem(
            400, "invalid_request_error", message, code="payment_intent_unexpected_state", payment_intent=copy.deepcopy(intent)
        )

    def tell(self, kind: str, subject: Doc) -> None:
        event: Doc = {
            "id": token("evt"), "object": "event", "api_version": self.api_version, "created": int(self.now_s()), "livemode": False,
            "type": kind, "data": {"object": copy.deepcopy(subject)}, "pending_webhooks": 1,
            "request": {"id": token("req"), "idempotency_key": None},
        }  # fmt: skip
        self.events.append(event)
        self.on_event(event)


def _amount(form: Doc, name: str) -> int:
    if form.get(name) in (None, ""):
        raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    try:
        amount = int(str(form[name]))
    except ValueError:
        raise invalid(f"Invalid integer: {form[name]}", code="parameter_invalid_integer", param=name) from None
    if amount < 1:
        raise invalid("This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=name)
    return amount
