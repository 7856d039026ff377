"""The tables of addresses: a shopper's book with the one that counts, and each address sealed with her key.

Owns the shapes. Nothing of an address stands in the clear, not even its town.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class AddressBookRow(Base):
    """One a shopper. Every change of her addresses begins with this row, which is the lock; there is one default because it has one place."""

    __tablename__ = "storefront_address_book"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    default_id: Mapped[str | None] = mapped_column(String(40))
    changes: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class AddressRow(Base):
    """`sealed`: the whole address as JSON, for this row alone."""

    __tablename__ = "storefront_address"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
