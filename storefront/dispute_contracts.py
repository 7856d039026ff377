"""What leaves the room of disputes: the view, and the event. Plain data; contracts.py has the rest of the room's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class DisputeView:
    """Money of an order that a bank has taken back, or asks about. `state`: inquiry, open, under_review, won, lost, closed. `due_at`: until when our word must be
    there, while it is waited for."""

    id: str
    order_id: str
    state: str
    amount_minor: int
    currency: str
    reason: str
    due_at: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    evidence_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DisputeMoved:
    """Event `dispute.moved`: a bank disputes money of an order, or has decided (`state`)."""

    TYPE: ClassVar[str] = "dispute.moved"

    order_id: str
    shopper_id: str
    dispute_id: str
    state: str
    amount_minor: int
    currency: str
    moved_at: datetime
