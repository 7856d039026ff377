"""Speaking to the payment provider about one order: begin, confirm, look, give up, give back.

Owns the order of steps: what is recorded before the provider is asked, and what is asked before something is released.
No transaction is open while the provider is spoken to. Money can move only after the payment's id is recorded, and an
order is given up only after the provider has promised that no money will come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from storefront.cash import claims
from storefront.contracts import OrderState
from storefront.disputes import repository as disputes
from storefront.errors import (
    GatewayRefused,
    OrderClosed,
    OrderDisputed,
    OrderNotCancellable,
    OrderNotRefundable,
    PaymentTriesExhausted,
)
from storefront.methods import repository as methods
from storefront.orders import cash_taking, exchanging, moves, returning
from storefront.orders.models import OrderRow
from storefront.orders.repository import coupons_of, fresh, refunds_of
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.settlement import settle
from storefront.payments.shop import Shop
from storefront.reasons import StorefrontReason


def begin(shop: Shop, order_id: str) -> Payment:
    """The order's payment: announced now if it was not, else as it is at the provider. Raises OrderClosed, GatewayRefused.

    Announcing carries the order's id as key, so a lost answer is found again; no money can move before its id is recorded.
    """
    row = _read(shop, order_id)
    if row.payment_id is not None:
        return shop.gateway.read_payment(row.payment_id)
    try:
        payment = shop.gateway.create_payment(order_id=row.id, amount_minor=row.total_minor - row.balance_minor, currency=row.currency, key=row.id)
    except GatewayRefused:
        with shop.database.transaction() as session:
            moves.close(session, shop.coupons, order_id, StorefrontReason.GATEWAY_REFUSED, at=shop.now(), unbegun=True)
        raise
    with shop.database.transaction() as session:
        if not moves.begin_payment(session, order_id, payment.id):
            raise OrderClosed
    return payment


@dataclass(frozen=True, slots=True)
class Means:
    """What she pays with: `method`, a token of the provider's page, or `kept_id`, one she has kept. Neither: her browser confirms. `keep`: it shall stay for the next time."""

    method: str | None = None
    kept_id: str | None = None
    keep: bool = False


def kept_of(shop: Shop, shopper_id: str, means: Means) -> methods.Kept | None:
    """The method she has kept, if it is one. Raises UnknownPaymentMethod, CardHasExpired."""
    if means.kept_id is None:
        return None
    with shop.database.reading() as session:
        return methods.usable(session, shopper_id, means.kept_id, shop.now())


def confirm(shop: Shop, order_id: str, payment: Payment, *, means: Means, return_url: str | None, key: str) -> Payment:
    """Try to take the money. Raises OrderClosed when the order's time is over, PaymentTriesExhausted after too many tries, and what `kept_of` does.

    Without a method nothing is tried: her browser confirms, and only whether it shall be kept is said here."""
    if payment.state not in (PaymentState.NEEDS_METHOD, PaymentState.NEEDS_ACTION):
        return payment
    at, shopper_id = shop.now(), _read(shop, order_id).shopper_id
    kept = kept_of(shop, shopper_id, means)
    token = kept.card.token if kept is not None else means.method
    with shop.database.transaction() as session:
        row = fresh(session, order_id)
        if row is None or row.state != OrderState.PENDING or row.expires_at <= at or not moves.wish_to_keep(session, order_id, shopper_id, keep=means.keep):
            raise OrderClosed
        if token is not None and not moves.count_confirmation(session, order_id, shop.settings.max_confirmations):
            raise PaymentTriesExhausted(extra={"most": shop.settings.max_confirmations})
    payer = kept.payer if kept is not None else payer_for(shop, shopper_id, lambda session: moves.wish_to_keep(session, order_id, shopper_id, keep=True)) if means.keep else None
    if payment.keeps is not means.keep or payer not in (None, payment.payer):
        payment = shop.gateway.bind_payment(payment.id, payer=payer, keep=means.keep)
    if token is None:
        return payment
    return shop.gateway.confirm_payment(payment.id, method=token, return_url=return_url, key=derived_id("cfm", order_id, key))


