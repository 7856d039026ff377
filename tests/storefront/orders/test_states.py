"""The life of an order: what may follow what."""

from __future__ import annotations

from storefront.contracts import OrderState
from storefront.orders.states import NEXT, predecessors

S = OrderState


class TestPredecessors:
    def test_the_whole_table(self) -> None:
        assert {new: predecessors(new) for new in S} == {
            S.PENDING: frozenset(), S.CONFIRMED: {S.PENDING}, S.PAID: {S.PENDING, S.CONFIRMED}, S.PAYMENT_FAILED: {S.PENDING},
            S.CANCELLED: {S.PENDING, S.CONFIRMED}, S.REFUNDED: {S.PAID},
        }  # fmt: skip

    def test_no_way_leads_back(self) -> None:
        """Planted bug seen: a row PAID -> PENDING shows as a cycle."""

        def reachable(state: OrderState, seen: frozenset[OrderState] = frozenset()) -> frozenset[OrderState]:
            return frozenset().union(*(reachable(n) | {n} for n in NEXT[state]), seen)

        assert all(state not in reachable(state) for state in S)
