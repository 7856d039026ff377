"""What follows for an order when its money is disputed: marked, never moved backwards; and what follows from losing it.

Owns those consequences. A won dispute leaves the order as if nothing had been. A lost one takes the points that it earned and whatever was still due to go
back: the bank has given it back. Its coupons stay used: she had what they gave, and their campaigns have paid for it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.outbox import emit
from storefront.contracts import OrderState
from storefront.dispute_contracts import DisputeMoved
from storefront.disputes import repository as disputes
from storefront.disputes.states import DisputeState, DisputeTold
from storefront.orders import returning
from storefront.orders.models import OrderRow
from storefront.orders.repository import locked, refunds_of
from storefront.orders.worth import settle_worth
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason


def heard(session: Session, desk: CouponDesk, order_id: str, told: DisputeTold, *, at: datetime) -> bool:
    """Take in one statement; True when it changed something. A later statement of the same, or an older one, changes nothing."""
    order = locked(session, order_id)
    if order is None or not disputes.take_in(session, order_id, told, at=at):
        return False
    if told.state is DisputeState.LOST:
        _lost(session, desk, order, at=at)
    settle_worth(session, order, "disputed", at=at)
    emit(session, DisputeMoved(order_id, order.shopper_id, told.id, told.state.value, told.amount_minor, told.currency, at), subject=order.shopper_id)
    return True


def _lost(session: Session, desk: CouponDesk, order: OrderRow, *, at: datetime) -> None:
    for row in refunds_of(session, order.id):
        if row.state == returning.DUE:
            returning.drop(session, desk, row.id, StorefrontReason.DISPUTE_LOST, at=at)
    due = update(OrderRow).where(OrderRow.id == order.id, OrderRow.refund_state == "due")
    if order.state == OrderState.PAID:
        moved(session, due.values(refund_state="none", next_look_at=None))
    elif order.payment_id is not None:
        moved(session, due.values(refund_state="done", next_look_at=None))