def payer_for(shop: Shop, shopper_id: str, hold: Callable[[Session], bool]) -> str:
    """Her account at the provider, opened now if there is none. `hold` holds what it is opened for, so that her erasure comes before or after; it says
    whether that is still hers. Raises OrderClosed when she is erased meanwhile; what was opened for her goes again."""
    with shop.database.reading() as session:
        known = methods.payer_of(session, shopper_id)
    if known is not None:
        return known
    opened = shop.gateway.open_payer(key=derived_id("pyr", shopper_id))
    with shop.database.transaction() as session:
        hers = hold(session)
        if hers:
            methods.note_payer(session, shopper_id, opened, at=shop.now())
        else:
            methods.detach(session, methods.PAYER, opened, at=shop.now())
        known = methods.payer_of(session, shopper_id) if hers else None
    if known is None:
        raise OrderClosed
    return known


def look(shop: Shop, order_id: str) -> Payment | None:
    """What the provider says of the order's payment now; None while there is none."""
    row = _read(shop, order_id)
    return shop.gateway.read_payment(row.payment_id) if row.payment_id is not None else None


def give_up(shop: Shop, order_id: str, reason: StorefrontReason) -> Payment | None:
    """Close an unpaid order. The provider is made to refuse the money first; if it had come already, the order is paid.

    Returns the payment as it is then. A payment that is under way leaves everything as it is.
    """
    row = _read(shop, order_id)
    if row.state != OrderState.PENDING:
        return None
    if row.payment_id is None:
        with shop.database.transaction() as session:
            if moves.close(session, shop.coupons, order_id, reason, at=shop.now(), unbegun=True):
                return None
        row = _read(shop, order_id)  # a payment was begun in between
        if row.payment_id is None:
            return None
    payment = shop.gateway.cancel_payment(row.payment_id)
    with shop.database.transaction() as session:
        settle(session, shop.coupons, order_id, payment, at=shop.now(), close_reason=reason)
    return payment


def cancel(shop: Shop, order_id: str) -> None:
    """The shopper gives up. Raises OrderNotCancellable when money came, or is on its way, or some of an order that is paid in cash is."""
    if _read(shop, order_id).state == OrderState.CONFIRMED:
        with shop.database.transaction() as session:
            cash_taking.give_up(session, shop.coupons, order_id, at=shop.now())
    else:
        give_up(shop, order_id, StorefrontReason.SHOPPER_CANCELLED)
    if _read(shop, order_id).state in (OrderState.PENDING, OrderState.CONFIRMED, OrderState.PAID):
        raise OrderNotCancellable


def ask_refund(shop: Shop, order_id: str, *, restock: bool) -> None:
    """Mark the order's money as due to go back; passes when that is so already. Raises OrderNotRefundable, OrderDisputed."""
    at = shop.now()
    with shop.database.transaction() as session:
        if disputes.stands(session, order_id):
            raise OrderDisputed
        if moves.ask_refund(session, order_id, restock=restock, at=at):
            return
        row = fresh(session, order_id)
        if row is None or row.refund_state == "none":
            raise OrderNotRefundable(extra={"state": row.state if row else None})


def send_refund(shop: Shop, order_id: str) -> Payment | None:
    """Give the money back, once, however often this is called; None when there was none to give back.

    An order that coupons, her balance or cash paid for has no payment: it is refunded here and now, to her balance.
    """
    row = _read(shop, order_id)
    if row.refund_state != "due" or _withheld(shop, order_id):
        return None
    if row.payment_id is None:
        with shop.database.transaction() as session:
            moves.refunded(session, shop.coupons, order_id, row.refunded_minor, StorefrontReason.REFUNDED_BY_STAFF, at=shop.now())
        return None
    if not row.balance_minor and not row.credited_minor:
        return shop.gateway.refund_payment(row.payment_id, key=f"{order_id}:refund")
    payment = shop.gateway.read_payment(row.payment_id)
    left_minor = min(row.total_minor - row.balance_minor, row.total_minor - row.credited_minor) - payment.refunded_minor
    if left_minor <= 0:
        return payment  # the card has its part back; what is left goes to her balance when the order is moved
    # the key names the sum: what is left becomes less when a return was sent meanwhile, and the provider would refuse another sum under the same key for ever
    return shop.gateway.refund_payment(row.payment_id, key=f"{order_id}:refund:{left_minor}", amount_minor=left_minor)


