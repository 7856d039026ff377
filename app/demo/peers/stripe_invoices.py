"""What the local Stripe peer writes about a subscription's money: invoices, and what is left over on the customer's balance.

Owns their states and sums. Must not know when one is due (stripe_billing.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.demo.peers.stripe_books import MIN_AMOUNT_MINOR, Books, Doc, token


@dataclass(frozen=True, slots=True)
class Line:
    """So much for the time from `starts` to `ends`."""

    amount: int
    starts: int
    ends: int
    proration: bool = False


def prorated(amount: int, seconds: int, whole: int) -> int:
    """The share of an amount, rounded half up."""
    return (2 * amount * seconds + whole) // (2 * whole)


class Invoices:
    """All invoices of one pretended account. `by_intent`: which one a payment is for."""

    def __init__(self, books: Books) -> None:
        self.books = books
        self.shelf: dict[str, Doc] = {}
        self.by_intent: dict[str, Doc] = {}

    def create(self, sub: Doc, why: str, lines: Sequence[Line]) -> Doc:
        """Finalised at once; what nobody has to pay is paid."""
        invoice = self.document(sub, why, lines, "open")
        self.shelf[invoice["id"]] = invoice
        customer = self.books.customers[sub["customer"]]
        customer["balance"] = invoice["ending_balance"]
        self.books.tell("invoice.created", invoice)
        if invoice["amount_due"]:
            amount = max(invoice["amount_due"], MIN_AMOUNT_MINOR.get(invoice["currency"], 1))
            intent = self.books.create_intent({"amount": amount, "currency": invoice["currency"], "customer": sub["customer"], "setup_future_usage": "off_session"})
            self.by_intent[intent["id"]] = invoice
            invoice["payments"] = {"object": "list", "data": [self._payment(invoice, intent)], "has_more": False, "url": "/v1/invoice_payments"}
            secret = {"client_secret": intent["client_secret"], "type": "payment_intent"}
            invoice["confirmation_secret"] = secret
            self.books.tell("invoice.finalized", invoice)
        else:
            self._is_paid(invoice, 0)
        return invoice

    def document(self, sub: Doc, why: str, lines: Sequence[Line], status: str) -> Doc:
        now, invoice_id = int(self.books.now_s()), token("in")
        total, before = sum(line.amount for line in lines), self.balance_of(sub)
        due = max(0, total + before)
        item = sub["items"]["data"][0]
        documents = [self._line(sub, item, line, invoice_id) for line in lines]
        return {
            "id": invoice_id, "object": "invoice", "account_country": "FI", "account_name": None, "account_tax_ids": None, "amount_due": due, "amount_overpaid": 0,
            "amount_paid": 0, "amount_remaining": due, "amount_shipping": 0, "application": None, "attempt_count": 0, "attempted": False, "auto_advance": True,
            "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None, "provider": None, "status": None},
            "automatically_finalizes_at": None, "billing_reason": why, "collection_method": "charge_automatically", "created": now, "currency": sub["currency"],
            "custom_fields": None, "customer": sub["customer"], "customer_address": None, "customer_email": None, "customer_name": None, "customer_phone": None,
            "customer_shipping": None, "customer_tax_exempt": "none", "customer_tax_ids": [], "default_payment_method": None, "default_source": None,
            "default_tax_rates": [], "description": None, "discounts": [], "due_date": None, "effective_at": now,
            "ending_balance": min(0, total + before) if total + before < 0 else 0, "footer": None, "from_invoice": None, "issuer": {"type": "self"},
            "last_finalization_error": None, "latest_revision": None,
            "lines": {"object": "list", "data": documents, "has_more": False, "url": f"/v1/invoices/{invoice_id}/lines"}, "livemode": False, "metadata": {},
            "next_payment_attempt": None, "number": None, "on_behalf_of": None,
            "parent": {"quote_details": None, "subscription_details": {"metadata": dict(sub["metadata"]), "subscription": sub["id"]}, "type": "subscription_details"},
            "payment_settings": {"default_mandate": None, "payment_method_options": None, "payment_method_types": None},
            "period_end": now, "period_start": now, "post_payment_credit_notes_amount": 0, "pre_payment_credit_notes_amount": 0, "receipt_number": None,
            "rendering": None, "shipping_cost": None, "shipping_details": None, "starting_balance": before, "statement_descriptor": None, "status": status,
            "status_transitions": {"finalized_at": now, "marked_uncollectible_at": None, "paid_at": None, "voided_at": None}, "subtotal": total,
            "subtotal_excluding_tax": total, "test_clock": None, "total": total, "total_discount_amounts": [], "total_excluding_tax": total,
            "total_pretax_credit_amounts": [], "total_taxes": [], "webhooks_delivered_at": None,
        }  # fmt: skip

    def pay(self, invoice: Doc, intent: Doc) -> None:
        invoice["payments"]["data"][0].update(status="paid", amount_paid=intent["amount_received"])
        self._is_paid(invoice, intent["amount_received"])

    def void(self, invoice: Doc) -> None:
        if invoice["status"] != "open":
            return
        invoice.update(status="void", next_payment_attempt=None)
        invoice["status_transitions"]["voided_at"] = int(self.books.now_s())
        self._give_up(invoice)
        self.books.tell("invoice.voided", invoice)

    def void_open(self, sub_id: str, *, keep: bool) -> None:
        """A subscription is over: nothing more is tried; `keep`: what is owed stays owed."""
        for invoice in self.open_of(sub_id):
            if keep:
                invoice.update(status="uncollectible", next_payment_attempt=None)
                invoice["status_transitions"]["marked_uncollectible_at"] = int(self.books.now_s())
                self._give_up(invoice)
                self.books.tell("invoice.marked_uncollectible", invoice)
            else:
                self.void(invoice)

    def forget(self, invoice: Doc, balance: int) -> None:
        """A change that did not happen leaves no trace."""
        self._give_up(invoice)
        self.books.customers[invoice["customer"]]["balance"] = balance
        del self.shelf[invoice["id"]]

    def open_of(self, sub_id: str) -> list[Doc]:
        return [one for one in self.shelf.values() if one["status"] == "open" and one["parent"]["subscription_details"]["subscription"] == sub_id]

    def intent_of(self, invoice: Doc) -> str:
        return str(invoice["payments"]["data"][0]["payment"]["payment_intent"])

    def balance_of(self, sub: Doc) -> int:
        return int(self.books.customers[sub["customer"]]["balance"])

    # -- inside ------------------------------------------------------------------------------------------------

    def _give_up(self, invoice: Doc) -> None:
        intent = self.books.intent(self.intent_of(invoice))
        if intent["status"] not in ("succeeded", "canceled"):
            self.books.cancel(intent["id"], {})

    def _is_paid(self, invoice: Doc, received: int) -> None:
        invoice.update(status="paid", amount_paid=received, amount_remaining=0, next_payment_attempt=None, attempted=True)
        invoice["status_transitions"]["paid_at"] = int(self.books.now_s())
        self.books.tell("invoice.paid", invoice)

    def _payment(self, invoice: Doc, intent: Doc) -> Doc:
        return {
            "id": token("inpay"), "object": "invoice_payment", "amount_paid": None, "amount_requested": intent["amount"], "created": invoice["created"],
            "currency": invoice["currency"], "invoice": invoice["id"], "is_default": True, "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"}, "status": "open", "status_transitions": {"canceled_at": None, "paid_at": None},
        }  # fmt: skip

    def _line(self, sub: Doc, item: Doc, line: Line, invoice_id: str) -> Doc:
        details = {"invoice_item": None, "proration": line.proration, "proration_details": None, "subscription": sub["id"], "subscription_item": item["id"]}
        return {
            "id": token("il"), "object": "line_item", "amount": line.amount, "currency": sub["currency"], "description": None, "discount_amounts": [],
            "discountable": not line.proration, "discounts": [], "invoice": invoice_id, "livemode": False, "metadata": {},
            "parent": {"invoice_item_details": None, "subscription_item_details": details, "type": "subscription_item_details"},
            "period": {"end": line.ends, "start": line.starts}, "pretax_credit_amounts": [], "pricing": None, "quantity": 1, "subtotal": line.amount, "taxes": [],
        }  # fmt: skip
