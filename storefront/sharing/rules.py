"""Which link an order is owed to, and whether it is worth a reward. Pure.

Owns both rules. Must not know how it is found out that two accounts may be one person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.verdict import PASS, Fail, Verdict
from storefront.reasons import StorefrontReason as Reason


@dataclass(frozen=True, slots=True)
class Touch:
    """A link she came by."""

    share_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when a reward is due. `same_by`: by what the two may be one person; `rewarded`: how many rewards the one who shared had in the last year."""

    first_order: bool
    stands: bool
    same_by: tuple[str, ...]
    rewarded: int


def last_touch(touches: Iterable[Touch], *, ordered_at: datetime, within_days: int) -> Touch | None:
    """The last one before the order counts, if it is not too long ago."""
    since = ordered_at - timedelta(days=within_days)
    return max((one for one in touches if since < one.at <= ordered_at), key=lambda one: (one.at, one.share_id), default=None)


def deserved(facts: Facts, *, most_a_year: int) -> Verdict:
    """PASS, or the first thing that stands against it."""
    if not facts.first_order:
        return Fail(Reason.REFERRAL_NOT_FIRST_ORDER)
    if facts.same_by:
        return Fail(Reason.REFERRAL_SAME_PERSON, {"by": " ".join(facts.same_by)})
    if not facts.stands:
        return Fail(Reason.REFERRAL_WENT_BACK)
    if facts.rewarded >= most_a_year:
        return Fail(Reason.REFERRAL_CAP_REACHED, {"rewarded": facts.rewarded, "most": most_a_year})
    return PASS