def send_due(shop: Shop, order_id: str) -> Payment | None:
    """Give back every part of the order's money that is due, each once, however often this is called; a cashback only if it was
    paid in a way that earns it. What was paid in cash waits for a till. Returns the payment as it is then; None when nothing was asked.

    Raises GatewayUnreachable when the outcome of one is not known yet: its row stays due, and the same key finds it.
    """
    order, payment = _read(shop, order_id), None
    if _withheld(shop, order_id):
        return None  # a bank has the money: what is due waits for its word
    with shop.database.reading() as session:
        due = [row for row in refunds_of(session, order_id) if row.state == returning.DUE]
        earns = {row.coupon_id: returning.methods_of(row) for row in coupons_of(session, order_id)}
        claim = claims.of_order(session, order_id) if due and order.payment_id is None else None
        session.expunge_all()
    for row in due:
        if row.kind == returning.CASHBACK and (order.payment_id is not None or claim is not None):
            payment = shop.gateway.read_payment(order.payment_id) if order.payment_id is not None else None
            paid_with = payment.methods if payment is not None else claims.methods(claim) if claim is not None else ()
            if earns.get(row.coupon_id or "", frozenset()).isdisjoint(paid_with):
                with shop.database.transaction() as session:
                    returning.drop(session, shop.coupons, row.id, StorefrontReason.METHOD_EARNS_NO_CASHBACK, at=shop.now())
                continue
        card_minor = row.amount_minor - row.credit_minor
        if card_minor and claim is not None:
            continue  # orders/cash_taking.py pays it out
        if card_minor and order.payment_id is not None:
            payment = shop.gateway.refund_payment(order.payment_id, amount_minor=card_minor, key=row.id)
        with shop.database.transaction() as session:
            finished = returning.finish(session, shop.coupons, row.id, at=shop.now())
            if payment is not None:
                settle(session, shop.coupons, order_id, payment, at=shop.now())
            elif finished and returning.all_returned(session, order_id):
                moves.refunded(session, shop.coupons, order_id, order.refunded_minor, StorefrontReason.REFUNDED_BY_STAFF, at=shop.now())
    if claim is not None:
        with shop.database.transaction() as session:
            moves.rest(session, order_id)
    return payment


def give_pieces_back(
    shop: Shop, order_id: str, pieces: Mapping[int, int], *, key: str, restock: bool, asked_by: str, to_credit: bool | None = None
) -> Payment | None:
    """Return pieces of a paid order (line number -> how many) and send what was paid for them, or what she wants in exchange leaves of it; once per `key`. Raises
    UnknownOrder, OrderNotRefundable, TooManyReturned, RefundUnderWay, with nothing applied; GatewayUnreachable when the
    outcome is not known yet."""
    payment = send_due(shop, order_id)
    refund_id = derived_id("rfd", order_id, key)
    with shop.database.transaction() as session:
        exchanging.receive(session, shop.coupons, shop.settings, exchanging.Received(order_id, pieces, refund_id, restock, asked_by, to_credit), at=shop.now())
    return send_due(shop, order_id) or payment


def _withheld(shop: Shop, order_id: str) -> bool:
    with shop.database.reading() as session:
        return disputes.stands(session, order_id)


def _read(shop: Shop, order_id: str) -> OrderRow:
    with shop.database.reading() as session:
        row = fresh(session, order_id)
        if row is None:
            raise LookupError(f"there is no order {order_id}")
        session.expunge(row)
        return row
