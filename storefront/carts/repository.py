"""Changing a cart. Every change first bumps the cart's version, which locks the row: one change after the other.

Owns the statements about carts. A cart is always found by its shopper, so another's lines do not exist here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.errors import FieldError
from app.kernel.ids import new_id
from app.kernel.money import CurrencyMismatch
from app.security import people
from storefront.bookings.choosing import for_adding
from storefront.carts.models import CartLineRow, CartRow
from storefront.catalog.repository import in_currency
from storefront.contracts import ProductView
from storefront.errors import CartFull, ChooseVariant, QuantityOutOfRange, UnknownCoupon, UnknownLine
from storefront.memberships import benefits as membership

MAX_QUANTITY = 99


@dataclass(frozen=True, slots=True)
class CartLine:
    id: str
    product_id: str
    quantity: int
    seen_unit_minor: int
    slot_id: str | None = None


@dataclass(frozen=True, slots=True)
class Cart:
    """`version` 0 and no lines: the shopper has no cart yet. `coupon_id` is the first of `coupon_ids`."""

    shopper_id: str
    currency: str | None
    coupon_id: str | None
    version: int
    lines: tuple[CartLine, ...]
    coupon_ids: tuple[str, ...] = ()
    delivery: str | None = None
    slot_id: str | None = None
    address_id: str | None = None
    collect_at: str | None = None


def cart_of(session: Session, shopper_id: str) -> Cart:
    """The shopper's cart as it is; an empty one when she has none."""
    row = session.execute(select(CartRow).where(CartRow.shopper_id == shopper_id)).scalar_one_or_none()
    if row is None:
        return Cart(shopper_id, None, None, 0, ())
    lines = session.scalars(select(CartLineRow).where(CartLineRow.cart_id == row.id).order_by(CartLineRow.added_at, CartLineRow.id))
    return Cart(
        shopper_id, row.currency, next(iter(row.coupon_ids), None), row.version,
        tuple(CartLine(li.id, li.product_id, li.quantity, li.seen_unit_minor, li.slot_id) for li in lines), tuple(row.coupon_ids), row.delivery,
        row.slot_id, row.address_id, row.collect_at,
    )  # fmt: skip


def changing(session: Session, shopper_id: str, at: datetime) -> CartRow:
    """Her cart, locked, in its next version. One who has just signed in on this phone changes the cart she has now."""
    shopper_id = people.now_of(session, shopper_id)
    values = {"id": new_id("crt"), "shopper_id": shopper_id, "coupon_ids": [], "version": 0, "changed_at": at}
    insert_new(session, CartRow, values, unique=["shopper_id"])
    moved(session, update(CartRow).where(CartRow.shopper_id == shopper_id).values(version=CartRow.version + 1, changed_at=at))
    return session.execute(select(CartRow).where(CartRow.shopper_id == shopper_id).execution_options(populate_existing=True)).scalar_one()


def add(session: Session, shopper_id: str, product: ProductView, quantity: int, *, max_lines: int, at: datetime, slot_id: str | None = None) -> None:
    """`quantity` more pieces of `product`, at what she pays for it in the currency of the cart. `slot_id`: of a service the time she chose; another than the one
    that lies there takes its place. Raises ChooseVariant, ChooseTime, UnknownSlot, CurrencyMismatch, QuantityOutOfRange or CartFull; nothing changes then."""
    if product.is_head:
        remedy = f"{product.name} comes in several kinds; name one of the variants of GET /v1/products/{product.id}"
        raise ChooseVariant(remedy, fields=[FieldError("product_id", remedy)])
    cart = changing(session, shopper_id, at)
    timed = for_adding(session, in_currency(product, cart.currency), slot_id, at)
    product = membership.at_member_prices(session, shopper_id, {product.id: timed}, at)[product.id]
    if cart.currency is not None and cart.currency != product.currency:
        remedy = f"the cart is in {cart.currency} and this product in {product.currency}; pay for the cart first, or empty it"
        raise CurrencyMismatch(remedy, fields=[FieldError("product_id", remedy)], extra={"cart_currency": cart.currency, "product_currency": product.currency})
    held = session.execute(select(CartLineRow).where(CartLineRow.cart_id == cart.id, CartLineRow.product_id == product.id)).scalar_one_or_none()
    have = held.quantity if held is not None and held.slot_id == slot_id else 0
    if not 1 <= have + quantity <= MAX_QUANTITY:
        raise QuantityOutOfRange(
            f"quantity: the cart holds {have} of this product and takes at most {MAX_QUANTITY}; add {MAX_QUANTITY - have} or fewer",
            fields=[FieldError("quantity", f"1 to {MAX_QUANTITY - have}")],
            extra={"in_cart": have, "most": MAX_QUANTITY},
        )
    if held is not None:
        held.quantity = have + quantity
        held.seen_unit_minor, held.slot_id = product.price_minor, slot_id
        session.flush()
        return
    lines = session.scalars(select(CartLineRow.id).where(CartLineRow.cart_id == cart.id)).all()
    if len(lines) >= max_lines:
        raise CartFull(f"the cart holds {max_lines} different products, and no more fit", extra={"most": max_lines})
    session.add(
        CartLineRow(id=new_id("lin"), cart_id=cart.id, product_id=product.id, quantity=quantity, seen_unit_minor=product.price_minor, slot_id=slot_id, added_at=at)
    )
    session.execute(update(CartRow).where(CartRow.id == cart.id).values(currency=product.currency))
    session.flush()


