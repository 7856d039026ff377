"""Every change of an order's state, with what must move along: coupon, stock, slot, event. One conditional UPDATE each.

Owns the moves. Each returns True only to the one caller whose UPDATE hit the row; everybody else finds it done and does
nothing, so webhook, browser and job may all try. Must not ask the payment provider: callers bring what they know.
Rows are always locked in the order order, products (by id), slot, coupon, balance.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import case, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.logs import get_logger
from app.kernel.outbox import emit
from storefront.balance import books as balance
from storefront.balance import cards
from storefront.bookings import booking as bookings
from storefront.bookings.repository import booked_lines
from storefront.cash import claims
from storefront.cash.risk import PayBy
from storefront.catalog.repository import put_back
from storefront.contracts import DELIVERY, OrderClosed, OrderConfirmed, OrderPaid, OrderState
from storefront.delivery.booking import give_back as give_slot_back
from storefront.orders import paper_due, purchases, request_ends, returning
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.orders.repository import coupons_of, exchange_stands, fresh, locked, refunds_of
from storefront.orders.states import ReturnState, predecessors
from storefront.orders.worth import settle_worth
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason
from storefront.taxes.repository import voucher_lines

log = get_logger(__name__)


def confirm(session: Session, order_id: str, way: PayBy, place_id: str | None, *, until: datetime, at: datetime) -> bool:
    """pending -> confirmed: it stands without money until then, with an open claim on what her balance does not pay."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(predecessors(OrderState.CONFIRMED)), OrderRow.payment_id.is_(None))
    if not moved(session, move.values(state=OrderState.CONFIRMED, expires_at=until, next_look_at=until)):
        return False
    row = _row(session, order_id)
    due_minor = row.total_minor - row.balance_minor
    claims.open_claim(session, order_id, way, place_id, due_minor, row.currency, at=at)
    emit(session, OrderConfirmed(row.id, row.shopper_id, row.total_minor, due_minor, row.currency, way, at), subject=row.shopper_id)
    return True


def wait_until(session: Session, order_id: str, until: datetime) -> bool:
    """It is kept for her so long now: a confirmed order waits at least until then."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.CONFIRMED, OrderRow.expires_at < until)
    return moved(session, move.values(expires_at=until))


def pay(session: Session, desk: CouponDesk, order_id: str, *, at: datetime) -> bool:
    """pending or confirmed -> paid: the coupons are used, cashback is due, points are earned, `order.paid` goes out."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(predecessors(OrderState.PAID)))
    if not moved(session, move.values(state=OrderState.PAID, paid_at=at, decline=None, next_look_at=None)):
        return False
    row = _row(session, order_id)
    if row.coupon_id is not None and not desk.redeem(session, order_id=order_id, at=at):
        # The money is true all the same; the discount stands as it was charged.
        log.warning("coupon_not_reserved_at_payment", order_id=order_id, coupon_id=row.coupon_id)
    bookings.book(session, order_id, at)
    balance.capture(session, order_id, at=at)
    _issue_cards(session, row, at=at)
    paid = OrderPaid(row.id, row.shopper_id, row.total_minor, row.discount_minor, row.currency, row.coupon_id, at)
    emit(session, paid, subject=row.shopper_id)
    returning.promise_cashback(session, desk, row, at=at)
    settle_worth(session, row, "paid", at=at)
    paper_due.receipt_due(session, order_id, at=at)
    purchases.tell(session, desk, row)
    return True


