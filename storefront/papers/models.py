"""Tables of receipts and credit notes that were issued, and of their numbers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class PaperRow(Base):
    """Append-only. `cause`: paid, a refund's id, or refunded; one paper for each. `content` is the whole paper as JSON in its one spelling, `sha256` its hash."""

    __tablename__ = "storefront_paper"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    cause: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(30), unique=True)
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)


class PaperSeriesRow(Base):
    """The last number of a year: one conditional UPDATE takes the next, in the transaction that issues the paper, so that none is left out."""

    __tablename__ = "storefront_paper_series"
    series: Mapped[str] = mapped_column(String(12), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_no: Mapped[int]
