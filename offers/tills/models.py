"""The tables of tills that work without a network.

Owns columns only. Neither holds a code or a shopper: an entry names the coupon, and what became of it.
"""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class TillRow(Base):
    """One till (a browser of a store). `journal_*` is how far its journal is known here; `taken` counts since its last bundle."""

    __tablename__ = "offers_till"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    place_id: Mapped[str] = mapped_column(String(80), index=True)
    clerk_id: Mapped[str] = mapped_column(String(80))
    cap: Mapped[int]
    taken: Mapped[int] = mapped_column(default=0)
    journal_seq: Mapped[int] = mapped_column(default=0)
    journal_hash: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)


class Provisional(Base):
    """One entry of a till's journal and what became of it. `facts` is JSON: the other use of a double, and the evidence."""

    __tablename__ = "offers_provisional"
    till_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    entry_hash: Mapped[str] = mapped_column(String(64))
    coupon_id: Mapped[str | None] = mapped_column(String(40), index=True)
    place_id: Mapped[str] = mapped_column(String(80))
    clerk_id: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant, index=True)
    outcome: Mapped[str] = mapped_column(String(20), index=True)
    reason: Mapped[str | None] = mapped_column(String(80))
    redemption_id: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[str] = mapped_column(Text)
