"""Tables of the catalogue: products and the words they are found by. Stock lives on the product row and is never negative."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json

WORD_LENGTH = 64
Word = String(WORD_LENGTH).with_variant(String(WORD_LENGTH, collation="C"), "postgresql")
"""Compared byte by byte on both engines, so that a prefix is a range of the index."""


class ProductRow(Base):
    """`stock_units` is what can still be sold: holds of unpaid orders are already taken off. `particulars`: what is declared (contracts.Particulars), None: nothing."""

    __tablename__ = "storefront_product"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    description: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(80), index=True)
    image: Mapped[str] = mapped_column(String(200))
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    stock_units: Mapped[int]
    particulars: Mapped[dict[str, Any] | None] = mapped_column(Json)
    on_sale: Mapped[bool] = mapped_column(default=True)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        CheckConstraint("stock_units >= 0", name="stock_not_negative"),
        CheckConstraint("price_minor >= 0", name="price_not_negative"),
    )


class ProductWordRow(Base):
    """One folded word of a product; `weight` is 3 for the name, 2 for the category, 1 for the description."""

    __tablename__ = "storefront_product_word"
    word: Mapped[str] = mapped_column(Word, primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("storefront_product.id", ondelete="CASCADE"), primary_key=True, index=True)
    weight: Mapped[int]
