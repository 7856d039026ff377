"""The way of a parcel: forward only, and what is old is known as old."""

from __future__ import annotations

from storefront.shipments.states import NEXT, ShipmentState, is_behind, predecessors

S = ShipmentState


class TestPredecessors:
    def test_as_written(self) -> None:
        assert {state: predecessors(state) for state in S} == {
            S.PACKED: set(), S.HANDED_OVER: {S.PACKED}, S.OUT_FOR_DELIVERY: {S.PACKED, S.HANDED_OVER}, S.DELIVERED: {S.HANDED_OVER, S.OUT_FOR_DELIVERY},
            S.FAILED: {S.HANDED_OVER, S.OUT_FOR_DELIVERY}, S.RETURNED: {S.FAILED},
        }  # fmt: skip

    def test_nothing_leads_back(self) -> None:
        """Whatever follows a state never leads to it again. Planted bug: what failed goes out again."""
        for state in S:
            seen, todo = set[ShipmentState](), list(NEXT[state])
            while todo:
                one = todo.pop()
                seen.add(one)
                todo += NEXT[one] - seen
            assert state not in seen


class TestIsBehind:
    def test_what_lies_behind_and_what_does_not(self) -> None:
        assert {(told, now) for told in S for now in S if is_behind(now, told)} == {(s, s) for s in S} | {
            (S.PACKED, now) for now in S
        } | {(S.HANDED_OVER, now) for now in (S.OUT_FOR_DELIVERY, S.DELIVERED, S.FAILED, S.RETURNED)} | {
            (S.OUT_FOR_DELIVERY, now) for now in (S.DELIVERED, S.FAILED, S.RETURNED)
        } | {(S.FAILED, S.RETURNED)}  # fmt: skip
