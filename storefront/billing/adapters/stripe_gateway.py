"""Stripe Billing behind the port of memberships. The SDK itself is spoken by the payment gateway, which this one goes through.

Owns the calls. Must not hold anything but which products are known to be there, nor touch the database.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

from storefront.billing.stripe_words import change_of, setup_of, told_of
from storefront.errors import GatewayRefused
from storefront.memberships.plan import Terms
from storefront.memberships.ports import Change, Setup, Told
from storefront.payments.adapters.stripe_gateway import StripeGateway

_EXPAND = ["default_payment_method"]
MOST_INVOICES = 100


class StripeBilling:
    """The same account that takes payments."""

    name = "stripe"

    def __init__(self, account: StripeGateway) -> None:
        self._account = account
        self._products: set[str] = set()
        self._lock = threading.Lock()

    def open_setup(self, *, membership_id: str, payer: str, key: str) -> Setup:
        params: Any = {"customer": payer, "usage": "off_session", "automatic_payment_methods": {"enabled": True}, "metadata": {"membership_id": membership_id}}
        return setup_of(self._account.speak(lambda client: client.v1.setup_intents.create(params, {"idempotency_key": key})))

    def confirm_setup(self, setup_id: str, *, method: str, return_url: str | None, key: str) -> Setup:
        params: Any = {"payment_method": method} | ({"return_url": return_url} if return_url else {})
        try:
            return setup_of(self._account.speak(lambda client: client.v1.setup_intents.confirm(setup_id, params, {"idempotency_key": key})))
        except GatewayRefused:
            return self.read_setup(setup_id)  # declined, or done already: what it is now says so

    def read_setup(self, setup_id: str) -> Setup:
        return setup_of(self._account.speak(lambda client: client.v1.setup_intents.retrieve(setup_id)))

    def begin(self, *, membership_id: str, payer: str, terms: Terms, trial_days: int, token: str | None, key: str) -> Told:
        params: Any = {
            "customer": payer,
            "items": [{"price_data": self._price(terms)}],
            "metadata": {"membership_id": membership_id} | _named(terms),
            "payment_behavior": "default_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
        }
        params |= {"trial_period_days": trial_days} if trial_days else {}
        params |= {"default_payment_method": token} if token is not None else {}
        made = self._account.speak(lambda client: client.v1.subscriptions.create(params, {"idempotency_key": key}))
        return self.read(made["id"])

    def read(self, subscription_id: str) -> Told:
        params: Any = {"expand": _EXPAND}
        wanted: Any = {"subscription": subscription_id, "limit": MOST_INVOICES, "expand": ["data.payments"]}
        found = self._account.speak(lambda client: client.v1.subscriptions.retrieve(subscription_id, params))
        listed = self._account.speak(lambda client: client.v1.invoices.list(wanted))
        return told_of(found, [one for one in listed["data"] if one["status"] != "draft"])

    def pause(self, subscription_id: str) -> Told:
        return self._update(subscription_id, {"pause_collection": {"behavior": "void"}})

    def resume(self, subscription_id: str, *, anew: bool) -> Told:
        from_now = {"billing_cycle_anchor": {"type": "now"}, "proration_behavior": "none"} if anew else {}
        return self._update(subscription_id, {"pause_collection": "", **from_now})

    def leave(self, subscription_id: str, *, leaves: bool) -> Told:
        return self._update(subscription_id, {"cancel_at_period_end": leaves})

    def end(self, subscription_id: str) -> None:
        try:
            self._account.speak(lambda client: client.v1.subscriptions.cancel(subscription_id))
        except GatewayRefused as refused:
            if refused.extra.get("provider_code") != "resource_missing":
                raise

    def use_card(self, subscription_id: str, token: str) -> Told:
        return self._update(subscription_id, {"default_payment_method": token})

    def price_change(self, subscription_id: str, terms: Terms, at: datetime) -> Change:
        details = {"items": [self._item(subscription_id, terms)], "proration_behavior": "always_invoice", "proration_date": int(at.timestamp())}
        params: Any = {"subscription": subscription_id, "subscription_details": details}
        return change_of(self._account.speak(lambda client: client.v1.invoices.create_preview(params)), at)

    def change(self, subscription_id: str, terms: Terms, at: datetime) -> Told:
        return self._update(
            subscription_id,
            {
                "items": [self._item(subscription_id, terms)], "metadata": _named(terms), "proration_behavior": "always_invoice",
                "proration_date": int(at.timestamp()), "payment_behavior": "error_if_incomplete",
            },
        )  # fmt: skip

    # -- inside ----------------------------------------------------------------------------------------------

    def _update(self, subscription_id: str, params: Any) -> Told:
        self._account.speak(lambda client: client.v1.subscriptions.update(subscription_id, params))
        return self.read(subscription_id)

    def _item(self, subscription_id: str, terms: Terms) -> dict[str, Any]:
        found = self._account.speak(lambda client: client.v1.subscriptions.retrieve(subscription_id))
        return {"id": found["items"]["data"][0]["id"], "price_data": self._price(terms)}

    def _price(self, terms: Terms) -> dict[str, Any]:
        return {
            "currency": terms.currency.lower(), "product": self._product(terms), "unit_amount": terms.amount_minor, "recurring": {"interval": terms.every.value},
            "tax_behavior": "inclusive",
        }  # fmt: skip

    def _product(self, terms: Terms) -> str:
        """One for each plan, named by us, so that it is there once."""
        product_id = f"moments_{terms.plan_id}"
        with self._lock:
            known = product_id in self._products
        if not known:
            params: Any = {"id": product_id, "name": terms.name}
            try:
                self._account.speak(lambda client: client.v1.products.create(params))
            except GatewayRefused as refused:
                if refused.extra.get("provider_code") != "resource_already_exists":
                    raise
            with self._lock:
                self._products.add(product_id)
        return product_id


def _named(terms: Terms) -> dict[str, str]:
    return {"plan_id": terms.plan_id, "plan_name": terms.name}
