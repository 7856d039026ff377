"""The table of collections: an order that she fetches from a store, from being picked to being handed over.

Owns the shape. Nothing of a name stands here; the code that proves who fetches it is made from the house's key and never stored.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class CollectionRow(Base):
    """`state`: open (to be picked), ready, handed_over. `arrived_by`: moment (our own geofence; `moment_id` which) or herself."""

    __tablename__ = "storefront_collection"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    place_id: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(12))
    kept_days: Mapped[int]
    placed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    ready_at: Mapped[datetime | None] = mapped_column(Instant)
    ready_until: Mapped[datetime | None] = mapped_column(Instant)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    arrived_by: Mapped[str | None] = mapped_column(String(10))
    moment_id: Mapped[str | None] = mapped_column(String(40))
    handed_at: Mapped[datetime | None] = mapped_column(Instant)
    handed_by: Mapped[str | None] = mapped_column(String(80))
    __table_args__ = (Index("ix_storefront_collection_state", "state", "place_id"), Index("ix_storefront_collection_hers", "shopper_id", "place_id", "state"))
