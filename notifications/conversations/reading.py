"""What a shopper sees of her own conversations.

Owns the look. Another's thread does not exist here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from notifications.conversations import repository
from notifications.conversations.contracts import SaidView, ThreadView, Way
from notifications.conversations.errors import UnknownConversation


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread and what was said in it, in order. `thread` None: she has not said anything yet."""

    thread: ThreadView | None
    messages: tuple[SaidView, ...]


def threads(session: Session, shopper_id: str) -> list[ThreadView]:
    """Hers, the oldest first."""
    return [repository.thread_view(row, row.language) for row in repository.threads_of(session, shopper_id)]


def talk(session: Session, shopper_id: str, thread_id: str, *, after: int = 0, limit: int = 200) -> Talk:
    """One of hers; raises UnknownConversation (404)."""
    row = repository.thread(session, thread_id, shopper_id=shopper_id)
    if row is None:
        raise UnknownConversation
    return Talk(repository.thread_view(row, row.language), tuple(repository.views(repository.said_in(session, row.id, after=after, limit=limit))))


def in_app(session: Session, shopper_id: str, *, after: int = 0) -> Talk:
    """The one in the app."""
    mine = next((t for t in repository.threads_of(session, shopper_id) if t.channel == Way.APP), None)
    return talk(session, shopper_id, mine.id, after=after) if mine is not None else Talk(None, ())
