"""What notifications holds about a shopper, how it is exported and erased, and how long it is kept.

Owns `HOLDERS` and `rules(settings)`; bootstrap registers both. Push addresses are not exported: they open the way to a phone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications import preferences
from notifications.contents import contents_of
from notifications.models import Delivery, Message, MessageEvent, Preference, PushToken, Recipient
from notifications.settings import NotificationSettings


def _export_messages(session: Session, shopper_id: str) -> Mapping[str, Any]:
    messages = session.scalars(select(Message).where(Message.shopper_id == shopper_id).order_by(Message.position)).all()
    said = contents_of(messages)
    deliveries = session.scalars(
        select(Delivery).where(Delivery.shopper_id == shopper_id).order_by(Delivery.created_at, Delivery.id)
    ).all()
    answers = session.scalars(
        select(MessageEvent).where(MessageEvent.shopper_id == shopper_id).order_by(MessageEvent.at)
    ).all()
    return {
        "messages": [
            {
                "id": m.id, "state": m.state, "reasons": m.reasons, "weighed": m.weighed, **(asdict(said[m.id]) if m.id in said else {}),
                "coupon_id": m.coupon_id, "place_id": m.place_id, "created_at": m.created_at, "expires_at": m.expires_at,
            }
            for m in messages
        ],
        "deliveries": [
            {"message_id": d.message_id, "channel": d.channel, "state": d.state, "reasons": d.reasons, "attempts": d.attempts, "sent_at": d.sent_at, "delivered_at": d.delivered_at, "read_at": d.read_at, "mail_status": d.mail_status, "complained_at": d.complained_at}
            for d in deliveries
        ],
        "answers": [{"message_id": e.message_id, "kind": e.kind, "at": e.at} for e in answers],
    }  # fmt: skip


def _export_reach(session: Session, shopper_id: str) -> Mapping[str, Any]:
    recipient = session.get(Recipient, shopper_id)
    tokens = session.scalars(select(PushToken).where(PushToken.shopper_id == shopper_id).order_by(PushToken.id)).all()
    return {
        "timezone": recipient.timezone if recipient else None,
        "push_tokens": [{"device_id": t.device_id, "kind": t.kind, "registered_at": t.registered_at} for t in tokens],
    }


def _export_preferences(session: Session, shopper_id: str) -> Mapping[str, Any]:
    found = preferences.liked(session, shopper_id)
    return {"language": found.language, "ways": [way.value for way in found.ways], "called": found.called}


def _erase_preferences(session: Session, shopper_id: str) -> int:
    return _erase(session, shopper_id, Preference)


def _erase(session: Session, shopper_id: str, *models: Any) -> int:
    gone = 0
    for model in models:
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone


def _erase_messages(session: Session, shopper_id: str) -> int:
    return _erase(session, shopper_id, MessageEvent, Delivery, Message)


def _erase_reach(session: Session, shopper_id: str) -> int:
    return _erase(session, shopper_id, PushToken, Recipient)


HOLDERS: tuple[DataHolder, ...] = (
    DataHolder(
        "notifications.messages",
        ("notifications_message", "notifications_delivery", "notifications_message_event"),
        _export_messages,
        _erase_messages,
    ),
    DataHolder(
        "notifications.reach", ("notifications_push_token", "notifications_recipient"), _export_reach, _erase_reach
    ),
    DataHolder("notifications.preferences", ("notifications_preference",), _export_preferences, _erase_preferences),
)


def rules(settings: NotificationSettings) -> tuple[RetentionRule, ...]:
    messages_s, tokens_s = settings.keep_messages_s, settings.keep_tokens_s
    why = "Messages and why they were or were not sent, so that you can ask; at least until their campaign ends."
    return (
        RetentionRule("notifications_message", "kept_from", messages_s, why),
        RetentionRule("notifications_delivery", "kept_from", messages_s, why),
        RetentionRule(
            "notifications_message_event", "at", messages_s, "What you did with a message, as long as the message."
        ),
        RetentionRule(
            "notifications_preference", "set_at", None, "How you like to be told; kept until you delete your data."
        ),
        RetentionRule(
            "notifications_push_token", "registered_at", tokens_s, "Where your phone can be reached; the app renews it."
        ),
        RetentionRule(
            "notifications_recipient",
            "last_weighed_at",
            messages_s,
            "Your time zone, for quiet hours; as long as messages are kept.",
        ),
    )


RULES: tuple[RetentionRule, ...] = rules(NotificationSettings())  # type: ignore[call-arg]
