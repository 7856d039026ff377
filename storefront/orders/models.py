"""Tables of orders: what was bought at which price, and how far its payment has come.

The lines are frozen: name, price and discount stay as they were charged. `shopper_id` is blanked on erasure, the books stay.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class OrderRow(Base):
    """`refund_state`: none, due (money must go back), done. `next_look_at`: when the reconciler looks again; null: settled."""

    __tablename__ = "storefront_order"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int]
    total_minor: Mapped[int]
    coupon_id: Mapped[str | None] = mapped_column(String(40))
    place_id: Mapped[str | None] = mapped_column(String(60))
    payment_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    decline: Mapped[str | None] = mapped_column(String(40))
    close_reason: Mapped[str | None] = mapped_column(String(40))
    confirmations: Mapped[int] = mapped_column(default=0)
    refund_state: Mapped[str] = mapped_column(String(10), default="none")
    refunded_minor: Mapped[int] = mapped_column(default=0)
    restock: Mapped[bool] = mapped_column(default=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    next_look_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    __table_args__ = (
        CheckConstraint("total_minor = subtotal_minor - discount_minor AND total_minor >= 0 AND discount_minor >= 0", name="sums_add_up"),
        Index("ix_storefront_order_shopper", "shopper_id", "placed_at"),
        Index("ix_storefront_order_placed", "placed_at"),
    )


class OrderLineRow(Base):
    __tablename__ = "storefront_order_line"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    unit_minor: Mapped[int]
    quantity: Mapped[int]
    discount_minor: Mapped[int]
    total_minor: Mapped[int]
    __table_args__ = (CheckConstraint("total_minor = unit_minor * quantity - discount_minor AND total_minor >= 0", name="line_adds_up"),)
