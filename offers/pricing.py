"""A coupon on a cart: which lines it touches, whether the minimum is met, and the discount frozen per line.

Pure. Owns `price`. The sum of the line discounts is the discount, exactly; no line is discounted below zero. Must not
look at coupon state, holder or place: caveats.py and redemption.py do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.kernel.money import Money, allocate
from app.kernel.verdict import Fail
from offers import benefits
from offers.contracts import Entitlement, LineDiscount, Quote, QuoteLine
from offers.definition import Benefit, BenefitKind
from offers.reasons import ReasonCode


def _show(amount_minor: int, currency: str) -> str:
    return Money(amount_minor, currency).display()


def price(
    benefit: Benefit,
    lines: Sequence[QuoteLine],
    *,
    coupon_id: str,
    coupon_currency: str,
    currency: str,
    bound_minor: int | None,
    benefit_text: str,
) -> Quote | tuple[Fail, ...]:
    """The quote, or every reason against it. `bound_minor` is what this coupon may cost at most (its share of the budget)."""
    if currency != coupon_currency:
        return (Fail(ReasonCode.WRONG_CURRENCY, {"wanted": coupon_currency, "given": currency}),)
    if all(line.delivery for line in lines):
        return (Fail(ReasonCode.BASKET_EMPTY),)
    basket_minor = sum(benefits.line_total_minor(line) for line in lines if not line.delivery)
    scoped = [line for line in lines if benefits.in_scope(benefit, line)]
    against: list[Fail] = []
    if basket_minor < benefit.min_basket_minor:
        facts = {"basket_minor": basket_minor, "minimum_minor": benefit.min_basket_minor, "currency": currency}
        against.append(Fail(ReasonCode.BELOW_MINIMUM_BASKET, facts))
    items = sum(line.quantity for line in scoped)
    if not scoped:
        against.append(Fail(ReasonCode.NO_MATCHING_ITEM))
    elif items < benefit.min_items:
        against.append(Fail(ReasonCode.BELOW_MINIMUM_ITEMS, {"items": items, "minimum_items": benefit.min_items}))
    if against:
        return tuple(against)
    scoped_minor = sum(benefits.line_total_minor(line) for line in scoped)
    on = f"{benefit_text}, on {_show(scoped_minor, currency)} of your cart"
    delivery = _delivery(benefit, lines)
    entitled = benefits.entitlement(benefit, scoped, currency, benefit_text)
    if entitled is not None and not delivery:
        return _entitled(entitled, lines, coupon_id, currency, bound_minor, on)
    if delivery:
        scoped, on = delivery, benefit_text
    per_line = (benefits.delivery_discounts if delivery else benefits.discounts)(benefit, scoped, currency)
    wished_minor = sum(per_line)
    if bound_minor is not None and wished_minor > bound_minor:
        per_line = allocate(bound_minor, per_line)
    discount_minor = sum(per_line)
    if discount_minor == 0:
        return (Fail(ReasonCode.DELIVERY_FREE_ALREADY if delivery else ReasonCode.NOTHING_TO_DISCOUNT),)
    by_line = {line.line_id: off for line, off in zip(scoped, per_line, strict=True)}
    proof = [f"{on}: {_show(wished_minor, currency)}.", *_limits(benefit, scoped, per_line, wished_minor, currency)]
    frozen = tuple(LineDiscount(line.line_id, by_line.get(line.line_id, 0)) for line in lines)
    return Quote(coupon_id, currency, discount_minor, frozen, tuple(proof))


def _delivery(benefit: Benefit, lines: Sequence[QuoteLine]) -> list[QuoteLine]:
    """The line that free delivery is about, if the cart says what its delivery costs."""
    return [line for line in lines if line.delivery] if benefit.kind is BenefitKind.FREE_DELIVERY else []


def _limits(
    benefit: Benefit, scoped: Sequence[QuoteLine], per_line: Sequence[int], wished_minor: int, currency: str
) -> list[str]:
    """Why it is not more."""
    out: list[str] = []
    if sum(per_line) < wished_minor:
        out.append(f"This coupon gives at most {_show(sum(per_line), currency)}.")
    if (benefit.floor_bp or benefit.floor_unit_minor) and any(
        0 < off == benefits.room_minor(benefit, one) for one, off in zip(scoped, per_line, strict=True)
    ):
        out.append("Some items are at their lowest price already.")
    return out


def _entitled(
    entitled: Entitlement,
    lines: Sequence[QuoteLine],
    coupon_id: str,
    currency: str,
    bound_minor: int | None,
    on: str,
) -> Quote | tuple[Fail, ...]:
    """Nothing comes off a line; what is promised instead is frozen beside them, within the coupon's bound."""
    amount_minor, proof = entitled.amount_minor, [f"{on}."]
    if amount_minor is not None and bound_minor is not None:
        amount_minor = min(amount_minor, bound_minor)
    if entitled.kind == BenefitKind.CASHBACK:
        if not amount_minor:
            return (Fail(ReasonCode.NOTHING_TO_DISCOUNT),)
        proof = [f"{on}: {_show(amount_minor, currency)} back."]
    if amount_minor is not None and amount_minor != entitled.amount_minor:
        proof.append(f"This coupon gives at most {_show(amount_minor, currency)}.")
    frozen = tuple(LineDiscount(line.line_id, 0) for line in lines)
    return Quote(coupon_id, currency, 0, frozen, tuple(proof), (replace(entitled, amount_minor=amount_minor),))
