"""What may leave the room `notifications`: messages as the inbox shows them, and what became of them.

Owns shapes only. No coordinates, no device tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from app.privacy.purposes import Purpose


class ChannelKind(StrEnum):
    """The ways a message can reach somebody. Stored in deliveries and events: never renamed, only added."""

    INBOX = "inbox"
    FCM = "fcm"
    WEB_PUSH = "web_push"
    EMAIL = "email"
    SMS = "sms"
    WHATSAPP = "whatsapp"

    @property
    def purpose(self) -> Purpose:
        """What she must have agreed to before an offer is told there."""
        return _PURPOSES.get(self, Purpose.MARKETING_PUSH)

    @property
    def to_device(self) -> bool:
        """Whether it reaches one phone or browser; the others reach a verified contact, or need no address."""
        return self in (ChannelKind.FCM, ChannelKind.WEB_PUSH)


_PURPOSES = {
    ChannelKind.EMAIL: Purpose.MARKETING_EMAIL,
    ChannelKind.SMS: Purpose.MARKETING_SMS,
    ChannelKind.WHATSAPP: Purpose.MARKETING_WHATSAPP,
}


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """One message in the in-app inbox. `id` is the message id a device de-duplicates by; `position` resumes a stream."""

    id: str
    position: int
    shopper_id: str
    kind: str
    title: str
    body: str
    link: str
    coupon_id: str | None
    collapse_key: str
    created_at: datetime
    expires_at: datetime
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """What became of one message on one channel: queued, sent, failed, suppressed, expired; with its reasons.

    `status` is what a mail system said of it afterwards (RFC 3463), such as 5.1.1; else empty."""

    message_id: str
    channel: str
    state: str
    reasons: tuple[str, ...]
    attempts: int
    sent_at: datetime | None
    status: str = ""

    @property
    def in_short(self) -> str:
        """`failed: mailbox_full (5.2.2)`."""
        why = f": {', '.join(self.reasons)}" if self.reasons else ""
        return f"{self.state}{why}{f' ({self.status})' if self.status else ''}"


@dataclass(frozen=True, slots=True)
class PushSent:
    """Event `push.sent`: a provider (or the inbox) has accepted the message."""

    TYPE: ClassVar[str] = "push.sent"

    message_id: str
    shopper_id: str
    channel: str
    coupon_id: str | None
    campaign_id: str | None
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class PushSuppressed:
    """Event `push.suppressed`: it was not sent, and these are the reasons."""

    TYPE: ClassVar[str] = "push.suppressed"

    message_id: str
    shopper_id: str
    channel: str
    coupon_id: str | None
    campaign_id: str | None
    reason_codes: tuple[str, ...]
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class MessageAnswered:
    """Event `message.answered`: the shopper has `seen`, `clicked` or `dismissed` it, or her phone `failed` to show it; each kind once per message."""

    TYPE: ClassVar[str] = "message.answered"

    message_id: str
    shopper_id: str
    kind: str
    coupon_id: str | None
    campaign_id: str | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class SaidReason:
    """One reason in its code, in words for the shopper, and with the numbers behind it."""

    code: str
    text: str
    facts: dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class MessageExplained:
    """Why a coupon was, or was not, announced. `state`: live (in the inbox), elsewhere, suppressed, withdrawn.

    `reasons` stood against it, `held` are the rules that did not; `campaign_id` and `moment_id` lead to the decision behind it.
    """

    message_id: str
    coupon_id: str | None
    shopper_id: str
    state: str
    text: str
    reasons: tuple[SaidReason, ...]
    deliveries: tuple[DeliveryView, ...]
    decided_at: datetime
    held: tuple[SaidReason, ...] = ()
    campaign_id: str | None = None
    moment_id: str | None = None
    ways: tuple[SaidReason, ...] = ()
    """By which way it went, or did not: each that was looked at, in order, with the channel among its facts."""
