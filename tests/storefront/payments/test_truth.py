"""The rule of money: what a statement of the provider asks of an order, in every pair of states."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from storefront.contracts import OrderState
from storefront.payments.ports import Payment, PaymentState
from storefront.payments.truth import Move, next_move

S, P = OrderState, PaymentState
OPEN = Payment("pi_1", P.NEEDS_METHOD, 900, 0, 0, "EUR", "ord_1")
PAID = replace(OPEN, state=P.SUCCEEDED, received_minor=900)
BACK = replace(PAID, refunded_minor=900)
DECLINED = replace(OPEN, decline="card_declined")
GONE = replace(OPEN, state=P.CANCELLED)


def asked(payment: Payment, state: OrderState, *, decline: str | None = None, refund_state: str = "none") -> Move | None:
    return next_move(payment, state=state, total_minor=900, currency="EUR", decline=decline, refund_state=refund_state)


class TestNextMove:
    @pytest.mark.parametrize(
        ("payment", "state", "expected"),
        [
            (PAID, S.PENDING, Move.PAY),
            (PAID, S.PAID, None),
            (PAID, S.REFUNDED, None),
            (PAID, S.CANCELLED, Move.OWE),
            (PAID, S.PAYMENT_FAILED, Move.OWE),
            (BACK, S.PENDING, Move.PAY),
            (BACK, S.PAID, Move.REFUND),
            (BACK, S.REFUNDED, None),
            (BACK, S.CANCELLED, Move.RETURNED),
            (GONE, S.PENDING, Move.CLOSE),
            (GONE, S.PAID, None),
            (GONE, S.CANCELLED, None),
            (DECLINED, S.PENDING, Move.NOTE),
            (DECLINED, S.PAID, None),
            (DECLINED, S.CANCELLED, None),
            (OPEN, S.PENDING, None),
            (replace(OPEN, state=P.PROCESSING), S.PENDING, None),
            (replace(OPEN, state=P.NEEDS_ACTION), S.PENDING, None),
        ],
    )
    def test_table(self, payment: Payment, state: OrderState, expected: Move | None) -> None:
        assert asked(payment, state) is expected

    def test_a_part_given_back_is_not_a_refund(self) -> None:
        assert asked(replace(PAID, refunded_minor=899), S.PAID) is None

    def test_another_amount_or_currency_pays_nothing(self) -> None:
        """Planted bug seen: `fits=True` lets one cent pay for everything."""
        assert asked(replace(PAID, received_minor=1), S.PENDING) is Move.CLOSE
        assert asked(replace(PAID, currency="SEK"), S.PENDING) is Move.CLOSE

    def test_a_debt_is_asked_once_and_settled(self) -> None:
        assert asked(PAID, S.CANCELLED, refund_state="due") is None
        assert asked(BACK, S.CANCELLED, refund_state="due") is Move.RETURNED
        assert asked(BACK, S.CANCELLED, refund_state="done") is None

    def test_a_decline_is_noted_once(self) -> None:
        assert asked(DECLINED, S.PENDING, decline="card_declined") is None

    def test_what_ends_an_order_says_whether_its_last_try_was_declined(self) -> None:
        """The statement about the try may come later, or tell of a try before the last: an order would end as failed, or as cancelled, by chance."""
        assert asked(GONE, S.PENDING, decline="card_declined") is Move.NOTE
        assert asked(replace(GONE, decline="card_declined"), S.PENDING) is Move.NOTE
        assert asked(replace(GONE, decline="card_declined"), S.PENDING, decline="card_declined") is Move.CLOSE
        assert asked(replace(PAID, received_minor=1), S.PENDING, decline="card_declined") is Move.NOTE

    def test_only_money_moves_a_closed_order(self) -> None:
        for payment, state in itertools.product((OPEN, DECLINED, GONE), (S.PAID, S.REFUNDED, S.CANCELLED, S.PAYMENT_FAILED)):
            assert asked(payment, state) is None
