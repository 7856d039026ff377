"""What shoppers have bought, as far as audiences and the figures of campaigns ask: one small row for each line of a paid order.

Owns those rows. The room that sells says it, inside the transaction that makes the money true: `note` once an order is paid, `forget`
when its money went back. A row is written only for a shopper who has agreed to personal offers or to being counted; whoever reads
it asks again for what it is to be used. Must not know an order's life.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import touched
from app.privacy import gate
from app.privacy.purposes import Purpose
from offers.contracts import PurchaseLine
from offers.models import PurchaseRow

_COLUMNS = ("order_id", "line_no", "shopper_id", "product_id", "category", "total_minor", "currency", "bought_at")


def note(
    session: Session, *, order_id: str, shopper_id: str, currency: str, lines: Sequence[PurchaseLine], at: datetime
) -> bool:
    """The order was paid at `at`, and this stands of it. Again for the same order: this stands of it now. False where nothing may be
    noted.
    """
    forget(session, order_id=order_id)
    purposes = (Purpose.PERSONALISATION, Purpose.ANALYTICS)
    now = session.info["clock"].now()
    if not any(gate.may(session, shopper_id, purpose, now).ok for purpose in purposes):
        return False
    rows = [
        (order_id, line.line_no, shopper_id, line.product_id, line.category, line.total_minor, currency, at) for line in lines
    ]
    insert_many(session, PurchaseRow, _COLUMNS, rows)
    return True


def forget(session: Session, *, order_id: str) -> bool:
    """The money went back: it was no purchase. True if something was known of it."""
    return touched(session, delete(PurchaseRow).where(PurchaseRow.order_id == order_id)) > 0
