"""What a benefit gives on a set of lines: a discount per line in minor units, or an entitlement that is on no line.

Pure. Owns the arithmetic of each kind and the floor under each line; pricing.py checks scope and minimums, applies the
coupon's bound and freezes the result. A discount is never more than its line less its floor.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.money import Money, allocate
from offers.contracts import Entitlement, QuoteLine
from offers.definition import ENTITLEMENTS, Benefit, BenefitKind, Tier


def line_total_minor(line: QuoteLine) -> int:
    return line.quantity * line.unit_amount_minor


def in_scope(benefit: Benefit, line: QuoteLine) -> bool:
    """No product and no category named: everything is in scope, but never the delivery."""
    if line.delivery:
        return False
    if not benefit.product_ids and not benefit.categories:
        return True
    named = line.product_id in benefit.product_ids or line.head_id in benefit.product_ids
    return named or line.category in benefit.categories or any(name in benefit.categories for name in line.above)


def room_minor(benefit: Benefit, line: QuoteLine) -> int:
    """The most that may be taken off the line: its total less its floor (the share is rounded up, against the discount)."""
    total_minor = line_total_minor(line)
    floor_minor = max(-(-total_minor * benefit.floor_bp // 10_000), line.quantity * benefit.floor_unit_minor)
    return max(0, total_minor - floor_minor)


def _shared(amount_minor: int, rooms: Sequence[int], totals: Sequence[int]) -> tuple[int, ...]:
    """An amount by weight of the lines. What finds no room in one line goes to those that have some left."""
    out = [0] * len(totals)
    open_lines = [k for k, room in enumerate(rooms) if room]
    left = min(amount_minor, sum(rooms))
    while left:
        parts = dict(zip(open_lines, allocate(left, [totals[k] for k in open_lines]), strict=True))
        full = [k for k in open_lines if parts[k] >= rooms[k]]
        for k in full or open_lines:
            out[k] = rooms[k] if full else parts[k]
            left -= out[k]
        open_lines = [k for k in open_lines if k not in full]
    return tuple(out)


def _percent(percent_bp: int, totals: Sequence[int], currency: str) -> tuple[int, ...]:
    """Rounded once on the sum, then allocated, so that many small lines lose nothing to rounding."""
    off = Money(sum(totals), currency).percent_off(percent_bp).amount_minor
    return allocate(min(off, sum(totals)), totals)


def _per_item(lines: Sequence[QuoteLine], price_minor: int, max_items: int | None) -> tuple[int, ...]:
    """Items pay `price_minor` instead of their price; with a limit, the dearest items first (best for the shopper)."""
    left = max_items if max_items is not None else sum(line.quantity for line in lines)
    out = [0] * len(lines)
    for k in _dearest_first(lines):
        items = min(left, lines[k].quantity)
        out[k] = items * max(0, lines[k].unit_amount_minor - price_minor)
        left -= items
    return tuple(out)


def _dearest_first(lines: Sequence[QuoteLine]) -> list[int]:
    return sorted(range(len(lines)), key=lambda k: (-lines[k].unit_amount_minor, k))


def _buy_x_get_y(benefit: Benefit, lines: Sequence[QuoteLine], currency: str) -> tuple[int, ...]:
    """Items stand in a row, dearest first; of each group of X + Y the last Y are the gift.

    So the dear ones make groups with the dear ones, which is the best grouping for the shopper in which the gift is
    never dearer than what was bought for it. No item is touched one by one: quantities may be large.
    """
    group = benefit.buy_items + benefit.get_items

    def gifts_among(first: int) -> int:
        whole, rest = divmod(first, group)
        gifts = whole * benefit.get_items + max(0, rest - benefit.buy_items)
        return min(gifts, benefit.max_items) if benefit.max_items is not None else gifts

    worth, passed = [0] * len(lines), 0
    for k in _dearest_first(lines):
        after = passed + lines[k].quantity
        worth[k] = (gifts_among(after) - gifts_among(passed)) * lines[k].unit_amount_minor
        passed = after
    return _percent(benefit.percent_bp, worth, currency)


def tier_reached(benefit: Benefit, total_minor: int) -> Tier | None:
    """The highest step whose `from_minor` is met."""
    met = [tier for tier in benefit.tiers if tier.from_minor <= total_minor]
    return max(met, key=lambda tier: tier.from_minor, default=None)


def discounts(benefit: Benefit, lines: Sequence[QuoteLine], currency: str) -> tuple[int, ...]:
    """Discount per line (same order) for lines that are all in scope; each is >= 0 and leaves at least the line's floor."""
    totals = [line_total_minor(line) for line in lines]
    rooms = [room_minor(benefit, line) for line in lines]
    tier = tier_reached(benefit, sum(totals)) if benefit.kind is BenefitKind.TIERED else None
    match benefit.kind:
        case BenefitKind.PERCENT:
            wished = _percent(benefit.percent_bp, totals, currency)
        case BenefitKind.AMOUNT:
            wished = _shared(benefit.amount_minor, rooms, totals)
        case BenefitKind.FIXED_PRICE:
            wished = _per_item(lines, benefit.price_minor, benefit.max_items)
        case BenefitKind.FREE_ITEM:
            wished = _per_item(lines, 0, benefit.max_items if benefit.max_items is not None else 1)
        case BenefitKind.BUY_X_GET_Y:
            wished = _buy_x_get_y(benefit, lines, currency)
        case BenefitKind.TIERED if tier is not None:
            percent = _percent(tier.percent_bp, totals, currency)
            wished = percent if tier.percent_bp else _shared(tier.amount_minor, rooms, totals)
        case _:
            wished = (0,) * len(lines)
    return tuple(min(off, room) for off, room in zip(wished, rooms, strict=True))


def delivery_discounts(benefit: Benefit, lines: Sequence[QuoteLine], _currency: str) -> tuple[int, ...]:
    """What free delivery takes off the delivery (one line, whatever the cart): all of it, or the most the benefit gives."""
    most_minor = benefit.max_discount_minor
    totals = (line_total_minor(line) for line in lines)
    return tuple(total if most_minor is None else min(total, most_minor) for total in totals)


def entitlement(benefit: Benefit, lines: Sequence[QuoteLine], currency: str, text: str) -> Entitlement | None:
    """What the benefit gives besides: reckoned from the full price of the lines in scope. None for a discount."""
    if benefit.kind not in ENTITLEMENTS:
        return None
    amount_minor = benefit.max_discount_minor
    if benefit.kind is BenefitKind.CASHBACK:
        total_minor = sum(line_total_minor(line) for line in lines)
        share_minor = Money(total_minor, currency).percent_off(benefit.percent_bp).amount_minor
        back_minor = min(benefit.amount_minor or share_minor, total_minor)
        amount_minor = back_minor if amount_minor is None else min(back_minor, amount_minor)
    elif benefit.kind is BenefitKind.POINTS:
        amount_minor = None
    return Entitlement(
        str(benefit.kind),
        text,
        amount_minor,
        benefit.multiplier_bp,
        benefit.payment_methods,
        tuple(line.line_id for line in lines) if benefit.kind is BenefitKind.POINTS else (),
    )
