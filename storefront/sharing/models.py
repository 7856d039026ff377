"""The tables of sharing: a shopper's link to a product, who came by it, and which order that led to.

Owns the shapes. A link says nothing of whose it is; who came and what was ordered is told to nobody, not to the one who shared either.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class ShareRow(Base):
    """Her link to a product: the same however often she asks for it. `code` is what the link holds, signed."""

    __tablename__ = "storefront_share"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("shopper_id", "product_id"),)


class ShareTouchRow(Base):
    """She came by this link, and said that it may count; the last time."""

    __tablename__ = "storefront_share_touch"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    share_id: Mapped[str] = mapped_column(ForeignKey("storefront_share.id", ondelete="CASCADE"), primary_key=True, index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class ReferralRow(Base):
    """A paid order that a link led to. `shopper_id` shared, `buyer_shopper_id` bought. `state`: waiting (until `due_at`), rewarded, refused (`why`)."""

    __tablename__ = "storefront_referral"
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    share_id: Mapped[str] = mapped_column(String(40), index=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    buyer_shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(10))
    why: Mapped[str | None] = mapped_column(String(40))
    points: Mapped[int] = mapped_column(default=0)
    noted_at: Mapped[datetime] = mapped_column(Instant, index=True)
    due_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (Index("ix_storefront_referral_due", "state", "due_at"),)
