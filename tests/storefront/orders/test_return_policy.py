"""What may come back, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.kernel.verdict import Fail
from storefront.orders.return_policy import Cause, Policy, may_return
from tests.conftest import START

POLICY = Policy(14, frozenset({"egg"}))


def why_not(category: str = "truffle", reason: Cause | None = Cause.CHANGED_MIND, days: float = 0, **facts: Any) -> str | None:
    asked = {"digital": False, "voucher": False, "delivery": False, "left": 1, "paid_at": START, "policy": POLICY, "at": START + timedelta(days=days)} | facts
    verdict = may_return(category, reason, **asked)
    return verdict.reason if isinstance(verdict, Fail) else None


class TestMayReturn:
    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({}, None),
            ({"days": 14}, None),
            ({"days": 14.001}, "return_time_over"),
            ({"left": 0}, "nothing_left_to_return"),
            ({"voucher": True}, "gift_card_not_returnable"),
            ({"delivery": True}, "delivery_comes_back_with_all"),
            ({"category": "egg"}, "kind_not_returnable"),
            ({"digital": True}, "kind_not_returnable"),
            ({"digital": True, "reason": Cause.NOT_AS_DESCRIBED}, None),
            ({"category": "egg", "reason": Cause.DAMAGED}, None),
            ({"category": "egg", "reason": None}, None),
        ],
    )
    def test_the_stated_policy(self, asked: dict[str, Any], code: str | None) -> None:
        """Planted bug seen: `>=` for `>` ends the last day before it is over."""
        assert why_not(**asked) == code