def close(session: Session, desk: CouponDesk, order_id: str, reason: StorefrontReason, *, at: datetime, unbegun: bool = False) -> bool:
    """pending -> payment_failed (after a decline) or cancelled, confirmed -> cancelled: stock, slot and coupon go back, what was owed in cash is not any more,
    `order.closed` goes out.

    `unbegun`: only while no payment is recorded for it.
    """
    state = case((OrderRow.decline.is_not(None), OrderState.PAYMENT_FAILED.value), else_=OrderState.CANCELLED.value)
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(predecessors(OrderState.CANCELLED)))
    if unbegun:
        move = move.where(OrderRow.payment_id.is_(None))
    if not moved(session, move.values(state=state, close_reason=reason, closed_at=at, next_look_at=None)):
        return False
    row = _row(session, order_id)
    put_back(session, _units(session, order_id))
    give_slot_back(session, order_id)
    bookings.give_back(session, order_id, at)
    if row.coupon_id is not None:
        desk.release(session, order_id=order_id, at=at, why=reason.value)
    let_go(session, desk, row, reason.value, at=at)
    balance.release(session, order_id, at=at)
    claims.end(session, order_id, reason, at=at)
    emit(session, OrderClosed(row.id, row.shopper_id, row.state, row.coupon_id, at), subject=row.shopper_id)
    return True


def refunded(session: Session, desk: CouponDesk, order_id: str, amount_minor: int, reason: StorefrontReason, *, at: datetime) -> bool:
    """paid -> refunded: what neither provider nor balance has given back yet goes to the balance, the coupons are given back once, the pieces go back on the shelf unless told otherwise."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(predecessors(OrderState.REFUNDED)))
    values = {"state": OrderState.REFUNDED, "refund_state": "done", "refunded_minor": amount_minor, "close_reason": reason, "closed_at": at}
    if not moved(session, move.values(**values, next_look_at=None)):
        return False
    row = _row(session, order_id)
    request_ends.end(session, order_id, ReturnState.RECEIVED, at=at)
    returning.close_with_order(session, desk, row, at=at)
    give_slot_back(session, order_id)
    bookings.give_back(session, order_id, at)
    cards.void(session, order_id, at=at)
    row = _row(session, order_id)
    returning.credit(session, row, row.total_minor - row.refunded_minor - row.credited_minor, at=at)
    desk.forget_purchase(session, order_id=order_id)
    settle_worth(session, row, "refunded", at=at)
    paper_due.rest_due(session, order_id, at=at)
    if row.coupon_id is not None and not exchange_stands(session, order_id, with_coupon=True):
        desk.give_back(session, order_id=order_id, at=at, why=reason.value)
    let_go(session, desk, row, reason.value, at=at)
    emit(session, OrderClosed(row.id, row.shopper_id, row.state, row.coupon_id, at), subject=row.shopper_id)
    return True


def let_go(session: Session, desk: CouponDesk, row: OrderRow, why: str, *, at: datetime) -> None:
    """An order that replaced pieces of another came to nothing, or back: what went over of that order's coupons is their campaigns' again, and with nothing of
    it left anywhere the coupons are hers again."""
    if row.exchange_of is None:
        return
    went = Counter[str]()
    for refund in refunds_of(session, row.id):
        went.update(refund.shares)
    for coupon in coupons_of(session, row.id):
        if left_minor := coupon.discount_minor - went[coupon.coupon_id]:
            desk.return_part(session, order_id=row.exchange_of, coupon_id=coupon.coupon_id, amount_minor=left_minor, at=at, cause=row.id, why=returning.PIECES_RETURNED)
    first = locked(session, row.exchange_of)  # or of this one and the last piece of that one, going back at once, each would leave the coupons to the other
    if first is not None and first.state == OrderState.REFUNDED and first.coupon_id is not None and not exchange_stands(session, first.id, with_coupon=True):
        desk.give_back(session, order_id=first.id, at=at, why=why)


def ask_refund(session: Session, order_id: str, *, restock: bool, at: datetime) -> bool:
    """Mark a paid order's money as due to go back; False when it is not paid or already being refunded."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PAID, OrderRow.refund_state == "none")
    return moved(session, move.values(refund_state="due", restock=restock, next_look_at=at))


