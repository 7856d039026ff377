"""The tables of consent: what was said, when, to which words; and the state in force.

Owns the shapes. A record is never changed; the state row follows in the same transaction, so that the gate is one
look-up by key. Must not be read by rooms: they ask app/privacy/gate.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class ConsentRow(Base):
    """One thing a shopper said about one purpose. Append-only; `sequence` counts per shopper and purpose.

    `position` counts all she said; `record` is the whole record as canonical JSON (app/privacy/records.py), which names the hash of
    the one before, and `hash` is its own.
    """

    __tablename__ = "privacy_consent"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(40))
    sequence: Mapped[int]
    granted: Mapped[bool]
    notice_version: Mapped[int]
    source: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant)
    position: Mapped[int]
    record: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (UniqueConstraint("shopper_id", "purpose", "sequence"), UniqueConstraint("shopper_id", "position"))


class ConsentStateRow(Base):
    """The newest record of each shopper and purpose, for the gate; can be rebuilt from the records."""

    __tablename__ = "privacy_consent_state"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40), primary_key=True)
    sequence: Mapped[int]
    granted: Mapped[bool]
    notice_version: Mapped[int]
    source: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Instant)


class StandingRow(Base):
    """What bears on all her consents at once: where her chain of records ends, whether she is a minor, and what her phones permit.

    `access` is the most that any of her phones permits of its position (never, while_in_use, always); None: nobody has said.
    `coarse_device_ids` are those that permit only an approximate one. Both follow from privacy_permission.
    """

    __tablename__ = "privacy_standing"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64))
    minor: Mapped[bool] = mapped_column(default=False)
    access: Mapped[str | None] = mapped_column(String(20))
    coarse_device_ids: Mapped[list[str]] = mapped_column(Json, default=list)


class PermissionRow(Base):
    """What the system of one phone permitted from an instant on. Append-only; only changes are rows."""

    __tablename__ = "privacy_permission"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(String(40))
    access: Mapped[str] = mapped_column(String(20))
    precise: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(Instant)


class ConsentHeadRow(Base):
    """One row whose `stamp` is a new random one after every change of any state: what was read under an older one may not be so."""

    __tablename__ = "privacy_consent_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    stamp: Mapped[str] = mapped_column(String(40))


class ShredRow(Base):
    """A key that must still be destroyed because its owner was erased (app/privacy/shredding.py); `owner` is a keyed hash."""

    __tablename__ = "privacy_shred"
    owner: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(Instant)


class ErasureRow(Base):
    """Proof that somebody was erased, without saying who: `subject_hash` is keyed and can only be compared."""

    __tablename__ = "privacy_erasure"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(64), index=True)
    erased: Mapped[dict[str, Any]] = mapped_column(Json)
    kept: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class PrivacyBudgetRow(Base):
    """How much was asked of a dataset in a month, in millionths of epsilon (app/privacy/budget.py)."""

    __tablename__ = "privacy_budget"
    dataset: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    spent_micro: Mapped[int] = mapped_column(BigInteger)


class NoisyAnswerRow(Base):
    """An answer with noise, given again to whoever asks the same. `question` is the hash of `asked`; nobody is named in either."""

    __tablename__ = "privacy_noisy_answer"
    dataset: Mapped[str] = mapped_column(String(40), primary_key=True)
    question: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked: Mapped[str] = mapped_column(Text)
    epsilon_micro: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[Any] = mapped_column(Json)
    answered_at: Mapped[datetime] = mapped_column(Instant, index=True)
