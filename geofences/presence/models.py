"""Proofs of presence that were taken.

Owns the shape. `use_hash` is a keyed hash of code, step, place and device: each is taken once.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class PresenceRow(Base):
    """`relayed_at`: when it was found that she cannot have been at both of two places; the proof then counts for nothing."""

    __tablename__ = "geofences_presence"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    device_id: Mapped[str] = mapped_column(String(40))
    place_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    use_hash: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)
    relayed_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (Index("ix_geofences_presence_shopper_id_at", "shopper_id", "at"),)
