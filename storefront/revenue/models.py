"""Tables of revenue: the versions of the terms, what was agreed on each sold line, the books in double entry, and closed statements.

None of them says who bought.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class TermsRow(Base):
    """Every version there was; the newest is in force. `document` is JSON as text: the order in which it is written is the order in which it is shown."""

    __tablename__ = "storefront_revenue_terms"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)
    applied_by: Mapped[str] = mapped_column(String(80))
    applied_at: Mapped[datetime] = mapped_column(Instant)


class CommissionRow(Base):
    """A line that was sold for a partner, at the rate that held when its money became true. `kept_minor`: what of it stays paid, as far as it is booked."""

    __tablename__ = "storefront_commission"
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    line_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    partner_id: Mapped[str] = mapped_column(String(30), index=True)
    product_id: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    rate_bp: Mapped[int]
    terms_version: Mapped[int]
    kept_minor: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (
        ForeignKeyConstraint(["order_id", "line_no"], ["storefront_order_line.order_id", "storefront_order_line.line_no"], name="of_line", ondelete="CASCADE"),
        CheckConstraint("kept_minor >= 0", name="kept"),
    )


class RevenueEntry(Base):
    """Append-only; two rows for each movement, one of each account (books.Account), whose amounts add up to nothing.

    `cause`: the order (with its line) or the placement. `statement_id` is set once, when the statement it stands in is closed."""

    __tablename__ = "storefront_revenue_entry"
    movement: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(12), primary_key=True)
    partner_id: Mapped[str] = mapped_column(String(30))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    base_minor: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[str] = mapped_column(String(40))
    line_no: Mapped[int]
    product_id: Mapped[str] = mapped_column(String(60))
    rate_bp: Mapped[int]
    why: Mapped[str] = mapped_column(String(20))
    statement_id: Mapped[str | None] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        Index("ix_storefront_revenue_entry_cause", "cause", "line_no"),
        Index("ix_storefront_revenue_entry_open", "partner_id", "account", "at"),
    )


class PlacementRow(Base):
    """What was shown of a placement, and what of its budget is used up."""

    __tablename__ = "storefront_placement"
    id: Mapped[str] = mapped_column(String(30), primary_key=True)
    partner_id: Mapped[str] = mapped_column(String(30))
    product_id: Mapped[str] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    budget_minor: Mapped[int] = mapped_column(BigInteger)
    spent_minor: Mapped[int] = mapped_column(BigInteger)
    views: Mapped[int]
    clicks: Mapped[int]
    __table_args__ = (CheckConstraint("spent_minor BETWEEN 0 AND budget_minor", name="within_budget"),)


class PlacementCountRow(Base):
    """That it was shown (`viewed`) to somebody in an hour, or opened (`clicked`). `viewer` is a keyed hash that is another every day, and says nothing of who it was."""

    __tablename__ = "storefront_placement_count"
    placement_id: Mapped[str] = mapped_column(String(30), primary_key=True)
    viewer: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    hour: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class StatementRow(Base):
    """A month of one partner that is closed: it never changes. `sha256` is of its lines."""

    __tablename__ = "storefront_revenue_statement"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    partner_id: Mapped[str] = mapped_column(String(30))
    partner_name: Mapped[str] = mapped_column(String(60))
    period: Mapped[str] = mapped_column(String(7))
    currency: Mapped[str] = mapped_column(String(3))
    total_minor: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    closed_by: Mapped[str] = mapped_column(String(80))
    closed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("partner_id", "currency", "period", name="uq_storefront_revenue_statement_month"),)
