"""A message stands in her inbox and goes to her phones: the rows of what we say of our own accord.

Owns those rows and the event that wakes whoever shows the inbox. Must not decide whether it is said, nor send. Offers have their own way (announce.py): they
go to thousands at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel import trace_steps
from app.kernel.outbox import emit
from app.security import people
from notifications import deliveries, repository
from notifications.contracts import ChannelKind, PushSent
from notifications.models import Delivery, Message
from notifications.ports import TokenKind
from notifications.reasons import NotificationReason as Reason

INBOX = ChannelKind.INBOX.value


def in_inbox(session: Session, message: Message, at: datetime) -> None:
    """It is there now, and an open page hears of it."""
    session.add(Delivery(**deliveries.values(message, INBOX, at, state="sent")))
    emit(session, PushSent(message.id, message.shopper_id, INBOX, None, None, at), subject=message.shopper_id)


def on_phones(
    session: Session,
    message: Message,
    channels: Collection[ChannelKind],
    at: datetime,
    *,
    tokens: Sequence[repository.Token] | None = None,
    state: str = "queued",
    reasons: Sequence[Reason | str] = (),
    due_at: datetime | None = None,
) -> None:
    """To each phone and browser that `channels` reach, or with the reasons why not. `tokens`: hers, where they are known already."""
    trace_steps.leave(session, message.id)
    for token in repository.tokens_on(session, people.device_ids_of(session, message.shopper_id)) if tokens is None else tokens:
        channel = TokenKind(token.kind).channel
        if channel in channels:
            session.add(Delivery(**deliveries.values(message, channel, at, state=state, device_id=token.device_id, token_id=token.id, reasons=reasons, due_at=due_at)))
