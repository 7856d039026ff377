"""What may come back, and until when: the shop's stated policy. Pure.

Owns the rule. Whatever is broken, wrong or not as described may come back whatever it is; what was bought and is no longer wanted, only if its kind allows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.kernel.verdict import PASS, Fail, Verdict


class Cause(StrEnum):
    """Why pieces come back, in her words."""

    CHANGED_MIND = "changed_mind"
    DAMAGED = "damaged"
    WRONG_PRODUCT = "wrong_product"
    NOT_AS_DESCRIBED = "not_as_described"


@dataclass(frozen=True, slots=True)
class Policy:
    """`days` after it was paid; products of the categories in `kept`, and whatever is digital or was booked at a time (which she cancels where it stands), do not come back because somebody changed her mind."""

    days: int
    kept: frozenset[str]


def until(paid_at: datetime, policy: Policy) -> datetime:
    """The last moment to ask."""
    return paid_at + timedelta(days=policy.days)


def may_return(category: str, reason: Cause | None, *, digital: bool, voucher: bool, delivery: bool, left: int, paid_at: datetime, policy: Policy, at: datetime) -> Verdict:
    """Whether a piece of this line may come back; without a reason: for any at all."""
    if left <= 0:
        return Fail("nothing_left_to_return")
    if at > until(paid_at, policy):
        return Fail("return_time_over")
    if voucher:
        return Fail("gift_card_not_returnable")
    if delivery:
        return Fail("delivery_comes_back_with_all")
    if (digital or category in policy.kept) and reason is Cause.CHANGED_MIND:
        return Fail("kind_not_returnable")
    return PASS
