"""Tables of memberships: the plans' versions, each membership, its invoices and the papers about them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class PlansRow(Base):
    """Every version there was; the newest is in force. `document` is JSON as text: the order in which it is written is the order in which it is shown."""

    __tablename__ = "storefront_membership_plans"
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)
    applied_by: Mapped[str] = mapped_column(String(80))
    applied_at: Mapped[datetime] = mapped_column(Instant)


class MembershipRow(Base):
    """`seat` is the shopper's id as long as it is not over, so that she has one. `subscription_id` and `setup_id` are the provider's names. `asked` counts the
    re-reads that were begun and `heard` is the newest of which the answer was taken: an older answer that comes later changes nothing.

    `tries`: how often a card was tried by her. `gives_until`: its benefits are hers until then. `sealed`: the card it is paid with, as she tells it by."""

    __tablename__ = "storefront_membership"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    seat: Mapped[str | None] = mapped_column(String(40), unique=True)
    plan_id: Mapped[str] = mapped_column(String(30))
    plan_name: Mapped[str] = mapped_column(String(60))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    every: Mapped[str] = mapped_column(String(5))
    trial_days: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    subscription_id: Mapped[str | None] = mapped_column(String(80), unique=True)
    setup_id: Mapped[str | None] = mapped_column(String(80), index=True)
    kept_id: Mapped[str | None] = mapped_column(String(40))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    trial_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    period_ends_at: Mapped[datetime | None] = mapped_column(Instant)
    paid_until: Mapped[datetime | None] = mapped_column(Instant)
    leaves_at: Mapped[datetime | None] = mapped_column(Instant)
    gives_until: Mapped[datetime | None] = mapped_column(Instant)
    next_try_at: Mapped[datetime | None] = mapped_column(Instant)
    tries: Mapped[int] = mapped_column(default=0)
    asked: Mapped[int] = mapped_column(default=0)
    heard: Mapped[int] = mapped_column(default=0)
    look_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    joined_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str | None] = mapped_column(String(40))
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)


class MembershipInvoiceRow(Base):
    """One the provider has asked money for. `id` is its name there. `look`: what went back of it must be asked for."""

    __tablename__ = "storefront_membership_invoice"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    membership_id: Mapped[str] = mapped_column(ForeignKey("storefront_membership.id", ondelete="CASCADE"), index=True)
    state: Mapped[str] = mapped_column(String(15))
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    plan_name: Mapped[str] = mapped_column(String(60))
    payment_id: Mapped[str | None] = mapped_column(String(80), index=True)
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    look: Mapped[bool] = mapped_column(default=False)
    told_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name="refunded"),)


class MembershipPaperRow(Base):
    """Append-only: the receipt of an invoice, and a credit note for each part of it that went back. `total_minor` is how much the paper is about; `upto_minor`
    how much had gone back with it (0: the receipt)."""

    __tablename__ = "storefront_membership_paper"
    invoice_id: Mapped[str] = mapped_column(ForeignKey("storefront_membership_invoice.id", ondelete="CASCADE"), primary_key=True)
    upto_minor: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(30), unique=True)
    content: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)
