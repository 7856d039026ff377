"""Tables of the cart: one cart per shopper, one line per product. A cart holds nothing back; an order does."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class CartRow(Base):
    """`version` counts every change: a checkout claims the version it has priced. `currency` is null while empty.
    Coupons lie in the cart by their ids, as they were laid in: the secret codes are not kept here. `delivery` is the way
    she chose to get it, null for the first there is; `slot_id` and `address_id` when and where it is brought, `collect_at` from which store it is fetched, as she chose them, perhaps no
    longer to be had."""

    __tablename__ = "storefront_cart"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), unique=True)
    currency: Mapped[str | None] = mapped_column(String(3))
    coupon_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    delivery: Mapped[str | None] = mapped_column(String(40))
    slot_id: Mapped[str | None] = mapped_column(String(60))
    address_id: Mapped[str | None] = mapped_column(String(40))
    collect_at: Mapped[str | None] = mapped_column(String(60))
    version: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class CartLineRow(Base):
    """`seen_unit_minor` is the price the shopper was last shown; checkout refuses to charge another without a new quote. `slot_id`: of a service the time she
    chose, perhaps no longer to be had; `quantity` is then how many places."""

    __tablename__ = "storefront_cart_line"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    cart_id: Mapped[str] = mapped_column(ForeignKey("storefront_cart.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int]
    seen_unit_minor: Mapped[int]
    slot_id: Mapped[str | None] = mapped_column(String(60))
    added_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        UniqueConstraint("cart_id", "product_id"),
        CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity_in_range"),
    )


class CartCodeRow(Base):
    """A code that was shown for a cart: to a till, or (of a clerk's own cart) to a phone; `version` is the cart's as it was then. Good until `expires_at`, used once; `used_by` the clerk, or a phone that is not named."""

    __tablename__ = "storefront_cart_code"
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    to: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
    used_by: Mapped[str | None] = mapped_column(String(80))
