"""The tables of kept payment methods: a shopper's account at the provider, the methods kept in it, and what must still be detached there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class PayerRow(Base):
    """One a shopper. `sealed`: the provider's name for her (an account there that has nothing of hers in it). Every change of her methods begins
    with this row, which is the lock; there is one default because it has one place."""

    __tablename__ = "storefront_payer"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    default_id: Mapped[str | None] = mapped_column(String(40))
    changes: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class KeptMethodRow(Base):
    """`sealed`: token, brand, last four digits and expiry as JSON, for this row alone. `card_hash`: keyed; the same card is kept once."""

    __tablename__ = "storefront_kept_method"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    card_hash: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (UniqueConstraint("shopper_id", "card_hash"),)


class DetachmentRow(Base):
    """A method (or a whole payer, or what is charged again and again) that must still go at the provider. It names nobody, and goes as soon as the provider has answered."""

    __tablename__ = "storefront_detachment"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    token: Mapped[str] = mapped_column(String(255))
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant, index=True)
