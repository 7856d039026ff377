"""The row by which one message goes one way to one device: the one place that makes it.

Owns its id, which is the same however often it is made, and what follows from its message. Must not decide whether it is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.kernel.bulk import Rows
from app.kernel.ids import derived_id
from notifications.models import Delivery, Message


def values(
    message: Message, channel: str, at: datetime, *, state: str = "queued", device_id: str = "", token_id: str | None = None, reasons: Sequence[str] = (), due_at: datetime | None = None
) -> dict[str, Any]:
    """What a row of `Delivery` is made with, for a session or for a statement. `device_id` is empty where a channel reaches her and no device of hers."""
    return {
        "id": derived_id("dlv", message.id, channel, device_id), "message_id": message.id, "shopper_id": message.shopper_id, "channel": str(channel), "device_id": device_id,
        "push_token_id": token_id, "state": state, "reasons": [str(reason) for reason in reasons], "attempts": 0, "next_attempt_at": due_at or at,
        "sent_at": at if state == "sent" else None, "kept_from": message.kept_from or at, "created_at": at, "expires_at": message.expires_at,
    }  # fmt: skip


_LATER = {"position", "seen_at", "clicked_at", "dismissed_at"}
_OF_A_MESSAGE = tuple(column.name for column in Message.__table__.columns if column.name not in _LATER)


def rows(messages: Sequence[Message], made: Sequence[dict[str, Any]]) -> tuple[Rows, Rows]:
    """Messages that no session knows of, and the values of their deliveries, for a statement: as rows of a session they cost several times that."""
    said = [[getattr(message, column) for column in _OF_A_MESSAGE] for message in messages]
    return (Message, _OF_A_MESSAGE, said), (Delivery, tuple(made[0]) if made else (), [list(one.values()) for one in made])
