"""Stripe behind the payment port, through its own SDK. The only file that imports `stripe`.

Owns the calls and the translation of the SDK's exceptions. Must not hold state or touch the database. The SDK's own
retries are off: our retries carry the same idempotency key and are decided where the order is known.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from storefront.errors import GatewayMisconfigured, GatewayRefused, GatewayUnreachable
from storefront.payments.declines import reason_of
from storefront.payments.ports import Payment
from storefront.payments.stripe_words import payment_of_intent
from storefront.reasons import StorefrontReason

if TYPE_CHECKING:
    import stripe

_EXPAND = ["latest_charge"]


class StripeGateway:
    """One account at Stripe. `api_base` may be the local peer; `timeout_s` bounds each call."""

    name = "stripe"

    def __init__(self, *, secret_key: str, publishable_key: str | None, api_base: str, api_version: str, timeout_s: float) -> None:
        self._secret_key, self._api_base, self._api_version, self._timeout_s = secret_key, api_base, api_version, timeout_s
        self.publishable_key = publishable_key
        self._made: stripe.StripeClient | None = None
        self._making = threading.Lock()

    def create_payment(self, *, order_id: str, amount_minor: int, currency: str, key: str) -> Payment:
        params: Any = {
            "amount": amount_minor,
            "currency": currency.lower(),
            "metadata": {"order_id": order_id},  # nothing about the shopper leaves the house
            "automatic_payment_methods": {"enabled": True},
            "expand": _EXPAND,
        }
        return self._ask(lambda client: client.v1.payment_intents.create(params, {"idempotency_key": key}))

    def confirm_payment(self, payment_id: str, *, method: str, return_url: str | None, key: str) -> Payment:
        params: Any = {"payment_method": method, "expand": _EXPAND} | ({"return_url": return_url} if return_url else {})
        return self._ask(lambda client: client.v1.payment_intents.confirm(payment_id, params, {"idempotency_key": key}), of=payment_id)

    def read_payment(self, payment_id: str) -> Payment:
        params: Any = {"expand": _EXPAND}
        return self._ask(lambda client: client.v1.payment_intents.retrieve(payment_id, params))

    def cancel_payment(self, payment_id: str) -> Payment:
        params: Any = {"cancellation_reason": "abandoned", "expand": _EXPAND}
        return self._ask(lambda client: client.v1.payment_intents.cancel(payment_id, params), of=payment_id)

    def refund_payment(self, payment_id: str, *, key: str, amount_minor: int | None = None) -> Payment:
        params: Any = {"payment_intent": payment_id, "reason": "requested_by_customer"}
        if amount_minor is not None:
            params |= {"amount": amount_minor, "metadata": {"refund_id": key}}
        known: Any = {"payment_intent": payment_id, "limit": 100}

        def give_back(client: stripe.StripeClient) -> stripe.PaymentIntent:
            # The provider forgets keys after a day; what it did under one stays listed.
            done = amount_minor is not None and any(r.to_dict()["metadata"].get("refund_id") == key for r in client.v1.refunds.list(known).data)
            if not done:
                client.v1.refunds.create(params, {"idempotency_key": key})
            return client.v1.payment_intents.retrieve(payment_id, {"expand": _EXPAND})

        return self._ask(give_back, of=payment_id)

    def open_payer(self, *, key: str) -> str:
        with self._answers():
            return self._client().v1.customers.create({}, {"idempotency_key": key}).id

    def bind_payment(self, payment_id: str, *, payer: str | None, keep: bool) -> Payment:
        whose: Any = {"customer": payer} if payer is not None else {}
        # "on_session": she is there whenever it is used again; nothing is ever taken from it behind her back
        params: Any = whose | {"setup_future_usage": "on_session" if keep else "", "expand": _EXPAND}
        return self._ask(lambda client: client.v1.payment_intents.update(payment_id, params), of=payment_id)

    def detach_method(self, token: str) -> None:
        self._gone(lambda client: client.v1.payment_methods.detach(token))

    def close_payer(self, payer: str) -> None:
        self._gone(lambda client: client.v1.customers.delete(payer))

    def speak(self, call: Callable[[stripe.StripeClient], Any]) -> dict[str, Any]:
        """For what is spoken with the same account beside payments (billing). Raises GatewayRefused also for a card that was declined."""
        client = self._client()
        import stripe

        try:
            with self._answers():
                return call(client).to_dict()
        except (stripe.CardError, stripe.InvalidRequestError) as refused:
            raise GatewayRefused(extra={"provider_code": refused.code}) from refused

    # -- inside ----------------------------------------------------------------------------------------------

    def _client(self) -> stripe.StripeClient:
        with self._making:
            if self._made is None:
                import stripe  # lazy: a third of a second

                self._made = stripe.StripeClient(
                    self._secret_key,
                    base_addresses={"api": self._api_base},
                    max_network_retries=0,
                    stripe_version=self._api_version,
                    http_client=stripe.RequestsClient(timeout=self._timeout_s),
                )
            return self._made

    def _ask(self, call: Callable[[stripe.StripeClient], stripe.PaymentIntent], *, of: str | None = None) -> Payment:
        """Speak to Stripe. `of` is the payment spoken of: when Stripe refuses because of its state, that state is the answer."""
        client = self._client()
        import stripe

        try:
            with self._answers():
                return payment_of_intent(call(client).to_dict())
        except stripe.CardError as declined:
            return self._declined(declined, of)
        except stripe.InvalidRequestError as refused:
            if of is not None and refused.code in ("payment_intent_unexpected_state", "charge_already_refunded"):
                return self.read_payment(of)
            if of is not None and refused.param == "payment_method":
                return replace(self.read_payment(of), decline=StorefrontReason.PAYMENT_METHOD_REFUSED.value)
            raise GatewayRefused(extra={"provider_code": refused.code}) from refused

    def _gone(self, call: Callable[[stripe.StripeClient], object]) -> None:
        """Something shall be no more; it is as well if it never was. Raises GatewayRefused for any other refusal."""
        client = self._client()
        import stripe

        try:
            with self._answers():
                call(client)
        except stripe.InvalidRequestError as refused:
            if refused.code != "resource_missing":
                raise GatewayRefused(extra={"provider_code": refused.code}) from refused

    @contextmanager
    def _answers(self) -> Iterator[None]:
        """What went wrong beside declines and refusals, in our words."""
        import stripe

        try:
            yield
        except (stripe.CardError, stripe.InvalidRequestError):
            raise
        except (stripe.AuthenticationError, stripe.PermissionError) as refused:
            raise GatewayMisconfigured from refused
        except stripe.IdempotencyError as refused:
            raise GatewayRefused("this payment was asked for before with other details; start again from the cart") from refused
        except stripe.StripeError as unknown:  # no answer, 5xx, 409, 429: it may or may not have happened
            raise GatewayUnreachable from unknown

    def _declined(self, declined: stripe.CardError, of: str | None) -> Payment:
        if of is None:
            raise GatewayRefused(extra={"provider_code": declined.code}) from declined
        error = declined.error
        reason = reason_of(declined.code, error.decline_code if error else None)
        # The error carries the intent of the moment of refusal, which a replayed answer repeats: ask for the truth of now.
        return replace(self.read_payment(of), decline=reason.value)
