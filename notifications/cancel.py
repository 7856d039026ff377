"""Things that take back what was not sent yet: she left, the moment was not real, consent is gone.

Owns dropping queued pushes and withdrawing unseen messages. Must not unsay what was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from notifications.ending import drop
from notifications.models import REPLY, SERVICE, Delivery, Message
from notifications.reasons import NotificationReason


def on_exit(session: Session, visit_id: str, at: datetime) -> int:
    """She has left: what is still queued for this visit is not worth a sound in her pocket. The inbox keeps it."""
    here = and_(Message.visit_id == visit_id, Message.held_until.is_(None))  # what waits for the morning was said of no visit
    return drop_queued(session, here, (NotificationReason.VISIT_OVER,), at)


def on_retraction(session: Session, moment_id: str, at: datetime) -> int:
    """The moment never was: unseen messages leave the inbox, queued pushes are dropped. Returns how many were withdrawn."""
    withdrawn = 0
    for message_id in session.scalars(
        select(Message.id).where(Message.moment_id == moment_id, Message.state.in_(("live", "elsewhere")))
    ).all():
        unseen = update(Message).where(Message.id == message_id, Message.state.in_(("live", "elsewhere")), Message.seen_at.is_(None))
        why = [{"code": NotificationReason.MOMENT_RETRACTED.value, "facts": {}}]
        withdrawn += moved(session, unseen.values(state="withdrawn", reasons=why))
    drop_queued(session, Message.moment_id == moment_id, (NotificationReason.MOMENT_RETRACTED,), at)
    return withdrawn


def on_consent_withdrawn(session: Session, shopper_id: str, channels: Sequence[str], reason: str, at: datetime) -> int:
    """What waits on the channels that consent was for; the others are hers to say no to by themselves, and an answer to her needs none."""
    which = and_(Message.shopper_id == shopper_id, Message.kind.not_in((REPLY, *SERVICE)), Delivery.channel.in_(channels))
    return drop_queued(session, which, (reason,), at)


def on_service_declined(session: Session, shopper_id: str, kinds: Sequence[str], reason: str, at: datetime) -> int:
    """What waits of messages of these kinds, which stand on a consent of their own on every channel."""
    return drop_queued(session, and_(Message.shopper_id == shopper_id, Message.kind.in_(kinds)), (reason,), at)


def for_better(session: Session, message_id: str, at: datetime) -> bool:
    """Let a message go whose pushes all still wait, so that a more valuable one may have its place; it stays in the inbox and makes no
    sound. False if one of them has set out meanwhile; then nothing changes."""
    pushes = select(Delivery, Message).join(Message, Message.id == Delivery.message_id).where(Delivery.message_id == message_id, Delivery.channel != "inbox")
    alive = Delivery.state.in_(("queued", "claimed", "sent"))
    free = session.execute(pushes.where(Delivery.state == "queued", Delivery.attempts == 0).with_for_update(of=Delivery, skip_locked=True)).all()
    if not free or len(free) != session.scalar(select(func.count()).where(Delivery.message_id == message_id, Delivery.channel != "inbox", alive)):
        return False
    for delivery, message in free:
        drop(session, delivery, message, "suppressed", (NotificationReason.OUTRANKED,), at=at)
    return moved(session, update(Message).where(Message.id == message_id).values(said_at=None))


def drop_queued(session: Session, which: ColumnElement[bool], reasons: Sequence[str], at: datetime) -> int:
    queued = session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(which, Delivery.state == "queued")
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()
    return sum(drop(session, delivery, message, "suppressed", reasons, at=at) for delivery, message in queued)
