"""The table of points: double entry, so that every point somebody has is one that the shop owes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant

SHOPPER, SHOP = "shopper", "shop"


class PointsEntry(Base):
    """Append-only; two rows for each movement, one of each account, whose points add up to nothing.

    `shopper_id` is whose points they are, in both. `movement` names the pair.
    """

    __tablename__ = "storefront_points_entry"
    movement: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(10), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str] = mapped_column(String(40), index=True)
    points: Mapped[int]
    why: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_storefront_points_entry_shopper", "shopper_id", "account"),)
