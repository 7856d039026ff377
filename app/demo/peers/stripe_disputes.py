"""What the local Stripe peer does about disputes: a bank takes the money back, somebody answers, and the bank decides.

Owns these verbs over the books (stripe_books.py) and the events Stripe tells of them. Must not know HTTP or anything of this shop.
"""

from __future__ import annotations

from app.demo.peers.stripe_books import Books, Doc, invalid, token
from app.demo.peers.stripe_cards import TEST_METHODS

DAY_S = 86_400
DUE_DAYS = 9
_EVIDENCE: dict[str, None] = dict.fromkeys(
    (
        "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure", "cancellation_rebuttal", "customer_communication",
        "customer_email_address", "customer_name", "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation", "duplicate_charge_explanation",
        "duplicate_charge_id", "product_description", "receipt", "refund_policy", "refund_policy_disclosure", "refund_refusal_explanation", "service_date",
        "service_documentation", "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation", "shipping_tracking_number", "uncategorized_file",
        "uncategorized_text",
    )
)  # fmt: skip


def disputable_minor(books: Books, intent_id: str) -> int:
    """What of its money is not back yet and not disputed."""
    charge_id = books.intent(intent_id)["latest_charge"]
    charge = books.charges.get(charge_id) if charge_id else None
    return 0 if charge is None or charge["disputed"] or not charge["captured"] else int(charge["amount_captured"] - charge["amount_refunded"])


def open_dispute(books: Books, intent_id: str, *, reason: str = "fraudulent", inquiry: bool = False) -> Doc:
    """The shopper has told her bank that it was not she, or that nothing came. An inquiry takes no money yet."""
    amount = disputable_minor(books, intent_id)
    if not amount:
        raise invalid("There is nothing to dispute.")
    charge, now = books.charges[books.intent(intent_id)["latest_charge"]], int(books.now_s())
    dispute: Doc = {
        "id": token("du"), "object": "dispute", "amount": amount, "balance_transactions": [], "charge": charge["id"], "created": now,
        "currency": charge["currency"], "enhanced_eligibility_types": [], "evidence": _EVIDENCE | {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + DUE_DAYS * DAY_S, "enhanced_eligibility": {}, "has_evidence": False, "past_due": False, "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry, "livemode": False, "metadata": {}, "network_reason_code": None, "payment_intent": intent_id,
        "payment_method_details": None, "reason": reason, "status": "warning_needs_response" if inquiry else "needs_response",
    }  # fmt: skip
    books.disputes[dispute["id"]] = dispute
    charge["disputed"] = True
    books.tell("charge.dispute.created", dispute)
    if not inquiry:
        books.tell("charge.dispute.funds_withdrawn", dispute)
    return dispute


def at_once(books: Books, intent: Doc) -> None:
    """Some test cards are disputed as soon as they have paid."""
    how = TEST_METHODS[books.name_of(intent["payment_method"])].disputed
    if how is not None:
        open_dispute(books, intent["id"], inquiry=how == "inquiry")


def answer(books: Books, dispute_id: str) -> Doc:
    """Evidence was handed in: the bank looks at it."""
    dispute = books.disputes[dispute_id]
    dispute["status"] = {"needs_response": "under_review", "warning_needs_response": "warning_under_review"}.get(dispute["status"], dispute["status"])
    dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1, "submission_method": "manual"}
    books.tell("charge.dispute.updated", dispute)
    return dispute


def decide(books: Books, dispute_id: str, *, won: bool) -> Doc:
    """The bank's word. An inquiry just ends."""
    dispute = books.disputes[dispute_id]
    inquiry = dispute["status"].startswith("warning")
    dispute.update(status="warning_closed" if inquiry else "won" if won else "lost", is_charge_refundable=won or inquiry)
    books.tell("charge.dispute.closed", dispute)
    if won and not inquiry:
        books.tell("charge.dispute.funds_reinstated", dispute)
    return dispute


def open_of(books: Books, intent_id: str) -> Doc | None:
    """The one that is not decided."""
    return next((one for one in books.disputes.values() if one["payment_intent"] == intent_id and one["status"] not in ("won", "lost", "warning_closed")), None)


def lost_minor(books: Books, intent_id: str) -> int:
    return sum(int(one["amount"]) for one in books.disputes.values() if one["payment_intent"] == intent_id and one["status"] == "lost")
