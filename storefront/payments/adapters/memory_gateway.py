"""The payment port's twin in memory: the same answers, no money, no network.

Owns a pretended account for tests and for a shop without a key. Passes the same contract suite as the Stripe adapter.
Test methods are named as at Stripe (`pm_card_visa`, `pm_card_chargeDeclined`, `pm_card_threeDSecure2Required`, ...).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from app.kernel.ids import derived_id
from storefront.errors import GatewayRefused
from storefront.methods.cards import Card
from storefront.payments.ports import Payment, PaymentState
from storefront.reasons import StorefrontReason

DECLINES = {
    "pm_card_chargeDeclined": StorefrontReason.CARD_DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": StorefrontReason.INSUFFICIENT_FUNDS,
    "pm_card_chargeDeclinedExpiredCard": StorefrontReason.CARD_EXPIRED,
}
CHALLENGED = ("pm_card_threeDSecure2Required", "pm_card_authenticationRequired")
ACCEPTED = ("pm_card_visa", "pm_card_mastercard")
LAST4 = {"pm_card_visa": "4242", "pm_card_mastercard": "4444"}
MIN_AMOUNT_MINOR = 50
_OPEN = (PaymentState.NEEDS_METHOD, PaymentState.NEEDS_ACTION)


class MemoryGateway:
    """Payments in a dict. `authenticate` plays the shopper's answer to her bank."""

    name = "memory"
    publishable_key: str | None = None

    def __init__(self) -> None:
        self._payments: dict[str, Payment] = {}
        self._answers: dict[str, tuple[tuple[str, ...], Payment]] = {}
        self._kept: dict[str, tuple[str, str]] = {}
        self._payers: set[str] = set()
        self._lock = threading.RLock()

    def create_payment(self, *, order_id: str, amount_minor: int, currency: str, key: str) -> Payment:
        def make() -> Payment:
            if amount_minor < MIN_AMOUNT_MINOR:
                raise GatewayRefused(extra={"provider_code": "amount_too_small"})
            payment_id = derived_id("mem", key)
            return Payment(payment_id, PaymentState.NEEDS_METHOD, amount_minor, 0, 0, currency, order_id, client_secret=f"{payment_id}_secret")

        return self._once(key, ("create", order_id, str(amount_minor), currency), make)

    def confirm_payment(self, payment_id: str, *, method: str, return_url: str | None, key: str) -> Payment:
        def take() -> Payment:
            payment = self.read_payment(payment_id)
            if payment.state not in _OPEN:
                return payment
            if method.startswith("kept_"):
                return self._pay_kept(payment, method)
            if method in CHALLENGED:
                return replace(payment, state=PaymentState.NEEDS_ACTION, decline=None, action_url=f"memory:{payment_id}" if return_url else None)
            if method in ACCEPTED:
                return self._paid_with(self._taken(payment), method)
            refusal = DECLINES.get(method, StorefrontReason.PAYMENT_METHOD_REFUSED)
            return replace(payment, state=PaymentState.NEEDS_METHOD, decline=refusal.value, action_url=None)

        return self._once(key, ("confirm", payment_id, method, return_url or ""), take)

    def read_payment(self, payment_id: str) -> Payment:
        with self._lock:
            if payment_id not in self._payments:
                raise GatewayRefused(extra={"provider_code": "resource_missing"})
            return self._payments[payment_id]

    def cancel_payment(self, payment_id: str) -> Payment:
        with self._lock:
            payment = self.read_payment(payment_id)
            if payment.state in _OPEN:
                payment = replace(payment, state=PaymentState.CANCELLED, action_url=None)
            self._payments[payment_id] = payment
            return payment

    def refund_payment(self, payment_id: str, *, key: str, amount_minor: int | None = None) -> Payment:
        def give_back() -> Payment:
            payment = self.read_payment(payment_id)
            left_minor = payment.received_minor - payment.refunded_minor
            if amount_minor is not None and amount_minor > left_minor > 0:
                raise GatewayRefused(extra={"provider_code": None})
            back_minor = left_minor if amount_minor is None else min(amount_minor, left_minor)
            return replace(payment, refunded_minor=payment.refunded_minor + back_minor)

        self._once(key, ("refund", payment_id, str(amount_minor)), give_back)
        return self.read_payment(payment_id)

    def authenticate(self, payment_id: str, *, passed: bool) -> Payment:
        """The shopper passes or fails her bank's challenge."""
        with self._lock:
            payment = self.read_payment(payment_id)
            if payment.state is PaymentState.NEEDS_ACTION:
                failed = replace(payment, state=PaymentState.NEEDS_METHOD, decline=StorefrontReason.AUTHENTICATION_FAILED.value, action_url=None)
                payment = self._paid_with(self._taken(payment), "pm_card_visa") if passed else failed
                self._payments[payment_id] = payment
            return payment

    def open_payer(self, *, key: str) -> str:
        payer = derived_id("mpy", key)
        with self._lock:
            self._payers.add(payer)
        return payer

    def bind_payment(self, payment_id: str, *, payer: str | None, keep: bool) -> Payment:
        with self._lock:
            payment = self.read_payment(payment_id)
            if payer is not None and payer not in self._payers:
                raise GatewayRefused(extra={"provider_code": "resource_missing"})
            if payment.state in _OPEN:
                payment = self._payments[payment_id] = replace(payment, payer=payer or payment.payer, keeps=keep)
            return payment

    def detach_method(self, token: str) -> None:
        with self._lock:
            self._kept.pop(token, None)

    def close_payer(self, payer: str) -> None:
        with self._lock:
            self._payers.discard(payer)
            self._kept = {token: kept for token, kept in self._kept.items() if kept[0] != payer}

    def attach(self, payer: str, method: str, *, of: str) -> str:
        """A card is kept for that payer without paying anything; returns its token."""
        with self._lock:
            token = derived_id("kept", of)
            self._kept[token] = (payer, method)
            return token

    def card_of(self, token: str) -> Card | None:
        """What is kept under it; None for nothing."""
        with self._lock:
            kept = self._kept.get(token)
        return self._card(token, kept[1]) if kept is not None else None

    def _card(self, token: str, method: str) -> Card:
        return Card(token, method.removeprefix("pm_card_"), LAST4.get(method, "4242"), 12, 2034, f"fp_{method}")

    def _paid_with(self, payment: Payment, method: str) -> Payment:
        brand = method.removeprefix("pm_card_")
        token = derived_id("kept", payment.id)
        if payment.keeps and payment.payer is not None:
            self._kept[token] = (payment.payer, method)
        return replace(payment, methods=("card", brand), fingerprint=f"fp_{method}", card=self._card(token, method))

    def _pay_kept(self, payment: Payment, token: str) -> Payment:
        payer, method = self._kept.get(token, (None, ""))
        if payer is None or payer != payment.payer:
            return replace(payment, state=PaymentState.NEEDS_METHOD, decline=StorefrontReason.PAYMENT_METHOD_REFUSED.value, action_url=None)
        paid = self._paid_with(self._taken(payment), method)
        return replace(paid, card=replace(paid.card, token=token) if paid.card else None)

    def _taken(self, payment: Payment) -> Payment:
        return replace(payment, state=PaymentState.SUCCEEDED, received_minor=payment.amount_minor, decline=None, action_url=None)

    def _once(self, key: str, asked: tuple[str, ...], do: Callable[[], Payment]) -> Payment:
        with self._lock:
            if key in self._answers:
                before, answer = self._answers[key]
                if before != asked:
                    raise GatewayRefused("this key was used for another request")
                return answer
            answer = do()
            self._payments[answer.id] = answer
            self._answers[key] = (asked, answer)
            return answer
