"""What stands of a paid order, told to the room of offers: audiences and the figures of campaigns go by it.

Owns what is told: the lines as they were charged, less the pieces that came back, each with the category its product has now; a variant as
the product it is of; not the delivery. Must not be told before the money is true: moves.py and returning.py call it inside the transaction that makes it so.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from offers.contracts import PurchaseLine
from storefront.catalog.models import ProductRow
from storefront.contracts import DELIVERY
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.points.earning import kept_minor
from storefront.ports import CouponDesk


def tell(session: Session, desk: CouponDesk, order: OrderRow) -> None:
    """As often as it changes: the last word counts."""
    o, p = OrderLineRow, ProductRow
    rows = session.execute(
        select(o.line_no, func.coalesce(p.head_id, o.product_id), p.category, o.total_minor, o.quantity, o.returned)
        .outerjoin(p, p.id == o.product_id)
        .where(o.order_id == order.id, o.product_id != DELIVERY, o.returned < o.quantity)
    )
    lines = [
        PurchaseLine(no, product_id, category or "", kept_minor(total, quantity, back))
        for no, product_id, category, total, quantity, back in rows
    ]
    paid_at = order.paid_at
    if paid_at is not None:
        desk.note_purchase(session, order_id=order.id, shopper_id=order.shopper_id, currency=order.currency, lines=lines, at=paid_at)
