"""The table of what is bought together: numbers of products, about nobody.

Owns the shape. A row stands there only when so many people stand behind it that it tells of none of them (rules.py).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class BoughtTogetherRow(Base):
    """Who buys `product_id` often buys `other_id` in the same order. `score_bp`: the cosine in ten-thousandths."""

    __tablename__ = "storefront_bought_together"
    product_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    other_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    score_bp: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (Index("ix_storefront_bought_together_best", "product_id", "score_bp"),)
