"""The table of policy decisions: what was asked, what was answered, by which rules.

Owns the shape. Must not hold the facts themselves: their hash is enough to show that the same question was asked.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class PolicyDecisionRow(Base):
    """Append-only. A shopper stands in `shopper_id`, everybody else in `caller`."""

    __tablename__ = "security_policy_decision"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    action: Mapped[str] = mapped_column(String(30))
    role: Mapped[str] = mapped_column(String(20))
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    caller: Mapped[str | None] = mapped_column(String(120))
    outcome: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[str]] = mapped_column(Json)
    policy_ids: Mapped[list[str]] = mapped_column(Json)
    acr: Mapped[str | None] = mapped_column(String(20))
    max_age_s: Mapped[int | None]
    inputs_hash: Mapped[str] = mapped_column(String(64))
    __table_args__ = (Index("ix_security_policy_decision_at", "at"),)
