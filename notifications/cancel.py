"""Things that take back what was not sent yet: she left, the moment was not real, consent is gone.

Owns dropping queued pushes and withdrawing unseen messages. Must not unsay what was seen.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from notifications.dispatch import drop
from notifications.models import Delivery, Message
from notifications.reasons import NotificationReason


def on_exit(session: Session, visit_id: str, at: datetime) -> int:
    """She has left: what is still queued for this visit is not worth a sound in her pocket. The inbox keeps it."""
    return _drop_queued(session, Message.visit_id == visit_id, NotificationReason.VISIT_OVER, at)


def on_retraction(session: Session, moment_id: str, at: datetime) -> int:
    """The moment never was: unseen messages leave the inbox, queued pushes are dropped. Returns how many were withdrawn."""
    withdrawn = 0
    for message_id in session.scalars(
        select(Message.id).where(Message.moment_id == moment_id, Message.state == "live")
    ).all():
        unseen = update(Message).where(Message.id == message_id, Message.state == "live", Message.seen_at.is_(None))
        why = [{"code": NotificationReason.MOMENT_RETRACTED.value, "facts": {}}]
        withdrawn += moved(session, unseen.values(state="withdrawn", reasons=why))
    _drop_queued(session, Message.moment_id == moment_id, NotificationReason.MOMENT_RETRACTED, at)
    return withdrawn


def on_consent_withdrawn(session: Session, shopper_id: str, reason: str, at: datetime) -> int:
    return _drop_queued(session, Message.shopper_id == shopper_id, reason, at)


def _drop_queued(session: Session, which: ColumnElement[bool], reason: str, at: datetime) -> int:
    queued = session.execute(
        select(Delivery, Message)
        .join(Message, Message.id == Delivery.message_id)
        .where(which, Delivery.state == "queued")
        .order_by(Delivery.id)
        .with_for_update(of=Delivery)
    ).all()
    return sum(drop(session, delivery, message, "suppressed", (reason,), at=at) for delivery, message in queued)
