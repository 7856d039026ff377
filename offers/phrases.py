"""What a benefit is called, in one short phrase and in the small print. English for now.

Pure. Owns these words for the coupon, the quote and the console alike. Must not promise what pricing.py does not give.
"""

from __future__ import annotations

from app.kernel.money import Money
from offers.definition import Benefit, BenefitKind, Definition, Tier


def percent_text(percent_bp: int) -> str:
    return f"{percent_bp / 100:g} %"


def _items(n: int) -> str:
    return "One item" if n == 1 else f"{n} items"


def _step(tier: Tier, currency: str) -> str:
    off = percent_text(tier.percent_bp) if tier.percent_bp else Money(tier.amount_minor, currency).display()
    return f"{off} off from {Money(tier.from_minor, currency).display()}"


def benefit_text(benefit: Benefit, currency: str) -> str:
    """`20 % off`, `2.00 EUR off`... in one short phrase; the scope is the marketer's title's business."""

    def money(amount_minor: int) -> str:
        return Money(amount_minor, currency).display()

    match benefit.kind:
        case BenefitKind.PERCENT:
            text = f"{percent_text(benefit.percent_bp)} off"
        case BenefitKind.AMOUNT:
            text = f"{money(benefit.amount_minor)} off"
        case BenefitKind.FIXED_PRICE:
            text = f"Yours for {money(benefit.price_minor)}" + (" each" if benefit.max_items != 1 else "")
        case BenefitKind.FREE_ITEM:
            text = f"{_items(benefit.max_items or 1)} free"
        case BenefitKind.BUY_X_GET_Y:
            gift = "free" if benefit.percent_bp == 10_000 else f"at {percent_text(benefit.percent_bp)} off"
            text = f"Buy {benefit.buy_items}, get {benefit.get_items} {gift}"
        case BenefitKind.TIERED:
            text = ", ".join(_step(tier, currency) for tier in benefit.tiers)
        case BenefitKind.FREE_DELIVERY:
            text = "Free delivery"
        case BenefitKind.CASHBACK:
            back = money(benefit.amount_minor) if benefit.amount_minor else percent_text(benefit.percent_bp)
            text = f"{back} back when you pay with {' or '.join(benefit.payment_methods)}"
        case BenefitKind.POINTS:
            times = {20_000: "Double", 30_000: "Triple"}.get(benefit.multiplier_bp)
            text = f"{times or f'{benefit.multiplier_bp / 10_000:g} times the'} points"
    if benefit.max_discount_minor is not None and benefit.kind not in (
        BenefitKind.AMOUNT,
        BenefitKind.FIXED_PRICE,
        BenefitKind.FREE_ITEM,
    ):
        text += f", up to {money(benefit.max_discount_minor)}"
    return text


def terms_text(definition: Definition, places: tuple[str, ...]) -> str:
    """Where and on what, for the small print of the coupon. `places` are names."""
    parts: list[str] = []
    benefit = definition.benefit
    if benefit.min_basket_minor:
        parts.append(f"From {Money(benefit.min_basket_minor, definition.currency).display()} on.")
    if benefit.min_items > 1:
        parts.append(f"From {benefit.min_items} items on.")
    where = [
        w for ok, w in ((definition.coupon.at_till, "at the till"), (definition.coupon.in_app, "in the app")) if ok
    ]
    named = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
    times = "once" if definition.coupon.uses == 1 else f"{definition.coupon.uses} times, with a code for each"
    parts.append(f"Use it {times}, {' or '.join(where)}" + (f" ({named})." if named else "."))
    return " ".join(parts)
