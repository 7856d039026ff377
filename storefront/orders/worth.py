"""What an order is worth in points by now, and bringing the points book there.

Owns what counts: products that stay paid, not the delivery; what coupons multiply, on their lines. The caller holds the order's row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.contracts import DELIVERY, OrderState
from storefront.orders.models import OrderCouponRow, OrderLineRow, OrderRow
from storefront.points import ledger
from storefront.points.earning import Multiplier, earned, kept_minor

MULTIPLIER = "points"
"""The kind of entitlement that multiplies."""


def settle_points(session: Session, order: OrderRow, why: str, *, at: datetime) -> None:
    """Only what stays paid is worth anything; asked again, nothing more is booked."""
    worth = _worth(session, order) if order.state == OrderState.PAID and order.points_rate else 0
    ledger.settle(session, shopper_id=order.shopper_id, order_id=order.id, worth=worth, why=why, at=at)


def _worth(session: Session, order: OrderRow) -> int:
    line = OrderLineRow
    rows = session.execute(
        select(line.line_no, line.total_minor, line.quantity, line.returned).where(line.order_id == order.id, line.product_id != DELIVERY)
    )
    kept = {line_no: kept_minor(total, quantity, returned) for line_no, total, quantity, returned in rows}
    promised = session.scalars(select(OrderCouponRow.entitlements).where(OrderCouponRow.order_id == order.id))
    multipliers = [
        Multiplier(one["multiplier_bp"], tuple(one["lines"])) for each in promised for one in each if one["kind"] == MULTIPLIER
    ]
    return earned(kept, multipliers, points_per_100_minor=order.points_rate)
