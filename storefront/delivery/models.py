"""The tables of delivery: areas as operators write them, and what each order has booked.

Owns the shapes. How many fit in stands in the area's document alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class DeliveryAreaRow(Base):
    """`document` as storefront/delivery/schemas.py writes it."""

    __tablename__ = "storefront_delivery_area"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class DeliveryBookingRow(Base):
    """What an order has booked, with its times as they were promised. `state`: held, then given_back, once. `sealed`: where it is brought, as it was
    when she ordered, sealed with her key for this order. `price_minor`: what it cost; `base_minor`: what the way costs at a time that names no price."""

    __tablename__ = "storefront_delivery_booking"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    area_id: Mapped[str] = mapped_column(String(40))
    slot_id: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    timezone: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int]
    base_minor: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    closes_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_storefront_delivery_booking_area", "area_id", "starts_at"),)
