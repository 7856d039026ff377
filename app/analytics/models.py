"""The tables of analytics: how far each moment got, and what a campaign adds up to.

Owns shapes only. It is a read model: everything here can be thrown away and counted anew from events of the same consent.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class FunnelRow(Base):
    """One moment as one campaign met it; `campaign_id` is empty for the moment by itself. Each stage is reached once."""

    __tablename__ = "analytics_funnel_row"
    moment_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    place_id: Mapped[str | None] = mapped_column(String(80))
    noted_at: Mapped[datetime] = mapped_column(Instant, index=True)
    detected_at: Mapped[datetime | None] = mapped_column(Instant)
    offered_at: Mapped[datetime | None] = mapped_column(Instant)
    withheld_at: Mapped[datetime | None] = mapped_column(Instant)
    pushed_at: Mapped[datetime | None] = mapped_column(Instant)
    suppressed_at: Mapped[datetime | None] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    ordered_at: Mapped[datetime | None] = mapped_column(Instant)
    redeemed_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    refunded_at: Mapped[datetime | None] = mapped_column(Instant)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    revenue_currency: Mapped[str] = mapped_column(String(3), default="")
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    discount_currency: Mapped[str] = mapped_column(String(3), default="")
    __table_args__ = (Index("ix_analytics_funnel_row_campaign", "campaign_id", "noted_at"),)


class CampaignTotal(Base):
    """What a campaign adds up to in one currency, over its life; names nobody, so it outlives those it counted."""

    __tablename__ = "analytics_campaign_total"
    campaign_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    orders: Mapped[int] = mapped_column(Integer, default=0)
    revenue_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    redemptions: Mapped[int] = mapped_column(Integer, default=0)
    discount_minor: Mapped[int] = mapped_column(BigInteger, default=0)