def note_refunded(session: Session, order_id: str, amount_minor: int) -> bool:
    """Part of a paid order's money is back, says the provider; an older statement changes nothing."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PAID, OrderRow.refunded_minor < amount_minor)
    return moved(session, move.values(refunded_minor=amount_minor))


def owe(session: Session, order_id: str, *, at: datetime) -> bool:
    """Money arrived for an order that is closed: it must go back."""
    closed = (OrderState.CANCELLED, OrderState.PAYMENT_FAILED)
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(closed), OrderRow.refund_state == "none")
    return moved(session, move.values(refund_state="due", next_look_at=at))


def owed_returned(session: Session, order_id: str, amount_minor: int) -> bool:
    """The stray money of a closed order is back with the shopper."""
    closed = (OrderState.CANCELLED, OrderState.PAYMENT_FAILED)
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state.in_(closed), OrderRow.refund_state != "done")
    return moved(session, move.values(refund_state="done", refunded_minor=amount_minor, next_look_at=None))


def note_paid_out(session: Session, order_id: str, amount_minor: int) -> bool:
    """So much more of a paid order's money is back, at a till."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PAID)
    return moved(session, move.values(refunded_minor=OrderRow.refunded_minor + amount_minor))


def note_decline(session: Session, order_id: str, decline: str | None) -> bool:
    """Remember why the last try to pay failed, or that it did not; the order stays pending and may be paid in another way."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PENDING)
    return moved(session, move.values(decline=decline))


def wish_to_keep(session: Session, order_id: str, shopper_id: str, *, keep: bool) -> bool:
    """Whether she wants what she pays with now kept: the word of her last try. False when the order is no longer hers."""
    return moved(session, update(OrderRow).where(OrderRow.id == order_id, OrderRow.shopper_id == shopper_id).values(keep_method=keep))


def take_wish(session: Session, order_id: str, shopper_id: str) -> bool:
    """True once, for whoever then keeps the method; the order's row is held, so that her erasure comes before or after."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.shopper_id == shopper_id, OrderRow.keep_method.is_(True))
    return moved(session, move.values(keep_method=False))


def begin_payment(session: Session, order_id: str, payment_id: str) -> bool:
    """Record the provider's payment before any money can move; False when the order was closed meanwhile."""
    free = (OrderRow.payment_id.is_(None)) | (OrderRow.payment_id == payment_id)
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PENDING, free)
    return moved(session, move.values(payment_id=payment_id))


def count_confirmation(session: Session, order_id: str, most: int) -> bool:
    """One more try to pay; False when there were enough, or the order is no longer pending."""
    move = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PENDING, OrderRow.confirmations < most)
    return moved(session, move.values(confirmations=OrderRow.confirmations + 1))


def look_later(session: Session, order_id: str, seen: datetime, later: datetime) -> bool:
    """Claim a look at the provider: of several reconcilers one moves the time on."""
    return moved(session, update(OrderRow).where(OrderRow.id == order_id, OrderRow.next_look_at == seen).values(next_look_at=later))


def rest(session: Session, order_id: str) -> bool:
    """Nobody need look: what is still due of it waits for a person."""
    settled = update(OrderRow).where(OrderRow.id == order_id, OrderRow.state == OrderState.PAID, OrderRow.refund_state == "none")
    return moved(session, settled.values(next_look_at=None))


def _issue_cards(session: Session, row: OrderRow, *, at: datetime) -> None:
    """Gift cards that were bought are worth something from now on."""
    line = OrderLineRow
    sold = select(line.line_no, line.quantity, line.unit_minor).where(line.order_id == row.id, line.line_no.in_(voucher_lines(session, row.id)))
    for line_no, quantity, unit_minor in session.execute(sold).all():
        cards.issue_bought(session, row.id, line_no, quantity, unit_minor, row.currency, at=at)


def _row(session: Session, order_id: str) -> OrderRow:
    row = fresh(session, order_id)
    if row is None:
        raise LookupError(f"order {order_id} was moved but is not there")
    return row


def _units(session: Session, order_id: str) -> Counter[str]:
    units: Counter[str] = Counter()
    line, timed = OrderLineRow, booked_lines(session, order_id)
    sold = select(line.line_no, line.product_id, line.quantity).where(line.order_id == order_id, line.product_id != DELIVERY)
    for line_no, product_id, quantity in session.execute(sold):
        if line_no not in timed:
            units[product_id] += quantity
    return units
