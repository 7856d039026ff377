"""The tables of conversations: threads, what was said in them, and what she let us remember.

Owns shapes only. What was said, what the assistant remembers of the thread and what she needs are sealed with the shopper's key.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class Thread(Base):
    """One shopper on one way to talk: `bot` -> `waiting` -> `person` -> `bot`.

    `identity` is the keyed hash of the number she writes from, empty in the app. Its UPDATE is the turn of whoever speaks, so that `last_seq`
    counts without gaps. `owed_since`: since when she waits for a word of a person. `heard_at`: her own last word. `memory` is sealed.
    """

    __tablename__ = "notifications_conversation"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    channel: Mapped[str] = mapped_column(String(10))
    identity: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8), default="bot")
    language: Mapped[str] = mapped_column(String(2), default="en")
    memory: Mapped[bytes | None] = mapped_column(LargeBinary)
    last_seq: Mapped[int] = mapped_column(Integer, default=0)
    why: Mapped[str | None] = mapped_column(String(30))
    asked_seq: Mapped[int | None] = mapped_column(Integer)
    owed_since: Mapped[datetime | None] = mapped_column(Instant)
    claimed_by: Mapped[str | None] = mapped_column(String(40))
    claimed_at: Mapped[datetime | None] = mapped_column(Instant)
    heard_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (UniqueConstraint("shopper_id", "channel", "identity"), Index("ix_notifications_conversation_queue", "state", "owed_since"))


class Said(Base):
    """One thing that was said: by the shopper, the assistant or a person (`said_by`). `open`: a proposal she has not answered."""

    __tablename__ = "notifications_conversation_message"
    thread_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    author: Mapped[str] = mapped_column(String(8))
    said_by: Mapped[str | None] = mapped_column(String(40))
    open: Mapped[bool] = mapped_column(Boolean, default=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class Need(Base):
    """What she let us remember, in her own yes: `people` or `free_from`."""

    __tablename__ = "notifications_conversation_need"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
