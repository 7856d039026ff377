"""The tables of points: double entry, so that every point somebody has is one that the shop owes; and what each has now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant

SHOPPER, SHOP = "shopper", "shop"


class PointsEntry(Base):
    """Append-only; two rows for each movement, one of each account, whose points add up to nothing.

    `shopper_id` is whose points they are, in both. `movement` names the pair. `cause`: what they stand for (an order, a day in a store, a gift, an
    exchange); all entries of one cause are together what it is worth. `order_id`: where the cause is an order.
    """

    __tablename__ = "storefront_points_entry"
    movement: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(10), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    cause: Mapped[str] = mapped_column(String(40), index=True)
    order_id: Mapped[str | None] = mapped_column(String(40), index=True)
    points: Mapped[int]
    why: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_storefront_points_entry_shopper", "shopper_id", "account"),)


class PointsRow(Base):
    """What a shopper has now. Below nothing: she gave back what she had points for, and had spent them."""

    __tablename__ = "storefront_points"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    points: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
