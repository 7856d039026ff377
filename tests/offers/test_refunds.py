"""Partial refunds of a line: every split adds up to what was paid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers import pricing, refunds
from offers.contracts import Quote
from offers.definition import Benefit
from tests.offers.test_pricing import lines, some_benefits


class TestRefundMinor:
    def test_three_pieces_for_ten_euros(self) -> None:
        steps = [refunds.refund_minor(1200, 200, 3, returned_before=k, returned_now=1) for k in range(3)]
        assert steps == [333, 333, 334]

    def test_nothing_returned_is_nothing(self) -> None:
        assert refunds.refund_minor(1200, 200, 3, returned_before=1, returned_now=0) == 0

    @pytest.mark.parametrize(("before", "now"), [(2, 2), (-1, 1), (0, 4), (1, -1)])
    def test_more_than_is_out(self, before: int, now: int) -> None:
        with pytest.raises(ValueError, match="as many pieces"):
            refunds.refund_minor(1200, 200, 3, returned_before=before, returned_now=now)

    @given(st.integers(1, 60), st.integers(0, 10**9), st.data())
    def test_any_split_adds_up(self, quantity: int, unit_minor: int, data: st.DataObject) -> None:
        """Seen to fail with each step rounded by itself (paid * now // quantity)."""
        total_minor = quantity * unit_minor
        discount_minor = data.draw(st.integers(0, total_minor))
        before, given_back = 0, 0
        while before < quantity:
            now = data.draw(st.integers(1, quantity - before))
            back = refunds.refund_minor(total_minor, discount_minor, quantity, returned_before=before, returned_now=now)
            assert back >= 0
            before, given_back = before + now, given_back + back
        assert given_back == total_minor - discount_minor


class TestOfAQuote:
    @given(lines, some_benefits, st.none() | st.integers(1, 10**6))
    def test_a_whole_order_comes_back_to_the_cent(self, cart: list, benefit: Benefit, bound_minor: int | None) -> None:  # type: ignore[type-arg]
        """What all pieces of all lines bring back, one by one, is the basket less the discount of the quote."""
        answer = pricing.price(
            benefit,
            cart,
            coupon_id="c",
            coupon_currency="EUR",
            currency="EUR",
            bound_minor=bound_minor,
            benefit_text="Off",
        )
        if not isinstance(answer, Quote):
            return
        off = {d.line_id: d.discount_minor for d in answer.lines}
        back = sum(
            refunds.refund_minor(
                one.quantity * one.unit_amount_minor, off[one.line_id], one.quantity, returned_before=k, returned_now=1
            )
            for one in cart
            for k in range(one.quantity)
        )
        assert back == sum(one.quantity * one.unit_amount_minor for one in cart) - answer.discount_minor
