"""The tables of notifications: recipients, messages, deliveries, push tokens, and what shoppers did with a message.

Owns shapes only. A message row is the in-app inbox; a delivery row is one message on one channel to one device. What a message says is
sealed (contents.py), and so are tokens: a copy of the database must not let anyone write to a phone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json
from app.privacy.purposes import Purpose

Position = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column called INTEGER."""


def _since_made(context: Any) -> datetime:
    return context.get_current_parameters()["created_at"]


class Recipient(Base):
    """One row per shopper we have had something to say to.

    Locked by its UPDATE while a message is weighed, so that caps are counted by one at a time, and positions of one
    shopper become visible in the order they were given.
    """

    __tablename__ = "notifications_recipient"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    timezone: Mapped[str | None] = mapped_column(String(64))
    weighed: Mapped[int] = mapped_column(Integer, default=0)
    last_weighed_at: Mapped[datetime] = mapped_column(Instant)


class Message(Base):
    """One thing to say, said or not: `live` is shown in the inbox, `elsewhere` went another way to somebody who wants none in it,
    `suppressed` and `withdrawn` are kept to explain.

    `position` counts up over the whole database and is what an event stream resumes from. `weighed` is every rule that was asked, held or
    broken; `reasons` are the broken ones of a message that was not said. `said_at` is when it last set out to reach her, which is what caps
    count; empty: it was not said, or silently, or waits for the end of quiet hours (`held_until`). `kept_from` is where its retention
    begins: when it was made, or so much later that it is kept until its campaign ends.
    """

    __tablename__ = "notifications_message"
    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(40), unique=True)
    shopper_id: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    coupon_id: Mapped[str | None] = mapped_column(String(40), index=True)
    campaign_id: Mapped[str | None] = mapped_column(String(40))
    moment_id: Mapped[str | None] = mapped_column(String(40), index=True)
    visit_id: Mapped[str | None] = mapped_column(String(80), index=True)
    place_id: Mapped[str | None] = mapped_column(String(80))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    collapse_key: Mapped[str] = mapped_column(String(64))
    value_minor: Mapped[int] = mapped_column(BigInteger, default=0)
    weighed: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    said_at: Mapped[datetime | None] = mapped_column(Instant)
    held_until: Mapped[datetime | None] = mapped_column(Instant)
    kept_from: Mapped[datetime | None] = mapped_column(Instant, index=True, default=_since_made)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    clicked_at: Mapped[datetime | None] = mapped_column(Instant)
    dismissed_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        Index("ix_notifications_message_inbox", "shopper_id", "position"),
        Index("ix_notifications_message_said", "shopper_id", "said_at"),
        {"sqlite_autoincrement": True},  # a position is never given twice, even after the newest row was erased
    )


class Delivery(Base):
    """One message on one channel to one device: queued -> claimed -> sent | queued | failed; or suppressed, expired.

    `claim` is the token of the claim in force: only its holder may record. It and `lease_until` are empty otherwise. `mail_status` is the
    code by which a mail system told afterwards what became of an e-mail (RFC 3463); `complained_at`, that its reader called it unwanted.
    """

    __tablename__ = "notifications_delivery"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    message_id: Mapped[str] = mapped_column(String(40))
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    device_id: Mapped[str] = mapped_column(String(40))
    push_token_id: Mapped[str | None] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[list[str]] = mapped_column(Json)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(Instant)
    claim: Mapped[str | None] = mapped_column(String(40))
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    provider_message_id: Mapped[str | None] = mapped_column(String(200), index=True)
    kept_from: Mapped[datetime | None] = mapped_column(Instant, index=True, default=_since_made)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    delivered_at: Mapped[datetime | None] = mapped_column(Instant)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    mail_status: Mapped[str | None] = mapped_column(String(11))
    complained_at: Mapped[datetime | None] = mapped_column(Instant)
    __table_args__ = (
        UniqueConstraint("message_id", "channel", "device_id"),
        Index("ix_notifications_delivery_due", "state", "next_attempt_at"),
    )


REPLY = "reply"
"""Kind and state of a message that answers her own by text: she has asked, so that no consent, cap or morning concerns it, and no inbox shows it."""


CARE = "care"
"""Kind of a message that tells how to care for what she bought: it stands on a consent of its own on every channel, and no cap counts it."""


ORDER = "order"
"""Kind of a message that says how far her order is. The inbox shows it as a part of the order; to her phones it goes by a consent of its own, and no cap counts it."""


WISH = "wish"
"""Kind of a message that says that something of her list lies in the store she has come to: weighed, capped and consented to as an offer."""


SUPPORT = "support"
"""Kind of a message that says that somebody of ours has answered a case of hers: she has asked, so that no consent and no cap concerns it."""


SURVEY = "survey"
"""Kind of a message that asks her to answer a survey: in the inbox alone, of whoever agrees to offers that fit and to messages."""


SERVICE = {CARE: Purpose.AFTERCARE, ORDER: Purpose.ORDER_NEWS}
"""Kinds that are no marketing, each with the purpose by which it may be sent, whatever the channel."""
NO_MARKETING = frozenset({SUPPORT, *SERVICE})
"""Kinds an inbox shows whoever has not agreed to offers."""


class PushToken(Base):
    """Where a device can be reached. `sealed` holds the address, `token_hash` finds it again; deleted when dead."""

    __tablename__ = "notifications_push_token"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    device_id: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(Instant, index=True)


class MessageEvent(Base):
    """What a shopper did with a message, once each: seen, clicked, dismissed."""

    __tablename__ = "notifications_message_event"
    message_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    shopper_id: Mapped[str] = mapped_column(String(40), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


class Preference(Base):
    """How she likes to be told: in which language, by which ways first, and by what name, which is sealed."""

    __tablename__ = "notifications_preference"
    shopper_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    language: Mapped[str] = mapped_column(String(35))
    ways: Mapped[list[str]] = mapped_column(Json)
    called_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    set_at: Mapped[datetime] = mapped_column(Instant)
