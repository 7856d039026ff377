"""What a membership is worth, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storefront.memberships.states import MembershipState, PaidTime, gives_until, paid_until
from tests.conftest import START

DAY = timedelta(days=1)


def paid(days: int, *, amount: int = 490, back: int = 0, is_paid: bool = True) -> PaidTime:
    return PaidTime(START + days * DAY, is_paid, amount, back)


class TestPaidUntil:
    def test_the_latest_that_counts(self) -> None:
        assert paid_until(None, []) is None
        assert paid_until(START, []) == START
        assert paid_until(START, [paid(31), paid(62, is_paid=False)]) == START + 31 * DAY
        assert paid_until(None, [paid(31), paid(62, back=490)]) == START + 31 * DAY
        assert paid_until(None, [paid(62, back=489)]) == START + 62 * DAY
        assert paid_until(None, [paid(14, amount=0)]) == START + 14 * DAY


class TestGivesUntil:
    @pytest.mark.parametrize(
        ("state", "days"), [("starting", None), ("incomplete", None), ("trialing", 5), ("active", 5), ("past_due", 5), ("unpaid", None), ("paused", None), ("ended", None)]
    )
    def test_by_state(self, state: str, days: int | None) -> None:
        found = gives_until(MembershipState(state), START, leaves=False, grace_days=5)
        assert found == (START + days * DAY if days is not None else None)

    def test_who_leaves_has_no_grace(self) -> None:
        assert gives_until(MembershipState.ACTIVE, START, leaves=True, grace_days=5) == START
        assert gives_until(MembershipState.ACTIVE, None, leaves=False, grace_days=5) is None
