"""What the cart costs now: today's prices, what is in stock, the coupon's discount or why there is none.

Owns joining cart, catalogue and coupon into one quote. Must not hold or move anything; checkout does, by the same rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from offers.contracts import Quote, QuoteLine, Reason, Refused
from storefront.carts.repository import Cart
from storefront.carts.totals import PricedLine, totals
from storefront.contracts import ProductView
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason, sentence


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One line at today's price. `seen_unit_minor` is what the shopper was shown before."""

    line_id: str
    product_id: str
    name: str
    image: str
    category: str
    quantity: int
    unit_minor: int
    seen_unit_minor: int
    gross_minor: int
    discount_minor: int
    in_stock: int


@dataclass(frozen=True, slots=True)
class Change:
    """Something that is not as the shopper last saw it; `code` is price_changed, not_enough_stock or product_gone."""

    code: str
    text: str
    line_id: str
    product_id: str
    name: str
    before: int
    now: int


@dataclass(frozen=True, slots=True)
class CouponOnCart:
    """The coupon lying in the cart: applied with its discount and how it came about, or refused with every reason."""

    coupon_id: str
    applied: bool
    discount_minor: int
    proof: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class CartQuote:
    """Exact to the minor unit; `currency` is null only when the cart is empty."""

    currency: str | None
    lines: tuple[QuotedLine, ...]
    subtotal_minor: int
    discount_minor: int
    total_minor: int
    coupon: CouponOnCart | None
    changes: tuple[Change, ...]


def quote_cart(
    session: Session, desk: CouponDesk, cart: Cart, products: Mapping[str, ProductView], *, place_id: str | None, at: datetime
) -> CartQuote:
    """Prices `cart` with `products` (those of its lines still on sale; a missing one is listed as gone and costs nothing)."""
    there = [(line, products[line.product_id]) for line in cart.lines if line.product_id in products]
    coupon, discounts = _coupon(session, desk, cart, quote_lines(cart, products), place_id=place_id, at=at)
    sums = totals([PricedLine(line.id, line.quantity, item.price_minor) for line, item in there], discounts)
    lines = tuple(
        QuotedLine(
            line.id, item.id, item.name, item.image, item.category, line.quantity, item.price_minor, line.seen_unit_minor,
            line.quantity * item.price_minor, sums.discounts[line.id], item.in_stock,
        )
        for line, item in there
    )  # fmt: skip
    return CartQuote(cart.currency, lines, sums.subtotal_minor, sums.discount_minor, sums.total_minor, coupon, changes(cart, products))


def quote_lines(cart: Cart, products: Mapping[str, ProductView]) -> tuple[QuoteLine, ...]:
    """The cart as offers sees it: what is on sale, at today's prices."""
    return tuple(
        QuoteLine(line.id, line.product_id, products[line.product_id].category, line.quantity, products[line.product_id].price_minor)
        for line in cart.lines
        if line.product_id in products
    )


def changes(cart: Cart, products: Mapping[str, ProductView]) -> tuple[Change, ...]:
    """Every difference between what the shopper last saw and what is true now, in the order of the lines."""
    out: list[Change] = []
    for line in cart.lines:
        item = products.get(line.product_id)
        if item is None:
            out.append(_change(StorefrontReason.PRODUCT_GONE, line.id, line.product_id, "", line.quantity, 0))
            continue
        if item.price_minor != line.seen_unit_minor:
            out.append(_change(StorefrontReason.PRICE_CHANGED, line.id, item.id, item.name, line.seen_unit_minor, item.price_minor))
        if item.in_stock < line.quantity:
            out.append(_change(StorefrontReason.NOT_ENOUGH_STOCK, line.id, item.id, item.name, line.quantity, item.in_stock))
    return tuple(out)


def _change(code: StorefrontReason, line_id: str, product_id: str, name: str, before: int, now: int) -> Change:
    return Change(code.value, sentence(code) or "", line_id, product_id, name, before, now)


def _coupon(
    session: Session, desk: CouponDesk, cart: Cart, lines: tuple[QuoteLine, ...], *, place_id: str | None, at: datetime
) -> tuple[CouponOnCart | None, dict[str, int]]:
    if cart.coupon_id is None:
        return None, {}
    if not lines or cart.currency is None:
        return CouponOnCart(cart.coupon_id, False, 0, (), ()), {}
    answer = desk.quote(
        session, code=cart.coupon_id, shopper_id=cart.shopper_id, lines=lines, currency=cart.currency, place_id=place_id, at=at
    )
    return coupon_view(cart.coupon_id, answer)


def coupon_view(coupon_id: str, answer: Quote | Refused) -> tuple[CouponOnCart, dict[str, int]]:
    """What the shopper sees of the answer, and the discount per line id."""
    if isinstance(answer, Refused):
        return CouponOnCart(coupon_id, False, 0, (), answer.reasons), {}
    discounts = {line.line_id: line.discount_minor for line in answer.lines}
    return CouponOnCart(coupon_id, True, answer.discount_minor, answer.proof, ()), discounts
