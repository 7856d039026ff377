"""Tables of the balance: what each shopper has, the books in double entry, what orders hold of it, and gift cards."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class BalanceRow(Base):
    """What a shopper can spend in one currency. What an order holds is taken off already."""

    __tablename__ = "storefront_balance"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    available_minor: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (CheckConstraint("available_minor >= 0", name="not_negative"),)


class BalanceEntry(Base):
    """Append-only; two rows for each movement, one of each account (accounts.py), whose amounts add up to nothing.

    `shopper_id` is whose money it is, in both, where it is somebody's; `order_id` and `card_id` say what it was about.
    """

    __tablename__ = "storefront_balance_entry"
    movement: Mapped[str] = mapped_column(String(40), primary_key=True)
    account: Mapped[str] = mapped_column(String(10), primary_key=True)
    shopper_id: Mapped[str | None] = mapped_column(String(40))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int]
    order_id: Mapped[str | None] = mapped_column(String(40), index=True)
    card_id: Mapped[str | None] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (Index("ix_storefront_balance_entry_shopper", "shopper_id", "account"),)


class BalanceHoldRow(Base):
    """What one order takes from the balance. `state`: held, captured (the order is paid), released (it came to nothing). `returned_minor`: given back of it."""

    __tablename__ = "storefront_balance_hold"
    order_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int]
    returned_minor: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(10))
    held_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (CheckConstraint("returned_minor BETWEEN 0 AND amount_minor", name="returned"),)


class GiftCardRow(Base):
    """`code_hash` finds a card by its code; `sealed_code` is shown to whoever bought it. `state`: issued, loaded (onto a balance), void, expired.

    A card that was bought names its order, line and piece, each once.
    """

    __tablename__ = "storefront_gift_card"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed_code: Mapped[bytes] = mapped_column(LargeBinary)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    order_id: Mapped[str | None] = mapped_column(String(40))
    line_no: Mapped[int | None]
    piece: Mapped[int | None]
    issued_by: Mapped[str | None] = mapped_column(String(80))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    loaded_by: Mapped[str | None] = mapped_column(String(40), index=True)
    loaded_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("order_id", "line_no", "piece"), CheckConstraint("amount_minor > 0", name="amount"))
