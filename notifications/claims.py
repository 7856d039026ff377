"""One push that a process may send now. Owns the shape alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.privacy.purposes import Purpose
from notifications.contracts import ChannelKind
from notifications.ports import PushRequest


@dataclass(frozen=True, slots=True, repr=False)
class Claimed:
    """One push this process may now send. It holds an address, so it has no repr. `purpose`: what it stands on; None: an answer to her own word."""

    delivery_id: str
    channel: ChannelKind
    claim: str
    attempts: int
    push_token_id: str | None
    shopper_id: str
    coupon_id: str | None
    campaign_id: str | None
    expires_at: datetime
    request: PushRequest
    purpose: Purpose | None
    trace: str | None = None
