"""What must happen to an order, given what the provider says of its payment. Pure.

Owns the rule "money is true only when the provider says so, and never without an order". It looks at one statement at a
time and knows no order of arrival: late, doubled or shuffled statements lead to the same end.
"""

from __future__ import annotations

from enum import StrEnum

from storefront.contracts import OrderState
from storefront.payments.ports import Payment, PaymentState


class Move(StrEnum):
    """`pay`, `refund`, `close`: moves of the order. `owe`: money must go back. `note`: remember the decline. `returned`: it went
    back. `part`: some of it has."""

    PAY = "pay"
    REFUND = "refund"
    CLOSE = "close"
    OWE = "owe"
    NOTE = "note"
    RETURNED = "returned"
    PART = "part"


def next_move(
    payment: Payment,
    *,
    state: OrderState,
    total_minor: int,
    currency: str,
    decline: str | None,
    refund_state: str,
    refunded_minor: int | None = None,
    balance_minor: int = 0,
    credited_minor: int = 0,
) -> Move | None:
    """The one thing to do next, or None when order and payment agree. Asked again after each move until it is None.

    `refunded_minor` is what the order knows to be back; None: parts do not matter. `balance_minor` of the total was paid otherwise, and
    `credited_minor` has gone back otherwise: the provider has to do with the rest.
    """
    if payment.state is PaymentState.SUCCEEDED:
        fits = payment.received_minor == total_minor - balance_minor and payment.currency == currency
        wanted_minor = total_minor - credited_minor
        if refund_state == "due":  # its part comes from the provider, and the rest with the move
            wanted_minor = min(wanted_minor, total_minor - balance_minor)
        move = _after_money(payment, state, fits=fits, refund_state=refund_state, wanted_minor=wanted_minor)
        if move is Move.CLOSE:
            return _closing(payment, decline)
        more = refunded_minor is not None and payment.refunded_minor > refunded_minor
        return Move.PART if move is None and state is OrderState.PAID and more else move
    if state is not OrderState.PENDING:
        return None
    if payment.state is PaymentState.CANCELLED:
        return _closing(payment, decline)
    if payment.state is PaymentState.NEEDS_METHOD and payment.decline is not None and payment.decline != decline:
        return Move.NOTE
    return None


def _closing(payment: Payment, decline: str | None) -> Move:
    """Whether an order ends as failed or as cancelled is the word of the statement that ends it: what was heard before may be all or a part."""
    return Move.CLOSE if payment.decline == decline else Move.NOTE


def _after_money(payment: Payment, state: OrderState, *, fits: bool, refund_state: str, wanted_minor: int) -> Move | None:
    all_back = payment.refunded_minor >= payment.received_minor > 0
    if state is OrderState.PENDING:
        return Move.PAY if fits else Move.CLOSE
    if state is OrderState.PAID:
        return Move.REFUND if payment.refunded_minor >= wanted_minor else None
    if state in (OrderState.CANCELLED, OrderState.PAYMENT_FAILED):
        if all_back:  # also if nobody knew that it had come: an older statement, that it has, is not to be believed then
            return None if refund_state == "done" else Move.RETURNED
        return Move.OWE if refund_state == "none" else None
    return None
