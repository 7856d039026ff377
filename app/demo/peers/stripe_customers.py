"""What the local Stripe peer does about customers: made, and gone again with what is attached to them; and an intent that gets one before it is confirmed.

Owns these few verbs over the books (stripe_books.py). Must not know HTTP or anything of this shop.
"""

from __future__ import annotations

from app.demo.peers.stripe_books import Books, Doc, invalid, token

UNCONFIRMED = ("requires_payment_method", "requires_confirmation", "requires_action")


def create_customer(books: Books, form: Doc) -> Doc:
    customer = {
        "id": token("cus"), "object": "customer", "created": int(books.now_s()), "livemode": False, "balance": 0,
        "delinquent": False, "email": form.get("email"), "name": form.get("name"), "phone": form.get("phone"),
        "description": form.get("description"), "metadata": form.get("metadata", {}), "currency": None,
        "preferred_locales": [], "tax_exempt": "none", "discount": None, "default_source": None, "address": None, "shipping": None,
    }  # fmt: skip
    books.customers[customer["id"]] = customer
    books.tell("customer.created", customer)
    return customer


def delete_customer(books: Books, customer_id: str) -> Doc:
    """For good, and what is attached goes with it."""
    gone = books.known_customer(customer_id)
    books.deleted.add(customer_id)
    for method in books.methods.values():
        if method["customer"] == customer_id:
            _take_off(books, method)
    books.tell("customer.deleted", gone)
    return {"id": customer_id, "object": "customer", "deleted": True}


def detach_method(books: Books, method_id: str) -> Doc:
    method = books.get(books.methods, method_id, "PaymentMethod")
    if method["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.", code="resource_missing", param="payment_method")
    return _take_off(books, method)


def update_intent(books: Books, intent_id: str, form: Doc) -> Doc:
    """Whose it is, and whether what it is paid with is kept. A customer once named stays."""
    intent = books.intent(intent_id)
    if intent["status"] not in UNCONFIRMED:
        raise invalid(f"This PaymentIntent's status is {intent['status']}; it cannot be updated.", code="payment_intent_unexpected_state")
    if form.get("customer"):
        books.known_customer(form["customer"])
        if intent["customer"] not in (None, form["customer"]):
            raise invalid("The customer of a PaymentIntent cannot be changed.", param="customer")
        intent["customer"] = form["customer"]
    if "setup_future_usage" in form:
        intent["setup_future_usage"] = form["setup_future_usage"] or None
    return intent


def _take_off(books: Books, method: Doc) -> Doc:
    method["customer"] = None
    books.spent.add(method["id"])
    books.tell("payment_method.detached", method)
    return method
