"""Tables of orders: what was bought at which price, what each coupon gave, how far the payment has come, what went back.

The lines are frozen: name, price and discount stay as they were charged. `shopper_id` is blanked on erasure, the books stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class OrderRow(Base):
    """`refund_state`: none, due (all money must go back), done. `next_look_at`: when the reconciler looks again; null: settled.

    `coupon_id` is the first of its coupons. `returned_minor` is what the pieces have cost that were asked to be returned,
    `refunded_minor` what the provider says has gone back (cashback too). `points_rate`: points for each 100 minor units,
    `points_bp`: what her tier multiplied them by when she ordered.
    `balance_minor` of the total is paid from her balance, the rest by the provider; `credited_minor` is what went back to her balance.
    `keep_method`: she wants what she pays with kept for the next time; taken back once it is. `exchange_of`: the order whose pieces it replaces.
    """

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
    returned_minor: Mapped[int] = mapped_column(default=0)
    points_rate: Mapped[int] = mapped_column(default=0)
    points_bp: Mapped[int] = mapped_column(default=10_000, server_default="10000")
    balance_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    credited_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    keep_method: Mapped[bool] = mapped_column(default=False, server_default=false())
    exchange_of: Mapped[str | None] = mapped_column(String(40), index=True)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    next_look_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    __table_args__ = (
        CheckConstraint("total_minor = subtotal_minor - discount_minor AND total_minor >= 0 AND discount_minor >= 0", name="sums_add_up"),
        CheckConstraint("returned_minor BETWEEN 0 AND total_minor", name="returned"),
        Index("ix_storefront_order_shopper", "shopper_id", "placed_at"),
        Index("ix_storefront_order_placed", "placed_at"),
    )


class OrderLineRow(Base):
    """`returned` counts the pieces that were asked to be returned. The delivery is the last line, one piece of it."""

    __tablename__ = "storefront_order_line"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    product_id: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200))
    unit_minor: Mapped[int]
    quantity: Mapped[int]
    discount_minor: Mapped[int]
    total_minor: Mapped[int]
    returned: Mapped[int] = mapped_column(default=0)
    __table_args__ = (
        CheckConstraint("total_minor = unit_minor * quantity - discount_minor AND total_minor >= 0", name="line_adds_up"),
        CheckConstraint("returned BETWEEN 0 AND quantity", name="returned"),
    )


class OrderCouponRow(Base):
    """What one coupon gave, frozen when the order was placed. `shares`: line number -> minor units. `entitlements`: what it
    promised besides (cashback, points), each with the numbers of its lines."""

    __tablename__ = "storefront_order_coupon"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    coupon_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    discount_minor: Mapped[int]
    shares: Mapped[dict[str, int]] = mapped_column(Json)
    entitlements: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class ReturnRequestRow(Base):
    """Pieces a shopper wants to give back. `state`: states.ReturnState; lapsed when she did not bring them until `expires_at`.

    `exchange`: what she wants instead (return_contracts.ExchangeView); so many pieces of it are held for her while the request is open."""

    __tablename__ = "storefront_return_request"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), index=True)
    pieces: Mapped[dict[str, int]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(String(20))
    to_credit: Mapped[bool]
    amount_minor: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    exchange: Mapped[dict[str, Any] | None] = mapped_column(Json)
    __table_args__ = (
        Index("uq_storefront_return_request_open", "order_id", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
    )


class PaperDueRow(Base):
    """A receipt or credit note that must be issued for this order. `cause`: paid, a refund's id, or refunded (all of it is back).
    `facts`: what is said of a refund (amount_minor, pieces)."""

    __tablename__ = "storefront_paper_due"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)


class RefundRow(Base):
    """Part of an order's money on its way back. `kind`: return (of pieces), cashback, or exchange (into the order `exchange_id`, by her balance; what is left of
    it is a return without pieces). `state`: due, done, dropped (`why`).

    `pieces`: line number -> how many. `shares`: coupon id -> what of its cost goes back to its campaign for them.
    `credit_minor` of the amount goes to her balance.
    """

    __tablename__ = "storefront_refund"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int]
    credit_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    coupon_id: Mapped[str | None] = mapped_column(String(40))
    pieces: Mapped[dict[str, int]] = mapped_column(Json)
    shares: Mapped[dict[str, int]] = mapped_column(Json)
    restock: Mapped[bool]
    why: Mapped[str | None] = mapped_column(String(40))
    asked_by: Mapped[str | None] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    exchange_id: Mapped[str | None] = mapped_column(String(40))
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount"),)
