"""Which of two statements about a dispute counts: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from storefront.balance.accounts import Account
from storefront.disputes.states import DisputeState, lies_in, weight

AT = datetime(2026, 11, 21, tzinfo=UTC)
S = DisputeState


class TestWeight:
    @pytest.mark.parametrize("told", [
        [(S.OPEN, 0), (S.UNDER_REVIEW, 0), (S.LOST, 0)],
        [(S.OPEN, 0), (S.WON, 5), (S.UNDER_REVIEW, 9)],
        [(S.INQUIRY, 0), (S.CLOSED, 1)],
        [(S.LOST, 3), (S.WON, 9), (S.OPEN, 12)],
    ])  # fmt: skip
    def test_the_same_one_counts_in_any_order(self, told: list[tuple[DisputeState, int]]) -> None:
        ends = {max(order, key=lambda one: weight(one[0], AT + timedelta(seconds=one[1]))) for order in permutations(told)}
        assert len(ends) == 1

    def test_final_before_later_and_later_before_earlier(self) -> None:
        assert weight(S.LOST, AT) > weight(S.OPEN, AT + timedelta(days=1))
        assert weight(S.WON, AT + timedelta(days=1)) > weight(S.LOST, AT)
        assert weight(S.UNDER_REVIEW, AT) > weight(S.OPEN, AT)


def test_where_the_sum_lies() -> None:
    assert {state: lies_in(state) for state in S} == {
        S.INQUIRY: Account.RECEIVED, S.OPEN: Account.WITHHELD, S.UNDER_REVIEW: Account.WITHHELD, S.WON: Account.RECEIVED, S.LOST: Account.LOST,
        S.CLOSED: Account.RECEIVED,
    }  # fmt: skip
