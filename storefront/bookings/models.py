"""The tables of services that are given at a time: when a store gives one, and what each order has booked of it.

Owns the shapes. What is taken of a time stands with every other slot (storefront/slots/models.py); how many fit in stands in the document alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class ServiceRow(Base):
    """When a store gives a service; `document` as storefront/bookings/schemas.py writes it. `id` begins the names of its slots."""

    __tablename__ = "storefront_service"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"))
    place_id: Mapped[str] = mapped_column(String(60))
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("product_id", "place_id"),)


class BookingRow(Base):
    """What one line of an order has booked, with its time as it was promised. `state`: held while the order is not paid, booked, then attended, missed or
    given_back, once. `price_minor`: what a place cost at this time; `base_minor`: what it costs at a time that names no price. Until `free_until` she may
    move it or cancel it herself. `moves`: how often it was moved. `remind_at` is null once she was reminded, or shall not be. `arrived_by`: moment (our own
    geofence; `moment_id` which) or herself. `ended_by`: the clerk who checked it in, or said that nobody came."""

    __tablename__ = "storefront_booking"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"))
    line_no: Mapped[int]
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    product_id: Mapped[str] = mapped_column(String(60))
    service_id: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str] = mapped_column(String(60))
    slot_id: Mapped[str] = mapped_column(String(60))
    places: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    timezone: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    price_minor: Mapped[int]
    base_minor: Mapped[int]
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    free_until: Mapped[datetime] = mapped_column(Instant)
    remind_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    moves: Mapped[int] = mapped_column(default=0)
    arrived_at: Mapped[datetime | None] = mapped_column(Instant)
    arrived_by: Mapped[str | None] = mapped_column(String(10))
    moment_id: Mapped[str | None] = mapped_column(String(40))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    __table_args__ = (
        UniqueConstraint("order_id", "line_no"),
        CheckConstraint("places >= 0", name="places"),
        Index("ix_storefront_booking_day", "place_id", "starts_at"),
    )
