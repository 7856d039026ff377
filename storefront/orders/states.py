"""The life of an order as a table: which state may follow which; and the states of a request to give pieces of it back. Pure.

Owns the transitions. An order never goes backwards: nothing leads to `pending`, and a closed order stays closed.
"""

from __future__ import annotations

from enum import StrEnum

from storefront.contracts import OrderState

NEXT: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.CONFIRMED, OrderState.PAID, OrderState.PAYMENT_FAILED, OrderState.CANCELLED}),
    OrderState.CONFIRMED: frozenset({OrderState.PAID, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.REFUNDED}),
    OrderState.PAYMENT_FAILED: frozenset(),
    OrderState.CANCELLED: frozenset(),
    OrderState.REFUNDED: frozenset(),
}


class ReturnState(StrEnum):
    """A request is open until the pieces are received, she withdraws it, or she has not brought them in time."""

    OPEN = "open"
    RECEIVED = "received"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


def predecessors(new: OrderState) -> frozenset[OrderState]:
    """The states from which an order may become `new`: the WHERE of the move."""
    return frozenset(state for state, following in NEXT.items() if new in following)
