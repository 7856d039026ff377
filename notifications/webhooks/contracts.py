"""What may be told of webhooks outside this folder: endpoints and deliveries as they are listed. Shapes only; never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EndpointView:
    """`state` is on or off, `reason` why it is off, in words `why_off`. `waiting` counts events that are not delivered yet.

    `missed_after`: the cursor from which a replay brings what happened while it was off.
    """

    id: str
    url: str
    description: str
    event_types: tuple[str, ...]
    state: str
    reason: str | None
    why_off: str | None
    off_at: datetime | None
    missed_after: int | None
    failures: int
    failing_since: datetime | None
    delivered_at: datetime | None
    old_secret_until: datetime | None
    waiting: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, repr=False)
class Registered:
    """An endpoint with its newest secret, which is told once."""

    endpoint: EndpointView
    secret: str


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One event at one endpoint. `cursor` is its place in the log, None when the log has forgotten it."""

    event_id: str
    event_type: str
    subject: str
    state: str
    tries: int
    status: int | None
    reason: str | None
    took_ms: int | None
    created_at: datetime
    tried_at: datetime | None
    next_try_at: datetime | None
    cursor: int | None
