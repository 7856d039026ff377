"""What a cart comes to: exact sums of lines and discounts. Pure.

Owns the arithmetic. Must not decide a discount (offers does) nor look anything up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kernel.verdict import PASS, Fail, Verdict

MAX_PAYMENT_MINOR = 99_999_999
"""The largest single payment the provider takes (999,999.99)."""


@dataclass(frozen=True, slots=True)
class PricedLine:
    """`quantity` pieces at `unit_minor` each."""

    line_id: str
    quantity: int
    unit_minor: int

    @property
    def gross_minor(self) -> int:
        return self.quantity * self.unit_minor


@dataclass(frozen=True, slots=True)
class Totals:
    """`total_minor` = `subtotal_minor` - `discount_minor`; `discounts` per line, none above the line."""

    subtotal_minor: int
    discount_minor: int
    total_minor: int
    discounts: Mapping[str, int]


def totals(lines: Sequence[PricedLine], discounts: Mapping[str, int]) -> Totals:
    """Sums `lines` less `discounts` (line id -> minor units).

    Raises ValueError when a discount is negative, above its line, or for a line that is not there: offers and the
    storefront would disagree about the cart, and nothing may be charged on that.
    """
    gross = {line.line_id: line.gross_minor for line in lines}
    for line_id, discount in discounts.items():
        if line_id not in gross or not 0 <= discount <= gross[line_id]:
            raise ValueError(f"a discount of {discount} does not fit line {line_id}")
    subtotal, discount = sum(gross.values()), sum(discounts.values())
    return Totals(subtotal, discount, subtotal - discount, {line_id: discounts.get(line_id, 0) for line_id in gross})


def payable(sum_minor: int) -> Verdict:
    """PASS, or Fail(total_too_large): no single payment is larger than the provider takes."""
    if sum_minor > MAX_PAYMENT_MINOR:
        return Fail("total_too_large", {"sum_minor": sum_minor, "most_minor": MAX_PAYMENT_MINOR})
    return PASS
