"""The tables of reviews: one a shopper and product, what it says and once said, and what others reported.

Owns the shapes. Words are sealed with the key of who wrote them, the shop's reply too: with her erasure nobody reads them any more, in no old copy either.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class ReviewRow(Base):
    """`state`: pending, published, rejected, or removed (her words are gone; what is left is that a person had to say no, `refusals`, so that writing
    anew does not get round it). `version` says which words count. `purchased`, `visited`: proved when these words were written."""

    __tablename__ = "storefront_review"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    product_id: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10))
    version: Mapped[int] = mapped_column(default=0)
    stars: Mapped[int] = mapped_column(default=0)
    purchased: Mapped[bool] = mapped_column(default=False)
    visited: Mapped[bool] = mapped_column(default=False)
    refusals: Mapped[int] = mapped_column(default=0)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    __table_args__ = (
        CheckConstraint("stars BETWEEN 0 AND 5", name="stars"),
        UniqueConstraint("shopper_id", "product_id"),
        Index("ix_storefront_review_shown", "product_id", "state", "changed_at"),
        Index("ix_storefront_review_queue", "state", "changed_at"),
    )


class ReviewVersionRow(Base):
    """What it said at one time. `waits`: why it was not published at once (reason codes); `state`, `why`: what was decided, by a rule or a person."""

    __tablename__ = "storefront_review_version"
    review_id: Mapped[str] = mapped_column(ForeignKey("storefront_review.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stars: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    waits: Mapped[list[str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(10))
    why: Mapped[str | None] = mapped_column(String(40))
    written_at: Mapped[datetime] = mapped_column(Instant)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    reply_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    replied_at: Mapped[datetime | None] = mapped_column(Instant)
    replied_by: Mapped[str | None] = mapped_column(String(80))


class ReviewReportRow(Base):
    """One shopper finds that the words of this `version` should not stand there; once each. `settled`: a person has looked since."""

    __tablename__ = "storefront_review_report"
    review_id: Mapped[str] = mapped_column(ForeignKey("storefront_review.id", ondelete="CASCADE"), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cause: Mapped[str] = mapped_column(String(40))
    settled: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
