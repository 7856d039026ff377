"""What dispatch says to an integrator's endpoint, and what it hears back.

Owns the port: one verb, a request, an answer. Must not know how bytes travel. tests/notifications/webhooks/test_gateways.py holds
both adapters to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, repr=False)
class WebhookRequest:
    """One try. The address may hold what only its owner should know, so there is no repr."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """`status` None: there was no answer, and `reason` (a code of reasons.py) says why. Nothing of the answer's body is kept."""

    status: int | None = None
    reason: str | None = None
    retry_after: str | None = None
    took_ms: int = 0

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookGateway(Protocol):
    """Blocking, bounded in time, and safe to call from several threads. `send` never raises, never follows, never tries twice."""

    def send(self, request: WebhookRequest) -> WebhookAnswer: ...
