"""The tables of wishes: what a shopper keeps for later, and of what she was told in which visit.

Owns the shapes.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class WishRow(Base):
    """A product, or one variant of it, on her list."""

    __tablename__ = "storefront_wish"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(60), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(Instant)


class WishFoundRow(Base):
    """That something of her list lay in the store of this visit: said once."""

    __tablename__ = "storefront_wish_found"
    visit_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
