"""Who may pay in cash: each rule on its edge, and what a shop cannot set."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from app.kernel.verdict import PASS, Fail
from storefront.cash.risk import CashWay, Facts, PayBy, may_pay
from storefront.reasons import StorefrontReason as Reason
from storefront.settings import StorefrontSettings

WAY = CashWay(
    PayBy.CASH_ON_DELIVERY, ("home",), {"EUR": 5000}, places=("plc_a",), not_areas=("far",), guests=False, verified_contact=True, most_open=2, most_missed=3,
)  # fmt: skip
FACTS = Facts(5000, "EUR", "home", place_id="plc_a", area_id="near", open_orders=1, missed=2)


def test_it_passes_on_every_edge() -> None:
    assert may_pay(WAY, FACTS) is PASS


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"delivery": "pickup"}, Reason.CASH_NOT_WITH_DELIVERY),
        ({"currency": "SEK"}, Reason.CASH_NOT_IN_CURRENCY),
        ({"no_goods": True}, Reason.CASH_NOT_FOR_THESE),
        ({"place_id": "plc_b"}, Reason.CASH_NOT_THERE),
        ({"place_id": None}, Reason.CASH_NOT_THERE),
        ({"area_id": "far"}, Reason.CASH_NOT_THERE),
        ({"due_minor": 5001}, Reason.CASH_TOO_MUCH),
        ({"guest": True}, Reason.CASH_NEEDS_ACCOUNT),
        ({"verified": False}, Reason.CASH_NEEDS_CONTACT),
        ({"open_orders": 2}, Reason.CASH_TOO_MANY_OPEN),
        ({"missed": 3}, Reason.CASH_MISSED_BEFORE),
    ],
)
def test_each_rule_refuses_by_its_own_reason(other: dict[str, Any], reason: Reason) -> None:
    """Planted bug: `due_minor >= most_minor` refuses the edge above; `missed > most_missed` passes the last of these."""
    assert may_pay(WAY, replace(FACTS, **other)) == Fail(reason)


def test_what_is_not_asked_does_not_refuse() -> None:
    easy = CashWay(PayBy.PAY_AT_TILL, ("pickup",), {"EUR": 5000})
    assert may_pay(easy, Facts(1, "EUR", "pickup", guest=True, verified=False)) is PASS


def test_it_is_off_unless_set() -> None:
    assert StorefrontSettings().cash == ()  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "online", "delivery": ["home"], "most_minor": {"EUR": 1}},
        {"id": "barter", "delivery": ["home"], "most_minor": {"EUR": 1}},
        {"id": "pay_at_till", "delivery": [], "most_minor": {"EUR": 1}},
        {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {}},
        {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {"eur": 1}},
        {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {"EUR": -1}},
        {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {"EUR": 1}, "kept_days": 0},
        {"id": "pay_at_till", "delivery": ["pickup"], "most_minor": {"EUR": 1}, "misspelt": 1},
    ],
)
def test_a_wrong_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StorefrontSettings(cash=(wrong,))  # type: ignore[call-arg, arg-type]