def set_quantity(session: Session, shopper_id: str, line_id: str, quantity: int, *, at: datetime) -> None:
    """Raises UnknownLine, also for a line of another's cart."""
    if not 1 <= quantity <= MAX_QUANTITY:
        raise QuantityOutOfRange(fields=[FieldError("quantity", f"1 to {MAX_QUANTITY}")])
    cart = changing(session, shopper_id, at)
    if not moved(session, update(CartLineRow).where(CartLineRow.id == line_id, CartLineRow.cart_id == cart.id).values(quantity=quantity)):
        raise UnknownLine


def remove(session: Session, shopper_id: str, line_id: str, *, at: datetime) -> None:
    """Raises UnknownLine, also for a line of another's cart."""
    cart = changing(session, shopper_id, at)
    line = session.execute(select(CartLineRow).where(CartLineRow.id == line_id, CartLineRow.cart_id == cart.id)).scalar_one_or_none()
    if line is None:
        raise UnknownLine
    session.delete(line)
    session.flush()
    if session.scalar(select(CartLineRow.id).where(CartLineRow.cart_id == cart.id).limit(1)) is None:
        session.execute(update(CartRow).where(CartRow.id == cart.id).values(currency=None))


def empty(session: Session, shopper_id: str, *, at: datetime) -> None:
    """Take everything out, the coupons too."""
    cart = changing(session, shopper_id, at)
    session.execute(delete(CartLineRow).where(CartLineRow.cart_id == cart.id))
    session.execute(update(CartRow).where(CartRow.id == cart.id).values(currency=None, coupon_ids=[]))


def set_coupons(session: Session, shopper_id: str, coupon_ids: Sequence[str], *, at: datetime) -> None:
    """These and no others, each once."""
    cart = changing(session, shopper_id, at)
    session.execute(update(CartRow).where(CartRow.id == cart.id).values(coupon_ids=list(dict.fromkeys(coupon_ids))))


def take_coupon_out(session: Session, shopper_id: str, coupon_id: str, *, at: datetime) -> None:
    """Raises UnknownCoupon when it does not lie there."""
    cart = changing(session, shopper_id, at)
    if coupon_id not in cart.coupon_ids:
        raise UnknownCoupon
    session.execute(update(CartRow).where(CartRow.id == cart.id).values(coupon_ids=[c for c in cart.coupon_ids if c != coupon_id]))


def set_delivery(
    session: Session, shopper_id: str, delivery: str, *, at: datetime, slot_id: str | None = None, address_id: str | None = None,
    collect_at: str | None = None,
) -> None:  # fmt: skip
    """The way, and where and when of it; what is not said is as if it had never been."""
    cart = changing(session, shopper_id, at)
    session.execute(update(CartRow).where(CartRow.id == cart.id).values(delivery=delivery, slot_id=slot_id, address_id=address_id, collect_at=collect_at))


def saw_prices(session: Session, cart: Cart, seen_minor: dict[str, int]) -> None:
    """The shopper has been shown these unit prices (line id -> minor units)."""
    for line in cart.lines:
        if line.id in seen_minor and seen_minor[line.id] != line.seen_unit_minor:
            session.execute(update(CartLineRow).where(CartLineRow.id == line.id).values(seen_unit_minor=seen_minor[line.id]))


def claim(session: Session, cart: Cart, *, at: datetime) -> bool:
    """Empty exactly the cart that was priced; False when it was changed, or claimed by another checkout, in between."""
    taken = update(CartRow).where(CartRow.shopper_id == cart.shopper_id, CartRow.version == cart.version)
    if not moved(session, taken.values(version=CartRow.version + 1, currency=None, coupon_ids=[], delivery=None, slot_id=None, address_id=None, collect_at=None, changed_at=at)):
        return False
    session.execute(delete(CartLineRow).where(CartLineRow.id.in_([line.id for line in cart.lines])))
    return True
