"""The table of passes that lie in a wallet: where each may be told that it has changed, and whether that is owed.

Owns shapes only. What a wallet is reached by is sealed with the shopper's key. One row is one pass in one wallet, and is its own place in
the queue: however often a pass changes, one update is owed.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class PassCopy(Base):
    """`state`: quiet -> queued -> claimed -> quiet | queued; gone when its address is dead.

    `device_hash` finds a device of Apple's again, `address_hash` all that is reached at one address; both are empty for Google, which is
    asked for the object by the coupon's id. `digest` is what the pass said when it was last looked at, `changed_at` since when, in whole seconds, `stamp`
    its place among the changes of that device. `look_at` is when to look again. `reason` is why the newest form was not told.
    """

    __tablename__ = "notifications_pass_copy"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    coupon_id: Mapped[str] = mapped_column(String(40), index=True)
    wallet: Mapped[str] = mapped_column(String(10))
    device_hash: Mapped[str] = mapped_column(String(64), index=True)
    address_hash: Mapped[str] = mapped_column(String(64), index=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    digest: Mapped[str | None] = mapped_column(String(64))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    stamp: Mapped[int] = mapped_column(Integer, default=0)
    look_at: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(10), default="quiet")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(Instant)
    claim: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str | None] = mapped_column(String(40))
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    registered_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = (
        UniqueConstraint("wallet", "device_hash", "coupon_id"),
        Index("ix_notifications_pass_copy_due", "wallet", "state", "next_attempt_at"),
        Index("ix_notifications_pass_copy_look", "wallet", "look_at"),
    )
