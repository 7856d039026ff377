"""The storefront's periodic work: asking the provider about every order that is not settled, and what time does to cards and points.

Owns the round. Each order is claimed by moving its next look on, so several rounds may run side by side; a provider that
does not answer leaves the order for the next look. Nothing is released before the provider has been asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from storefront.balance import cards
from storefront.bookings import booking
from storefront.bookings import repository as bookings
from storefront.contracts import OrderState
from storefront.loyalty import weighing
from storefront.orders import cash_taking, moves, request_ends
from storefront.orders.repository import due_for_a_look, fresh
from storefront.orders.states import ReturnState
from storefront.payments import collecting
from storefront.payments.settlement import settle
from storefront.payments.shop import Shop
from storefront.reasons import StorefrontReason
from storefront.recommending import counting

log = get_logger(__name__)


def reconcile_orders(shop: Shop, limit: int = 50) -> int:
    """Look at up to `limit` orders that are due; returns how many were looked at. Call every few seconds."""
    at = shop.now()
    with shop.database.reading() as session:
        due = due_for_a_look(session, at, limit)
    looked = 0
    for order_id, seen in due:
        if not _claim(shop, order_id, seen, at):
            continue
        looked += 1
        try:
            reconcile(shop, order_id)
        except AppError as refusal:
            log.warning("order_not_settled", order_id=order_id, reason=refusal.code)
    return looked


def expire_gift_cards(shop: Shop) -> int:
    """Cards whose time is over; returns how many."""
    at = shop.now()
    with shop.database.transaction() as session:
        return cards.expire(session, at)


def remind_of_bookings(shop: Shop, limit: int = 200) -> int:
    """Those who have booked what begins in a day are told so, each once; returns how many. Call every few minutes."""
    at = shop.now()
    with shop.database.transaction() as session:
        return sum(booking.remind(session, row) for row in bookings.to_remind(session, at, limit))


def lapse_returns(shop: Shop) -> int:
    """Requests to give back whose time is over: what was held in exchange is on the shelf again. Returns how many."""
    at, done = shop.now(), 0
    with shop.database.reading() as session:
        waiting = request_ends.lapsing(session, at)
    for order_id in waiting:
        with shop.database.transaction() as session:
            done += request_ends.end(session, order_id, ReturnState.LAPSED, at=at, lapsed=True) is not None
    return done


def count_together(shop: Shop) -> int:
    """What is bought together, anew; returns how many rows say so. Call once in some hours."""
    return counting.count(shop.database, shop.settings)


def weigh_loyalty(shop: Shop, limit: int = 2_000) -> int:
    """Those for whom time alone has changed something: points that lapse, a tier that ends, a programme that was changed. Returns how many."""
    at = shop.now()
    with shop.database.reading() as session:
        waiting = weighing.due(session, at, limit)
    for shopper_id in waiting:
        with shop.database.transaction() as session:
            weighing.weigh_known(session, shopper_id, at=at)
    return len(waiting)


def reconcile(shop: Shop, order_id: str) -> None:
    """Bring one order to where its payment is; give it up when its time is over; send the money back when that is due."""
    with shop.database.reading() as session:
        row = fresh(session, order_id)
        if row is None:
            return
        state, expires_at, refund_state = OrderState(row.state), row.expires_at, row.refund_state
    if state is OrderState.CONFIRMED:
        with shop.database.transaction() as session:
            cash_taking.expire(session, shop.coupons, order_id, at=shop.now())
        return
    if refund_state == "due":
        payment = collecting.send_refund(shop, order_id)
    elif state is OrderState.PENDING:
        payment = collecting.look(shop, order_id)
    else:
        payment = collecting.send_due(shop, order_id)
    if payment is not None:
        with shop.database.transaction() as session:
            settle(session, shop.coupons, order_id, payment, at=shop.now())
    if state is OrderState.PENDING and expires_at <= shop.now():
        collecting.give_up(shop, order_id, StorefrontReason.HOLD_EXPIRED)


def _claim(shop: Shop, order_id: str, seen: datetime, at: datetime) -> bool:
    later = at + timedelta(seconds=shop.settings.look_again_s)
    with shop.database.transaction() as session:
        row = fresh(session, order_id)
        waits = row is not None and row.state == OrderState.CONFIRMED
        if row is not None and row.state == OrderState.PENDING and at < row.expires_at:
            later = min(later, row.expires_at)
        if row is not None and waits:
            later = max(later, row.expires_at)  # a person pays it, so nothing is to be seen before
        if not moves.look_later(session, order_id, seen, later):
            return False
        if row is not None and (row.state == OrderState.PENDING or waits) and row.coupon_id is not None:
            # money may still come, however slow her bank is: the coupon must not lapse before the order has ended
            lasts_s = max(0, int((row.expires_at - at).total_seconds())) if waits else 0
            shop.coupons.renew(session, order_id=order_id, at=at, ttl_s=lasts_s + shop.settings.coupon_grace_s)
        return True
