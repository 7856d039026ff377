"""The tables of cash: what an order still owes, the drawers of tills and couriers, and the books in double entry."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class CashClaimRow(Base):
    """What is to be paid for one order outside the provider. `way`: cash_on_delivery, pay_at_till. `state`: open, taken, refused (at the door), lapsed (nobody came),
    withdrawn. `means`: cash or terminal, once it is taken, into the drawer `drawer_id`; `tendered_minor` is what was put down. Whose order it is stands with the order."""

    __tablename__ = "storefront_cash_claim"
    order_id: Mapped[str] = mapped_column(ForeignKey("storefront_order.id", ondelete="CASCADE"), primary_key=True)
    way: Mapped[str] = mapped_column(String(20))
    place_id: Mapped[str | None] = mapped_column(String(60))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(String(80))
    means: Mapped[str | None] = mapped_column(String(10))
    tendered_minor: Mapped[int | None] = mapped_column(BigInteger)
    drawer_id: Mapped[str | None] = mapped_column(String(40), index=True)
    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"), Index("ix_storefront_cash_claim_open", "state", "place_id"))


class CashDrawerRow(Base):
    """The money in one pair of hands, from the float until it is counted: a till's drawer or a courier's purse. `expected_minor` is what the books say lies in it.
    `why`: where a difference comes from, as far as anybody knows."""

    __tablename__ = "storefront_cash_drawer"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(10))
    clerk_id: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10))
    float_minor: Mapped[int] = mapped_column(BigInteger)
    expected_minor: Mapped[int] = mapped_column(BigInteger)
    counted_minor: Mapped[int | None] = mapped_column(BigInteger)
    difference_minor: Mapped[int | None] = mapped_column(BigInteger)
    why: Mapped[str | None] = mapped_column(String(20))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        CheckConstraint("expected_minor >= 0", name="expected"),
        Index("uq_storefront_cash_drawer_open", "clerk_id", "currency", unique=True, sqlite_where=text("state = 'open'"), postgresql_where=text("state = 'open'")),
        Index("ix_storefront_cash_drawer_day", "place_id", "opened_at"),
    )


class CashEntry(Base):
    """Append-only; two rows for each movement, one of each account (books.py), whose amounts add up to nothing."""

    __tablename__ = "storefront_cash_entry"
    movement: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(12), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[str | None] = mapped_column(String(40), index=True)
    drawer_id: Mapped[str | None] = mapped_column(String(40), index=True)
    why: Mapped[str] = mapped_column(String(20))
    by: Mapped[str | None] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant, index=True)
