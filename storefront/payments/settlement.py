"""Bringing an order to where its payment is: the one place where money becomes true.

Owns the loop "ask the rule, make the move, ask again" inside the caller's transaction. Who brings the statement (webhook,
re-read, checkout, job) does not matter, nor in which order or how often.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.logs import get_logger
from storefront.contracts import ERASED, OrderState
from storefront.disputes.repository import lost_minor
from storefront.methods import repository as methods
from storefront.orders import moves
from storefront.orders.models import OrderRow
from storefront.orders.repository import fresh
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.truth import Move, next_move
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason

log = get_logger(__name__)

MOST_MOVES = 6


def settle(
    session: Session,
    desk: CouponDesk,
    order_id: str,
    payment: Payment,
    *,
    at: datetime,
    close_reason: StorefrontReason = StorefrontReason.PROVIDER_CANCELLED,
) -> OrderRow:
    """Make every move that `payment` calls for; returns the order as it is then.

    A payment that is not the order's own is passed over. Raises LookupError when there is no such order.
    """
    row = _row(session, order_id)
    if row.payment_id not in (None, payment.id):
        log.warning("foreign_payment_ignored", order_id=order_id, payment_id=payment.id)
        return row
    if payment.state is PaymentState.SUCCEEDED and payment.fingerprint and row.shopper_id != ERASED:
        desk.note_payment_method(session, shopper_id=row.shopper_id, fingerprint=payment.fingerprint, at=at)
    _keep(session, row, payment, at)
    for _ in range(MOST_MOVES):
        move = next_move(
            _with_lost(session, row, payment), state=OrderState(row.state), total_minor=row.total_minor, currency=row.currency, decline=row.decline,
            refund_state=row.refund_state, refunded_minor=row.refunded_minor, balance_minor=row.balance_minor,
            credited_minor=row.credited_minor,
        )  # fmt: skip
        if move is None:
            return row
        _make(session, desk, row, move, payment, at=at, close_reason=close_reason)
        row = _row(session, order_id)  # whether we moved it or somebody else was faster
    raise RuntimeError(f"order {order_id} and its payment do not come to rest")


def _with_lost(session: Session, row: OrderRow, payment: Payment) -> Payment:
    """Stray money that a bank has taken back for good is back with her as if it had been given back; a paid order stands all the same."""
    if row.state not in (OrderState.CANCELLED, OrderState.PAYMENT_FAILED):
        return payment
    return replace(payment, refunded_minor=payment.refunded_minor + lost_minor(session, row.id))


def _keep(session: Session, row: OrderRow, payment: Payment, at: datetime) -> None:
    """What she paid with stays for the next time if she said so; the first statement that tells the card does it."""
    told = payment.state is PaymentState.SUCCEEDED and payment.payer is not None and payment.card is not None
    if told and row.keep_method and row.shopper_id != ERASED and moves.take_wish(session, row.id, row.shopper_id):
        assert payment.payer is not None
        assert payment.card is not None
        methods.keep(session, row.shopper_id, payment.payer, payment.card, at=at)


def _make(
    session: Session, desk: CouponDesk, row: OrderRow, move: Move, payment: Payment, *, at: datetime, close_reason: StorefrontReason
) -> None:
    match move:
        case Move.PAY:
            moves.begin_payment(session, row.id, payment.id)
            moves.pay(session, desk, row.id, at=at)
        case Move.REFUND:
            asked = row.refund_state == "due"
            reason = StorefrontReason.REFUNDED_BY_STAFF if asked else StorefrontReason.REFUNDED_AT_PROVIDER
            moves.refunded(session, desk, row.id, payment.refunded_minor, reason, at=at)
        case Move.CLOSE:
            mismatch = payment.state is PaymentState.SUCCEEDED
            moves.begin_payment(session, row.id, payment.id)
            moves.close(session, desk, row.id, StorefrontReason.AMOUNT_MISMATCH if mismatch else close_reason, at=at)
        case Move.OWE:
            log.error("stray_money", order_id=row.id, state=row.state, amount_minor=payment.received_minor)
            moves.owe(session, row.id, at=at)
        case Move.NOTE:
            moves.note_decline(session, row.id, payment.decline)
        case Move.PART:
            moves.note_refunded(session, row.id, payment.refunded_minor)
        case Move.RETURNED:
            by_provider = payment.refunded_minor >= payment.received_minor
            moves.owed_returned(session, row.id, payment.refunded_minor if by_provider else 0)  # the rest a bank has taken


def _row(session: Session, order_id: str) -> OrderRow:
    row = fresh(session, order_id)
    if row is None:
        raise LookupError(f"there is no order {order_id}")
    return row
