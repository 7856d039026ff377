"""That a receipt or a credit note is due: a row in the transaction that makes it true, so that none is forgotten and none is written for what came to nothing.

Owns those rows alone; papers/issuing.py writes the papers, with numbers, in transactions of their own: no payment waits for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from storefront.orders.models import PaperDueRow

RECEIPT, CREDIT_NOTE = "receipt", "credit_note"
PAID, REFUNDED = "paid", "refunded"


def receipt_due(session: Session, order_id: str, *, at: datetime) -> None:
    """The order is paid."""
    _due(session, order_id, PAID, RECEIPT, {}, at)


def credit_note_due(session: Session, order_id: str, refund_id: str, amount_minor: int, pieces: Mapping[str, int], *, at: datetime) -> None:
    """So much of its money is back, for these pieces (line number -> how many); none: for the order as a whole."""
    if amount_minor:
        _due(session, order_id, refund_id, CREDIT_NOTE, {"amount_minor": amount_minor, "pieces": dict(pieces)}, at)


def rest_due(session: Session, order_id: str, *, at: datetime) -> None:
    """All of its money is back: a credit note for what none was written for yet."""
    _due(session, order_id, REFUNDED, CREDIT_NOTE, {}, at)


def _due(session: Session, order_id: str, cause: str, kind: str, facts: Mapping[str, object], at: datetime) -> None:
    row = {"order_id": order_id, "cause": cause, "kind": kind, "facts": dict(facts), "due_at": at}
    insert_new(session, PaperDueRow, row, unique=["order_id", "cause"])
