"""Tables of taxes: rates somebody has set, which class a category has, and the tax of each order line, frozen when it was ordered."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class TaxRateRow(Base):
    """A rate beside, or instead of, those recorded in rates.json. `region` empty: the whole country."""

    __tablename__ = "storefront_tax_rate"
    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    region: Mapped[str] = mapped_column(String(10), primary_key=True)
    tax_class: Mapped[str] = mapped_column(String(20), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    rate_bp: Mapped[int]
    source: Mapped[str] = mapped_column(String(200))
    set_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (CheckConstraint("rate_bp BETWEEN 0 AND 10000", name="rate"),)


class TaxClassRow(Base):
    """The products of a category are of this class; a category without a row is standard."""

    __tablename__ = "storefront_tax_class"
    category: Mapped[str] = mapped_column(String(80), primary_key=True)
    tax_class: Mapped[str] = mapped_column(String(20))
    set_at: Mapped[datetime] = mapped_column(Instant)


class OrderTaxRow(Base):
    """What was paid for a line at a rate, and the tax in it; a delivery may have several. Never changed afterwards, whatever rates become."""

    __tablename__ = "storefront_order_tax"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rate_bp: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tax_class: Mapped[str] = mapped_column(String(20), primary_key=True)
    paid_minor: Mapped[int]
    tax_minor: Mapped[int]
    __table_args__ = (CheckConstraint("tax_minor BETWEEN 0 AND paid_minor", name="tax"),)
