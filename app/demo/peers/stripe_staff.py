"""What people do at Stripe themselves, by its dashboard or its command line: change a customer, keep a card, note something on a refund, look at
disputes and give them up.

Owns these verbs over the books (stripe_books.py). Must not know HTTP or anything of this shop.
"""

from __future__ import annotations

from app.demo.peers import stripe_disputes as disputes
from app.demo.peers.stripe_books import Books, Doc, invalid

ACCEPTED: dict[str, frozenset[str]] = {
    "customer.update": frozenset({"email", "name", "phone", "description", "metadata", "expand"}),
    "method.create": frozenset({"type", "sepa_debit", "billing_details", "metadata", "expand"}),
    "method.attach": frozenset({"customer", "expand"}),
    "refund.update": frozenset({"metadata", "expand"}),
    "dispute.update": frozenset({"metadata", "evidence", "submit", "expand"}),
    "dispute.close": frozenset({"expand"}),
}
OLDER: dict[str, set[str]] = {"intent.create": {"payment_method_types"}}
"""What versions of the API before ours took as well: the command line names its own version with each request."""


def update_customer(books: Books, customer_id: str, form: Doc) -> Doc:
    customer = books.known_customer(customer_id)
    customer.update({name: form[name] or None for name in ("email", "name", "phone", "description") if name in form})
    customer["metadata"] = _noted(customer, form)
    books.tell("customer.updated", customer)
    return customer


def create_method(books: Books, form: Doc) -> Doc:
    """A debit of a bank account in euro: the one kind that is made without a card."""
    if form.get("type") != "sepa_debit" or not (form.get("sepa_debit") or {}).get("iban"):
        raise invalid("Only methods of the type sepa_debit, with an IBAN, are made here.", param="type")
    method = books.method("pm_sepaDebit")
    method["billing_details"].update({name: value for name, value in (form.get("billing_details") or {}).items() if name in ("name", "email", "phone")})
    return method


def attach_method(books: Books, method_id: str, form: Doc) -> Doc:
    customer = books.known_customer(str(form.get("customer") or ""))
    method = books.method(method_id)
    if method["id"] in books.spent or method["customer"] not in (None, customer["id"]):
        raise invalid("The payment method you provided has already been used or attached; it may not be used again.", param="payment_method")
    method["customer"] = customer["id"]
    books.tell("payment_method.attached", method)
    return method


def update_refund(books: Books, refund_id: str, form: Doc) -> Doc:
    refund = books.get(books.refunds, refund_id, "refund")
    refund["metadata"] = _noted(refund, form)
    for kind in ("refund.updated", "charge.refund.updated"):
        books.tell(kind, refund)
    return refund


def disputes_of(books: Books, intent_id: str | None) -> Doc:
    found = [one for one in books.disputes.values() if intent_id in (None, one["payment_intent"])]
    return {"object": "list", "url": "/v1/disputes", "has_more": False, "data": list(reversed(found))}


def update_dispute(books: Books, dispute_id: str, form: Doc) -> Doc:
    dispute = books.get(books.disputes, dispute_id, "dispute")
    dispute["metadata"] = _noted(dispute, form)
    if form.get("evidence") or form.get("submit") in ("true", True):
        return disputes.answer(books, dispute_id)
    books.tell("charge.dispute.updated", dispute)
    return dispute


def close_dispute(books: Books, dispute_id: str) -> Doc:
    """The shop gives in: the dispute is lost, an inquiry becomes one that is lost."""
    dispute = books.get(books.disputes, dispute_id, "dispute")
    if dispute["status"] in ("won", "lost", "warning_closed"):
        raise invalid("This dispute is already closed.", code="dispute_closed")
    dispute["status"] = dispute["status"].removeprefix("warning_")
    return disputes.decide(books, dispute_id, won=False)


def _noted(thing: Doc, form: Doc) -> Doc:
    """Metadata are added to; an empty value takes one away."""
    noted = {**thing["metadata"], **(form.get("metadata") or {})}
    return {name: value for name, value in noted.items() if value != ""}
