"""The life of an order as a table: which state may follow which. Pure.

Owns the transitions. An order never goes backwards: nothing leads to `pending`, and a closed order stays closed.
"""

from __future__ import annotations

from storefront.contracts import OrderState

NEXT: dict[OrderState, frozenset[OrderState]] = {
    OrderState.PENDING: frozenset({OrderState.PAID, OrderState.PAYMENT_FAILED, OrderState.CANCELLED}),
    OrderState.PAID: frozenset({OrderState.REFUNDED}),
    OrderState.PAYMENT_FAILED: frozenset(),
    OrderState.CANCELLED: frozenset(),
    OrderState.REFUNDED: frozenset(),
}


def predecessors(new: OrderState) -> frozenset[OrderState]:
    """The states from which an order may become `new`: the WHERE of the move."""
    return frozenset(state for state, following in NEXT.items() if new in following)
