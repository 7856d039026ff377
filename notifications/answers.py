"""What a shopper does with a message: seen, clicked, dismissed; and that her phone failed to show it. Each counts once.

Owns that step. Must not tell another shopper's message from one that does not exist.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.outbox import emit
from notifications import repository
from notifications.contracts import InboxMessage, MessageAnswered
from notifications.errors import UnknownMessage
from notifications.models import Message, MessageEvent


class Answer(StrEnum):
    SEEN = "seen"
    CLICKED = "clicked"
    DISMISSED = "dismissed"
    FAILED = "failed"
    """It arrived, and the phone could not show it. Says nothing of her."""


_COLUMN = {Answer.SEEN: Message.seen_at, Answer.CLICKED: Message.clicked_at, Answer.DISMISSED: Message.dismissed_at}


def answer(session: Session, shopper_id: str, message_id: str, kind: Answer, at: datetime) -> InboxMessage:
    """Record it; a click or dismissal also means that it was seen. Repeats change nothing. Raises UnknownMessage."""
    row = repository.message(session, message_id, shopper_id=shopper_id)
    if row is None or row.state != "live":
        raise UnknownMessage
    for one in dict.fromkeys((Answer.SEEN, kind)) if kind is not Answer.FAILED else (kind,):
        if not insert_new(
            session,
            MessageEvent,
            {"message_id": row.id, "kind": one.value, "shopper_id": shopper_id, "at": at},
            unique=["message_id", "kind"],
        ):
            continue
        if one in _COLUMN:
            moved(session, update(Message).where(Message.id == row.id, _COLUMN[one].is_(None)).values({_COLUMN[one]: at}))
        event = MessageAnswered(
            message_id=row.id,
            shopper_id=shopper_id,
            kind=one.value,
            coupon_id=row.coupon_id,
            campaign_id=row.campaign_id,
            answered_at=at,
        )
        emit(session, event, subject=shopper_id)
    session.refresh(row)
    return repository.in_inbox(row)
