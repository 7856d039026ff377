"""What dispatch says to a push provider, and what it hears back.

Owns the port: one verb, a request, a receipt. Must not know a vendor. Every adapter passes
tests/notifications/test_gateway_contract.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class TokenKind(StrEnum):
    """How a device is addressed: by Firebase installation id, or by the older registration token."""

    FID = "fid"
    TOKEN = "token"  # noqa: S105 - a kind of address, not a secret


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    """The provider has taken the message."""
    DEAD = "dead"
    """The address will never work again: forget it now."""
    RETRY = "retry"
    """Not taken, or perhaps taken; try again later with the same ids."""
    REFUSED = "refused"
    """This message to this address will never be taken."""


@dataclass(frozen=True, slots=True)
class PushRequest:
    """One message to one device. `address` is secret. `collapse_key` and `message_id` are the same at every attempt,
    which is what lets a device show it once however often it arrives."""

    message_id: str
    address: str
    kind: TokenKind
    title: str
    body: str
    link: str
    collapse_key: str
    ttl_s: int
    expires_at: datetime
    data: Mapping[str, str]


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
