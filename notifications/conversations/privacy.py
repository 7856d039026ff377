"""What conversations hold about a shopper, how it is exported and erased, and how long it is kept. Owns `HOLDERS` and `rules(settings)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from notifications.conversations import needs, repository
from notifications.conversations.models import Need, Said, Thread
from notifications.conversations.settings import ConversationSettings


def _export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """All that was said in each thread, and what the assistant was let remember, whether or not it may use it now."""
    told = []
    for row in repository.threads_of(session, shopper_id):
        said = session.scalars(select(Said).where(Said.thread_id == row.id).order_by(Said.seq)).all()
        told.append({
            "id": row.id, "channel": row.channel, "state": row.state, "language": row.language, "why": row.why, "created_at": row.created_at,
            "messages": [{"author": v.author, "text": v.text, "link": v.link, "at": v.at, **({"advice": v.advice} if v.advice else {})} for v in repository.views(said)],
        })  # fmt: skip
    kept = needs.kept(session, shopper_id)
    return {"conversations": told, "needs": {"people": kept.people, "free_from": list(kept.free_from)}}


def _erase(session: Session, shopper_id: str) -> int:
    gone = 0
    for model in (Need, Said, Thread):
        gone += touched(session, delete(model).where(model.shopper_id == shopper_id))
    return gone


HOLDERS: tuple[DataHolder, ...] = (
    DataHolder(
        "notifications.conversations", ("notifications_conversation", "notifications_conversation_message", "notifications_conversation_need"), _export, _erase
    ),
)


def rules(settings: ConversationSettings) -> tuple[RetentionRule, ...]:
    why = "What you wrote to us and we to you, sealed with your key, so that both of us can read it again."
    return (
        RetentionRule("notifications_conversation_message", "at", settings.keep_s, why),
        RetentionRule("notifications_conversation", "changed_at", settings.keep_s, why),
        RetentionRule("notifications_conversation_need", "at", settings.keep_needs_s, "What you let the assistant remember; it goes at once when you withdraw “Offers that fit”."),
    )


RULES: tuple[RetentionRule, ...] = rules(ConversationSettings())
