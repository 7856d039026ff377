"""What an order is worth by now: in points, and bringing the points book there; to the partners whose goods it holds; and to the loyalty programme.

Owns what counts: products that stay paid, not the delivery; what coupons multiply, on their lines, and what her tier multiplied when she ordered. The
caller holds the order's row.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.contracts import DELIVERY, OrderState
from storefront.disputes.repository import lost_minor
from storefront.loyalty import counting
from storefront.orders.models import OrderCouponRow, OrderLineRow, OrderRow
from storefront.points import ledger
from storefront.points.earning import ONE_BP, Multiplier, earned, kept_minor
from storefront.revenue import accruing

PAID = "paid"
"""Why, when the money has just become true."""
MULTIPLIER = "points"
"""The kind of entitlement that multiplies."""


def settle_worth(session: Session, order: OrderRow, why: str, *, at: datetime) -> None:
    """Only what stays paid is worth anything, and what a bank has taken back for good does not; asked again, nothing more is booked."""
    kept = _kept(session, order) if order.state == OrderState.PAID and not lost_minor(session, order.id) else []
    worth = _worth(session, order, {one.line_no: one.spent_minor for one in kept}) if kept and order.points_rate else 0
    ledger.settle(session, shopper_id=order.shopper_id, cause=order.id, order_id=order.id, worth=worth, why=why, at=at)
    sold = counting.Sold(order.id, order.shopper_id, order.place_id, order.currency, _bought_at(session, order) or order.paid_at or at)
    counting.bought(session, sold, kept, first=why == PAID, at=at)
    spent = {one.line_no: one.spent_minor for one in kept}
    if why == PAID:
        accruing.agree(session, order.id, order.currency, {one.line_no: one.product_id for one in kept})
    accruing.settle(session, order.id, spent, why, at=at)


def _bought_at(session: Session, order: OrderRow) -> datetime | None:
    """What was got in exchange counts for the day on which she bought what it replaces."""
    return session.scalar(select(OrderRow.paid_at).where(OrderRow.id == order.exchange_of)) if order.exchange_of is not None else None


def _kept(session: Session, order: OrderRow) -> list[counting.Kept]:
    line = OrderLineRow
    rows = session.execute(
        select(line.line_no, line.product_id, line.total_minor, line.quantity, line.returned).where(line.order_id == order.id, line.product_id != DELIVERY)
    )
    return [counting.Kept(no, product_id, quantity - returned, kept_minor(total, quantity, returned)) for no, product_id, total, quantity, returned in rows]


def _worth(session: Session, order: OrderRow, kept: dict[int, int]) -> int:
    promised = session.scalars(select(OrderCouponRow.entitlements).where(OrderCouponRow.order_id == order.id))
    multipliers = [
        Multiplier(one["multiplier_bp"], tuple(one["lines"])) for each in promised for one in each if one["kind"] == MULTIPLIER
    ]
    if order.points_bp != ONE_BP:
        multipliers.append(Multiplier(order.points_bp, tuple(kept)))
    return earned(kept, multipliers, points_per_100_minor=order.points_rate)
