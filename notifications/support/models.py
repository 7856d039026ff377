"""The tables of support: cases, and what is in them.

Owns shapes only. Subject, words and what she wrote with her rating are sealed with the shopper's key; so are our notes: they are about her.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class Case(Base):
    """`place_id`: the store whose opening hours its clock counts. `running_since`, `answer_left_s`, `solve_left_s`: its clock (clock.py); `..._due_at`
    follow from it, and `..._late_at` is when a broken promise was told. `owed_since`: since when she waits for a word of ours. `rating`: sealed words."""

    __tablename__ = "notifications_support_case"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(16))
    category: Mapped[str] = mapped_column(String(12))
    priority: Mapped[str] = mapped_column(String(8))
    channel: Mapped[str] = mapped_column(String(8))
    subject_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    order_id: Mapped[str | None] = mapped_column(String(40), index=True)
    visit_id: Mapped[str | None] = mapped_column(String(80))
    decision_id: Mapped[str | None] = mapped_column(String(40))
    coupon_id: Mapped[str | None] = mapped_column(String(40))
    thread_id: Mapped[str | None] = mapped_column(String(40))
    place_id: Mapped[str | None] = mapped_column(String(80))
    merged_into: Mapped[str | None] = mapped_column(String(40))
    last_seq: Mapped[int] = mapped_column(default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(80))
    owed_since: Mapped[datetime | None] = mapped_column(Instant)
    running_since: Mapped[datetime | None] = mapped_column(Instant)
    answer_left_s: Mapped[int | None]
    solve_left_s: Mapped[int]
    answer_due_at: Mapped[datetime | None] = mapped_column(Instant)
    solve_due_at: Mapped[datetime | None] = mapped_column(Instant)
    answer_late_at: Mapped[datetime | None] = mapped_column(Instant)
    solve_late_at: Mapped[datetime | None] = mapped_column(Instant)
    opened_at: Mapped[datetime] = mapped_column(Instant, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    solved_at: Mapped[datetime | None] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    stars: Mapped[int | None]
    rating_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    rated_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_notifications_support_case_queue", "state", "solve_due_at"),
        Index("ix_notifications_support_case_answer_due", "answer_due_at"),
    )


class CaseEntry(Base):
    """A message, a note of ours, or a step; numbered without gaps. `who`: the person of ours."""

    __tablename__ = "notifications_support_entry"
    case_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    author: Mapped[str] = mapped_column(String(8))
    who: Mapped[str | None] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
