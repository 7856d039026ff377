"""What is taken of each slot, of whatever it is a slot: a time to be brought something, or a time a service is given.

Owns the shape. A slot gets its row when it is first booked; how many fit in stands with whoever offers it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class SlotRow(Base):
    """`taken` moves by conditional UPDATEs alone."""

    __tablename__ = "storefront_slot"
    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    taken: Mapped[int] = mapped_column(default=0)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (CheckConstraint("taken >= 0", name="taken"),)
