"""The tables of webhooks: who wants what, what happened, and what became of each event at each endpoint.

Owns columns and the states of a delivery. Moved by registry, recording, dispatch and replaying alone.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json
from notifications.models import Position


class Endpoint(Base):
    """`state` is on or off. `sealed` and `sealed_before` are the secrets; the latter signs until `before_until`.

    `failures` counts tries in a row that failed, since `failing_since`. `off_after` is the position of the last event before it went off.
    """

    __tablename__ = "notifications_webhook_endpoint"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(4), default="on")
    reason: Mapped[str | None] = mapped_column(String(40))
    off_at: Mapped[datetime | None] = mapped_column(Instant)
    off_after: Mapped[int | None] = mapped_column(Position)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_before: Mapped[bytes | None] = mapped_column(LargeBinary)
    before_until: Mapped[datetime | None] = mapped_column(Instant)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(140))


class Happening(Base):
    """An event as it is told outside. `position` is the cursor; `data` is text, so that it is the same bytes for ever."""

    __tablename__ = "notifications_webhook_event"
    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    type: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    data: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    __table_args__ = ({"sqlite_autoincrement": True},)


class WebhookDelivery(Base):
    """One event for one endpoint: queued -> claimed -> delivered | queued | failed; or dropped.

    `claim` is the token of the claim in force: only its holder may record.
    """

    __tablename__ = "notifications_webhook_delivery"
    endpoint_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(80))
    shopper_id: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime] = mapped_column(Instant)
    claim: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    status: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str | None] = mapped_column(String(40))
    took_ms: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    tried_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        Index("ix_notifications_webhook_delivery_due", "endpoint_id", "state", "next_try_at"),
        Index("ix_notifications_webhook_delivery_order", "endpoint_id", "subject", "event_id"),
    )


