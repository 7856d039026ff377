"""What the local Stripe peer does about subscriptions: they begin, are tried, renewed, dunned, paused, changed and ended, each with its invoices.

Owns their states and what time does to them, over the books (stripe_books.py). Time is that of the books: `catch_up` does what has come due. Must not know
HTTP or anything of this shop. The retries are a short schedule of its own, and after the last the subscription is cancelled, as an account may be set.
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from functools import partial
from typing import Any

from app.demo.peers.stripe_books import Books, Doc, StripeProblem, invalid, token
from app.demo.peers.stripe_cards import TEST_METHODS
from app.demo.peers.stripe_invoices import Invoices, Line, prorated

DAY_S = 86_400
RETRIES_S = (3 * DAY_S, 5 * DAY_S, 7 * DAY_S)
"""After a payment failed it is tried again so long after the first time."""
FIRST_PAYMENT_S = 23 * 3600
OPEN = ("trialing", "active", "past_due", "unpaid", "paused")


class Billing:
    """The subscriptions of one pretended account."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.products: dict[str, Doc] = {}
        self.subscriptions: dict[str, Doc] = {}
        self.setups: dict[str, Doc] = {}
        self.invoices = Invoices(books)
        books.settled.append(self._settled)

    # -- what it is asked ------------------------------------------------------------------------------------

    def create_product(self, form: Doc) -> Doc:
        product_id = form.get("id") or token("prod")
        if product_id in self.products:
            raise invalid(f"Product already exists: {product_id}", code="resource_already_exists", param="id")
        now = self._now()
        self.products[product_id] = {
            "id": product_id, "object": "product", "active": True, "created": now, "default_price": None, "description": None, "images": [],
            "livemode": False, "marketing_features": [], "metadata": form.get("metadata", {}), "name": form["name"], "package_dimensions": None, "shippable": None,
            "statement_descriptor": None, "tax_code": None, "type": "service", "unit_label": None, "updated": now, "url": None,
        }  # fmt: skip
        return self.products[product_id]

    def create(self, form: Doc) -> Doc:
        customer = self.books.known_customer(form.get("customer", ""))
        now, trial_days = self._now(), int(form.get("trial_period_days") or 0)
        item_form = form["items"]["0"]
        price = self._price(item_form["price_data"])
        sub_id = token("sub")
        ends = now + trial_days * DAY_S if trial_days else after(now, price["recurring"]["interval"])
        method = self._attached(form["default_payment_method"], customer["id"]) if form.get("default_payment_method") else None
        sub: Doc = {
            "id": sub_id, "object": "subscription", "application": None, "application_fee_percent": None,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None}, "billing_cycle_anchor": ends if trial_days else now,
            "billing_cycle_anchor_config": None, "billing_mode": {"flexible": None, "type": "classic"}, "billing_schedules": [], "billing_thresholds": None,
            "cancel_at": None, "cancel_at_period_end": False, "canceled_at": None, "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "collection_method": "charge_automatically", "created": now, "currency": price["currency"], "customer": customer["id"], "days_until_due": None,
            "default_payment_method": method, "default_source": None, "default_tax_rates": [], "description": None, "discounts": [], "ended_at": None,
            "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}}, "latest_invoice": None, "livemode": False,
            "metadata": form.get("metadata", {}), "next_pending_invoice_item_invoice": None, "on_behalf_of": None, "pause_collection": None,
            "payment_settings": {"payment_method_options": None, "payment_method_types": None, "save_default_payment_method": "on_subscription"},
            "pending_invoice_item_interval": None, "pending_setup_intent": None, "pending_update": None, "schedule": None, "start_date": now,
            "status": "trialing" if trial_days else "incomplete", "test_clock": None, "transfer_data": None, "trial_end": ends if trial_days else None,
            "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}}, "trial_start": now if trial_days else None,
            "items": {"object": "list", "data": [_item(sub_id, price, now, ends)], "has_more": False, "url": f"/v1/subscription_items?subscription={sub_id}"},
        }  # fmt: skip
        self.subscriptions[sub_id] = sub
        line = Line(0 if trial_days else price["unit_amount"], now, ends)
        invoice = self.invoices.create(sub, "subscription_create", [line])
        sub["latest_invoice"] = invoice["id"]
        self.books.tell("customer.subscription.created", sub)
        if invoice["status"] == "paid" and not trial_days:
            self._is(sub, "active")
        elif form.get("payment_behavior") not in ("default_incomplete", None) and invoice["status"] == "open":
            self._charge(sub, invoice)
        return sub

    def update(self, sub_id: str, form: Doc) -> Doc:
        sub = self.subscription(sub_id)
        if sub["status"] not in OPEN:
            raise invalid("A canceled subscription can only update its cancellation_details and metadata.", code="resource_missing")
        if form.get("items"):
            self._change(sub, form)
        if "metadata" in form:
            sub["metadata"] = {**sub["metadata"], **form["metadata"]}
        if "default_payment_method" in form:
            sub["default_payment_method"] = self._attached(form["default_payment_method"], sub["customer"])
        if "pause_collection" in form:
            sub["pause_collection"] = {"behavior": form["pause_collection"]["behavior"], "resumes_at": None} if form["pause_collection"] else None
        if "cancel_at_period_end" in form:
            leaves = form["cancel_at_period_end"] in (True, "true", "True")
            sub.update(cancel_at_period_end=leaves, cancel_at=_period(sub)[1] if leaves else None, canceled_at=self._now() if leaves else None)
            sub["cancellation_details"]["reason"] = "cancellation_requested" if leaves else None
        if (form.get("billing_cycle_anchor") or {}).get("type") == "now" and not form.get("items"):
            self._begin_period(sub, self._now(), "subscription_update")
        self.books.tell("customer.subscription.updated", sub)
        return sub

    def cancel(self, sub_id: str, why: str = "cancellation_requested") -> Doc:
        sub = self.subscription(sub_id)
        if sub["status"] in ("canceled", "incomplete_expired"):
            raise invalid(f"No such subscription: '{sub_id}'", code="resource_missing", param="id", status=404)
        first = sub["status"] == "incomplete"
        now = self._now()
        sub.update(status="incomplete_expired" if first and why == "expired" else "canceled", ended_at=now, canceled_at=sub["canceled_at"] or now)
        if why != "expired":
            sub["cancellation_details"]["reason"] = sub["cancellation_details"]["reason"] or why
        self.invoices.void_open(sub_id, keep=why == "payment_failed")
        self.books.tell("customer.subscription.deleted" if sub["status"] == "canceled" else "customer.subscription.updated", sub)
        return sub

    def preview(self, form: Doc) -> Doc:
        """The invoice a change would make; nothing is kept of it."""
        sub = self.subscription(form["subscription"])
        details = form["subscription_details"]
        lines, _, _ = self._changed(sub, self._price(details["items"]["0"]["price_data"]), int(details["proration_date"]))
        return self.invoices.document(sub, "upcoming", lines, "draft") | {"id": token("upcoming_in")}

    def subscription(self, sub_id: str) -> Doc:
        return self.books.get(self.subscriptions, sub_id, "subscription")

    def list_invoices(self, sub_id: str | None, limit: int) -> Doc:
        found = [one for one in self.invoices.shelf.values() if sub_id in (None, one["parent"]["subscription_details"]["subscription"])]
        newest_first = list(reversed(found))[:limit]
        return {"object": "list", "url": "/v1/invoices", "has_more": len(newest_first) < len(found), "data": newest_first}

    # -- cards made ready --------------------------------------------------------------------------------------

    def create_setup(self, form: Doc) -> Doc:
        setup_id = token("seti")
        self.setups[setup_id] = {
            "id": setup_id, "object": "setup_intent", "application": None, "automatic_payment_methods": {"allow_redirects": "always", "enabled": True},
            "cancellation_reason": None, "client_secret": f"{setup_id}_secret_{token('s')}", "created": self._now(),
            "customer": self.books.known_customer(form["customer"])["id"], "description": None, "flow_directions": None, "last_setup_error": None,
            "latest_attempt": None, "livemode": False, "mandate": None, "metadata": form.get("metadata", {}), "next_action": None, "on_behalf_of": None,
            "payment_method": None, "payment_method_configuration_details": None, "payment_method_options": None, "payment_method_types": ["card"],
            "single_use_mandate": None, "status": "requires_payment_method", "usage": form.get("usage", "off_session"),
        }  # fmt: skip
        self.books.tell("setup_intent.created", self.setups[setup_id])
        return self.setups[setup_id]

    def setup(self, setup_id: str) -> Doc:
        return self.books.get(self.setups, setup_id, "setup_intent")

    def confirm_setup(self, setup_id: str, form: Doc) -> Doc:
        setup = self.setup(setup_id)
        if setup["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
            raise invalid("You cannot confirm this SetupIntent because of its status.", code="setup_intent_unexpected_state")
        method = self.books.usable(setup, self.books.method(form["payment_method"]))
        behaviour = TEST_METHODS[self.books.name_of(method["id"])]
        setup.update(payment_method=method["id"], last_setup_error=None)
        if behaviour.challenge:
            url = f"{self.books.challenge_url}/peer/3ds/{setup_id}"
            redirect = {"type": "redirect_to_url", "redirect_to_url": {"return_url": form.get("return_url"), "url": url}}
            setup.update(status="requires_action", next_action=redirect)
            self.books.tell("setup_intent.requires_action", setup)
            return setup
        if behaviour.decline and not behaviour.attaches:
            code, decline_code, message = behaviour.decline
            self._setup_failed(setup, {"type": "card_error", "code": code, "decline_code": decline_code, "message": message})
            raise StripeProblem(402, "card_error", message, code=code, decline_code=decline_code, setup_intent=dict(setup))
        return self._ready(setup)

    def authenticate_setup(self, setup_id: str, *, passed: bool) -> Doc:
        """The shopper answers her bank's challenge."""
        setup = self.setup(setup_id)
        if setup["status"] != "requires_action":
            raise invalid("There is nothing to authenticate.", code="setup_intent_unexpected_state")
        setup["next_action"] = None
        if passed:
            return self._ready(setup)
        message = "We are unable to authenticate your payment method."
        self._setup_failed(setup, {"type": "invalid_request_error", "code": "setup_intent_authentication_failure", "message": message})
        return setup

    def _ready(self, setup: Doc) -> Doc:
        method = self.books.methods[setup["payment_method"]]
        if method["customer"] is None:
            method["customer"] = setup["customer"]
            self.books.tell("payment_method.attached", method)
        setup["status"] = "succeeded"
        self.books.tell("setup_intent.succeeded", setup)
        return setup

    def _setup_failed(self, setup: Doc, error: Doc) -> None:
        setup.update(status="requires_payment_method", last_setup_error=error, payment_method=None)
        self.books.tell("setup_intent.setup_failed", setup)

    # -- what time does ----------------------------------------------------------------------------------------

    def catch_up(self) -> None:
        """Everything that has come due by now, in the order it came due, and at its time."""
        clock = self.books.now_s
        try:
            while due := min(((at, sub["id"]) for sub in self.subscriptions.values() if (at := self._next(sub)) is not None and at <= clock()), default=None):
                self.books.now_s = partial(float, due[0])
                self._step(self.subscriptions[due[1]], due[0])
        finally:
            self.books.now_s = clock

    def card_goes_bad(self, sub_id: str) -> None:
        """From now on the card it is paid with is declined."""
        self.books.behaves(self.subscriptions[sub_id]["default_payment_method"], "pm_card_chargeCustomerFail")

    def _next(self, sub: Doc) -> int | None:
        status, (_, ends) = sub["status"], _period(sub)
        if status == "incomplete":
            return int(sub["created"]) + FIRST_PAYMENT_S
        if status not in OPEN:
            return None
        tries = [one["next_payment_attempt"] for one in self.invoices.open_of(sub["id"]) if one["next_payment_attempt"] is not None]
        return min([ends, *tries])

    def _step(self, sub: Doc, at: int) -> None:
        if sub["status"] == "incomplete":
            self.cancel(sub["id"], "expired")
            return
        waiting = [one for one in self.invoices.open_of(sub["id"]) if one["next_payment_attempt"] == at]
        if waiting:
            self._charge(sub, waiting[0])
        elif sub["cancel_at_period_end"]:
            self.cancel(sub["id"])
        else:
            if sub["status"] == "trialing":
                sub["status"] = "active"
            self._begin_period(sub, at, "subscription_cycle")
            self.books.tell("customer.subscription.updated", sub)

    def _begin_period(self, sub: Doc, at: int, why: str) -> None:
        item = sub["items"]["data"][0]
        ends = after(at, item["price"]["recurring"]["interval"], sub["billing_cycle_anchor"] if why == "subscription_cycle" else at)
        item.update(current_period_start=at, current_period_end=ends)
        if why == "subscription_update":
            sub.update(billing_cycle_anchor=at, trial_end=min(sub["trial_end"], at) if sub["trial_end"] else None)
            sub["status"] = "active" if sub["status"] == "trialing" else sub["status"]
        invoice = self.invoices.create(sub, why, [Line(item["price"]["unit_amount"], at, ends)])
        sub["latest_invoice"] = invoice["id"]
        if sub["pause_collection"]:
            self.invoices.void(invoice)
        elif invoice["status"] == "open":
            self._charge(sub, invoice)

    # -- money -------------------------------------------------------------------------------------------------

    def _charge(self, sub: Doc, invoice: Doc) -> None:
        """Try to take it with the card that is known, nobody being there."""
        intent = self.books.intent(self.invoices.intent_of(invoice))
        method = sub["default_payment_method"]
        invoice.update(attempt_count=invoice["attempt_count"] + 1, attempted=True)
        try:
            if method is None or self.books.methods[method]["customer"] is None:
                raise invalid("This customer has no attached payment source or default payment method.", code="missing")
            if TEST_METHODS[self.books.name_of(method)].challenge:
                self.books.fail(intent, {"type": "card_error", "code": "authentication_required", "decline_code": "authentication_required", "message": "Your card was declined."})
            else:
                self.books.confirm(intent["id"], {"payment_method": method})
        except StripeProblem:
            pass  # what it is now says so
        if intent["status"] == "requires_payment_method":
            self._failed(sub, invoice)

    def _failed(self, sub: Doc, invoice: Doc) -> None:
        first, tries = invoice["created"], invoice["attempt_count"]
        later = [first + pause for pause in RETRIES_S][tries - 1 : tries] if sub["status"] != "incomplete" else []
        invoice["next_payment_attempt"] = later[0] if later else None
        self.books.tell("invoice.payment_failed", invoice)
        if sub["status"] == "incomplete":
            return
        if not later:
            self.cancel(sub["id"], "payment_failed")
        else:
            self._is(sub, "past_due")

    def _settled(self, intent: Doc) -> None:
        """Called by the books when a payment is through."""
        invoice = self.invoices.by_intent.get(intent["id"])
        if invoice is None or invoice["status"] != "open":
            return
        self.invoices.pay(invoice, intent)
        sub = self.subscriptions[invoice["parent"]["subscription_details"]["subscription"]]
        if sub["status"] not in ("incomplete", "past_due", "unpaid", "active"):
            return
        if intent["payment_method"] and self.books.methods[intent["payment_method"]]["customer"] == sub["customer"]:
            sub["default_payment_method"] = intent["payment_method"]
        if not self.invoices.open_of(sub["id"]):
            self._is(sub, "active")

    def _is(self, sub: Doc, status: str) -> None:
        if sub["status"] != status:
            sub["status"] = status
            self.books.tell("customer.subscription.updated", sub)

    # -- other terms -------------------------------------------------------------------------------------------

    def _changed(self, sub: Doc, price: Doc, at: int) -> tuple[list[Line], int, int]:
        """(what is asked for it, from when and until when the period runs then)."""
        item, (starts, ends) = sub["items"]["data"][0], _period(sub)
        if sub["status"] == "trialing":
            return [], starts, ends
        unused = Line(-prorated(item["price"]["unit_amount"], ends - at, ends - starts), at, ends, proration=True)
        if price["recurring"]["interval"] != item["price"]["recurring"]["interval"]:
            until = after(at, price["recurring"]["interval"])
            return [unused, Line(price["unit_amount"], at, until)], at, until
        return [unused, Line(prorated(price["unit_amount"], ends - at, ends - starts), at, ends, proration=True)], starts, ends

    def _change(self, sub: Doc, form: Doc) -> None:
        at, price = int(form.get("proration_date") or self._now()), self._price(form["items"]["0"]["price_data"])
        lines, starts, ends = self._changed(sub, price, at)
        if lines:
            before = self.invoices.balance_of(sub)
            invoice = self.invoices.create(sub, "subscription_update", lines)
            if invoice["status"] == "open":
                self._pay_or_refuse(sub, invoice, before)
            sub["latest_invoice"] = invoice["id"]
        sub["items"]["data"][0].update(price=price, plan=_plan(price), current_period_start=starts, current_period_end=ends)

    def _pay_or_refuse(self, sub: Doc, invoice: Doc, balance: int) -> None:
        """`error_if_incomplete`: a change that is not paid for does not happen."""
        intent = self.books.intent(self.invoices.intent_of(invoice))
        behaviour = TEST_METHODS[self.books.name_of(sub["default_payment_method"])] if sub["default_payment_method"] else None
        if behaviour is None or behaviour.decline or behaviour.challenge:
            self.invoices.forget(invoice, balance)
            raise StripeProblem(402, "card_error", "Your card was declined.", code="card_declined", decline_code="generic_decline")
        self.books.confirm(intent["id"], {"payment_method": sub["default_payment_method"]})

    # -- inside ------------------------------------------------------------------------------------------------

    def _price(self, data: Doc) -> Doc:
        product = self.books.get(self.products, data.get("product", ""), "product")
        amount = int(data["unit_amount"])
        return {
            "id": token("price"), "object": "price", "active": False, "billing_scheme": "per_unit", "created": self._now(), "currency": data["currency"],
            "custom_unit_amount": None, "livemode": False, "lookup_key": None, "metadata": {}, "nickname": None, "product": product["id"],
            "recurring": {"interval": data["recurring"]["interval"], "interval_count": 1, "meter": None, "trial_period_days": None, "usage_type": "licensed"},
            "tax_behavior": "inclusive", "tiers_mode": None, "transform_quantity": None, "type": "recurring", "unit_amount": amount, "unit_amount_decimal": str(amount),
        }  # fmt: skip

    def _attached(self, method_id: str, customer_id: str) -> str:
        method = self.books.method(method_id)
        if method["customer"] != customer_id:
            raise invalid("The customer does not have a payment method with that ID.", code="resource_missing", param="default_payment_method")
        return str(method["id"])

    def _now(self) -> int:
        return int(self.books.now_s())


def after(at: int, interval: str, anchor: int | None = None) -> int:
    """The same day of the next month or year as the anchor's, or its last day where there is no such day."""
    begins, day = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(at if anchor is None else anchor, UTC).day
    year, month = (begins.year + 1, begins.month) if interval == "year" else (begins.year + begins.month // 12, begins.month % 12 + 1)
    return int(begins.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1])).timestamp())


def _period(sub: Doc) -> tuple[int, int]:
    item = sub["items"]["data"][0]
    return int(item["current_period_start"]), int(item["current_period_end"])


def _item(sub_id: str, price: Doc, starts: int, ends: int) -> Doc:
    return {
        "id": token("si"), "object": "subscription_item", "billing_thresholds": None, "created": starts, "current_period_end": ends, "current_period_start": starts,
        "discounts": [], "metadata": {}, "plan": _plan(price), "price": price, "quantity": 1, "subscription": sub_id, "tax_rates": [],
    }  # fmt: skip


def _plan(price: Doc) -> dict[str, Any]:
    return {
        "id": price["id"], "object": "plan", "active": False, "amount": price["unit_amount"], "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit", "created": price["created"], "currency": price["currency"], "interval": price["recurring"]["interval"], "interval_count": 1,
        "livemode": False, "metadata": {}, "meter": None, "nickname": None, "product": price["product"], "tiers_mode": None, "transform_usage": None,
        "trial_period_days": None, "usage_type": "licensed",
    }  # fmt: skip
