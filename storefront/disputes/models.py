"""The table of disputes: money of an order that a bank has taken back, or asks about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class DisputeRow(Base):
    """`id` is the provider's. `state`: states.DisputeState; `account`: where the sum is booked now (balance/accounts.py). `told_at`: of the statement that counts.
    `evidence_at`: when the packet was last taken out."""

    __tablename__ = "storefront_dispute"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(15))
    account: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime] = mapped_column(Instant)
    told_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    evidence_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="amount"), Index("ix_storefront_dispute_due", "state", "due_at"))
