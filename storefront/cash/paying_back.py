"""Where money that was taken in cash may be handed back. Pure.

Owns that rule: at the store that took it; elsewhere only as much as the shop has set, because another till cannot see what lies in the first one's drawer or who stood there.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.kernel.verdict import PASS, Fail, Verdict
from storefront.reasons import StorefrontReason as Reason


def may_hand_back(minor: int, currency: str, *, taken_at: str, here: str, elsewhere_minor: Mapping[str, int]) -> Verdict:
    """`taken_at`, `here`: the stores of the two drawers. `elsewhere_minor`: currency -> the most that another store hands out."""
    return PASS if taken_at == here or minor <= elsewhere_minor.get(currency, 0) else Fail(Reason.CASH_BACK_ELSEWHERE)
