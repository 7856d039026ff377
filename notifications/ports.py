"""What dispatch says to whoever carries a message, and what it hears back.

Owns the port: one verb, a request, a receipt. Must not know a vendor. Every adapter passes
tests/notifications/test_gateway_contract.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from app.security.contacts.facade import ContactKind
from notifications.contracts import ChannelKind


class TokenKind(StrEnum):
    """How a device is addressed: by Firebase installation id, by the older registration token, or by a browser's subscription."""

    FID = "fid"
    TOKEN = "token"  # noqa: S105 - a kind of address, not a secret
    WEB_PUSH = "web_push"

    @property
    def channel(self) -> ChannelKind:
        return ChannelKind.WEB_PUSH if self is TokenKind.WEB_PUSH else ChannelKind.FCM


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    """The provider has taken the message."""
    DEAD = "dead"
    """The address will never work again: forget it now."""
    RETRY = "retry"
    """Not taken, or perhaps taken; try again later with the same ids."""
    REFUSED = "refused"
    """This message to this address will never be taken."""
    UNKNOWN = "unknown"
    """It may have arrived, and this channel cannot show a repeat once: it is not sent again."""


@dataclass(frozen=True, slots=True)
class Extras:
    """What only some channels ask for. `unsubscribe` is a path of ours that ends e-mail offers with one click; `html` goes beside
    the text of an e-mail. `risky`: what it leads to moves money or an account, so an SMS carries no link. `in_window`: she has
    written to us by WhatsApp within 24 hours; else only an approved template is taken there. `returned_as` is the name under which an
    e-mail that cannot be delivered comes back."""

    language: str = "en"
    unsubscribe: str = ""
    html: str = ""
    urgent: bool = True
    risky: bool = False
    in_window: bool = False
    returned_as: str = ""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One message to one address: a device's token, a browser's subscription (JSON), an e-mail address, a number. It is secret.
    `collapse_key` and `message_id` are the same at every attempt, which is what lets a device show it once however often it
    arrives. `link` is a path of ours, or empty."""

    message_id: str
    address: str
    kind: TokenKind | ContactKind
    title: str
    body: str
    link: str
    collapse_key: str
    ttl_s: int
    expires_at: datetime
    data: Mapping[str, str]
    extras: Extras = field(default_factory=Extras)


@dataclass(frozen=True, slots=True)
class PushReceipt:
    """`reason` is a code of reasons.py unless accepted; `retry_after_s` is what the provider asked for, if anything."""

    outcome: Outcome
    provider_message_id: str | None = None
    reason: str | None = None
    retry_after_s: float | None = None


class PushGateway(Protocol):
    """Blocking, and safe to call from several threads. `send` never raises and never sleeps to retry: what went wrong is
    the receipt, when to retry is decided by retries.py."""

    @property
    def channel(self) -> str: ...

    def send(self, request: PushRequest) -> PushReceipt: ...

    def close(self) -> None: ...
