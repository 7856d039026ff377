"""What a benefit takes off a set of lines: one function per kind, each giving a discount per line in minor units.

Pure. Owns the arithmetic of each kind before bounds; pricing.py checks scope and minimum, applies the coupon's bound and
freezes the result. A discount is never more than its line.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.money import Money, allocate
from offers.contracts import QuoteLine
from offers.definition import Benefit, BenefitKind


def line_total_minor(line: QuoteLine) -> int:
    return line.quantity * line.unit_amount_minor


def in_scope(benefit: Benefit, line: QuoteLine) -> bool:
    """No product and no category named: everything is in scope."""
    if not benefit.product_ids and not benefit.categories:
        return True
    return line.product_id in benefit.product_ids or line.category in benefit.categories


def _percent(benefit: Benefit, lines: Sequence[QuoteLine], currency: str) -> tuple[int, ...]:
    """Rounded once on the sum, then allocated, so that many small lines lose nothing to rounding."""
    totals = [line_total_minor(line) for line in lines]
    off = Money(sum(totals), currency).percent_off(benefit.percent_bp).amount_minor
    return allocate(min(off, sum(totals)), totals)


def _amount(benefit: Benefit, lines: Sequence[QuoteLine]) -> tuple[int, ...]:
    totals = [line_total_minor(line) for line in lines]
    return allocate(min(benefit.amount_minor, sum(totals)), totals)


def _per_item(lines: Sequence[QuoteLine], price_minor: int, max_items: int | None) -> tuple[int, ...]:
    """Items pay `price_minor` instead of their price; with a limit, the dearest items first (best for the shopper)."""
    left = max_items if max_items is not None else sum(line.quantity for line in lines)
    out = [0] * len(lines)
    dearest_first = sorted(range(len(lines)), key=lambda k: (-lines[k].unit_amount_minor, k))
    for k in dearest_first:
        items = min(left, lines[k].quantity)
        out[k] = items * max(0, lines[k].unit_amount_minor - price_minor)
        left -= items
    return tuple(out)


def discounts(benefit: Benefit, lines: Sequence[QuoteLine], currency: str) -> tuple[int, ...]:
    """Discount per line (same order) for lines that are all in scope; each is >= 0 and at most the line's total."""
    match benefit.kind:
        case BenefitKind.PERCENT:
            return _percent(benefit, lines, currency)
        case BenefitKind.AMOUNT:
            return _amount(benefit, lines)
        case BenefitKind.FIXED_PRICE:
            return _per_item(lines, benefit.price_minor, benefit.max_items)
        case BenefitKind.FREE_ITEM:
            return _per_item(lines, 0, benefit.max_items if benefit.max_items is not None else 1)
