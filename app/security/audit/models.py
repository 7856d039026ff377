"""The tables of the audit log: the chain of entries, and its head.

Owns the shapes. Must not hold what an erasure has to find: a person stands here under a keyed hash only.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class AuditRow(Base):
    """Append-only: rows are never changed nor deleted. `detail` is JSON text whose bytes are part of the hash."""

    __tablename__ = "security_audit"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(140))
    subject_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    detail: Mapped[str] = mapped_column(Text)
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (Index("ix_security_audit_at", "at"),)


class AuditHead(Base):
    """One row: number and hash of the newest entry. Writers queue on it, at the end of their transactions."""

    __tablename__ = "security_audit_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))
