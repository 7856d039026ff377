"""People take over: the queue, one claim at a time, the packet, answers, and the way back to the assistant.

Owns the states of a thread between waiting and the assistant again. Whoever has not claimed a thread reads nothing of what was said in it;
every look at one is written into the audit log.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Update, and_, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.kernel.outbox import emit
from app.privacy.consents import consents
from app.security.audit import journal
from app.security.principals import Principal, Role
from app.security.vault import open_each
from notifications.conversations import needs as needs_
from notifications.conversations import recalling, repository
from notifications.conversations.contracts import (
    Author,
    ConversationReturned,
    Packet,
    ThreadState,
    Waiting,
    Way,
)
from notifications.conversations.errors import NotClaimed, NotToClaim, UnknownConversation
from notifications.conversations.models import Said, Thread
from notifications.conversations.outward import send_out
from notifications.conversations.ports import Knowledge
from notifications.conversations.reading import Talk
from notifications.conversations.reasons import sentence
from notifications.conversations.sayings import ALLERGEN_NAMES, listed, say
from notifications.conversations.settings import ConversationSettings
from notifications.hours import due_at, is_late

LANGUAGE_NAMES = {"en": "English", "fi": "Finnish", "sv": "Swedish"}
REPLY_MOST_CHARS = 2000


def queue(session: Session, settings: ConversationSettings, at: datetime, *, limit: int = 100) -> list[Waiting]:
    """Who waits for a person, the longest first, then those a person has answered. Nothing of what was said."""
    open_now = select(Thread).where(Thread.state != ThreadState.BOT.value)
    rows = session.scalars(open_now.order_by(Thread.owed_since.is_(None), Thread.owed_since, Thread.id).limit(limit))
    return [_waiting(row, settings, at) for row in rows]


def _waiting(row: Thread, settings: ConversationSettings, at: datetime) -> Waiting:
    due = due_at(row.owed_since, settings.answer_within_s) if row.owed_since else None
    why = row.why or ""
    return Waiting(
        row.id, Way(row.channel), ThreadState(row.state), LANGUAGE_NAMES[row.language], why, sentence(why), row.owed_since, due,
        is_late(due, at), row.state == ThreadState.WAITING or (row.owed_since is not None and row.owed_since <= _left(settings, at)), row.claimed_by,
    )  # fmt: skip


def claim(session: Session, thread_id: str, settings: ConversationSettings, *, by: Principal, at: datetime) -> None:
    """The thread is this person's from now on: of two who reach for it one gets it. One whose shopper has waited too long for whoever has it
    can be taken over. Raises NotToClaim, UnknownConversation."""
    row = repository.thread(session, thread_id)
    if row is None:
        raise UnknownConversation
    left = Thread.owed_since <= _left(settings, at)
    free = or_(Thread.state == ThreadState.WAITING.value, and_(Thread.state == ThreadState.PERSON.value, left))
    mine = update(Thread).where(Thread.id == thread_id, free)
    if not moved(session, mine.values(state=ThreadState.PERSON.value, claimed_by=by.id, claimed_at=at, changed_at=at)):
        raise NotToClaim
    journal.note(session, "conversation.claimed", by=by, about=row.shopper_id, at=at, detail={"conversation": thread_id})


def _left(settings: ConversationSettings, at: datetime) -> datetime:
    """Who has waited since then has been left alone by whoever took the thread."""
    return at - timedelta(seconds=settings.take_over_after_s)


def packet(session: Session, knowledge: Knowledge, thread_id: str, *, by: Principal, at: datetime) -> tuple[Packet, Talk]:
    """What whoever has claimed it needs to know, and what was said; an operator may look at any. Raises NotClaimed, UnknownConversation."""
    row = _held(session, thread_id, by)
    journal.looked_at(session, "conversation", by=by, about=row.shopper_id, at=at, of=thread_id)
    said = repository.said_in(session, thread_id)
    around = knowledge.surroundings(session, row.shopper_id, at=at)
    views = repository.views(said)
    asked = next((v.text for v in views if v.seq == row.asked_seq), "")
    kept = needs_.remembered(session, row.shopper_id, at)
    needs = [say("need_people", "en", people=kept.people)] if kept.people else []
    needs += [say("need_free_from", "en", allergens=listed(kept.free_from, "en", ALLERGEN_NAMES))] if kept.free_from else []
    agreed = tuple(c.title for c in consents(session, row.shopper_id, at) if c.live)
    told = Packet(repository.thread_view(row), _summary(row, said), asked, around.cart, around.offers, around.visit, agreed, tuple(needs))
    return told, Talk(repository.thread_view(row), tuple(views))


def more(session: Session, thread_id: str, *, by: Principal, after: int, at: datetime) -> Talk:
    """What was said since, for whoever may read it."""
    row = _held(session, thread_id, by)
    said = repository.said_in(session, thread_id, after=after)
    if said:
        journal.looked_at(session, "conversation", by=by, about=row.shopper_id, at=at, of=thread_id)
    return Talk(repository.thread_view(row), tuple(repository.views(said)))


def reply(session: Session, thread_id: str, text: str, *, by: Principal, at: datetime) -> None:
    """A person's word. Raises Invalid, NotClaimed."""
    text = text.strip()
    if not text or len(text) > REPLY_MOST_CHARS:
        raise Invalid.field("text", f"1 to {REPLY_MOST_CHARS} characters")
    row = _mine(session, thread_id, by, {"owed_since": None, "changed_at": at})
    said = repository.say(session, row, Author.PERSON, {"text": text}, at, by=by.id)
    send_out(session, row, said.id, text, at)


def hand_back(session: Session, thread_id: str, *, by: Principal, at: datetime) -> None:
    """The person is done: the assistant says that it is back, and answers again. Raises NotClaimed."""
    done = {"state": ThreadState.BOT.value, "why": None, "asked_seq": None, "owed_since": None, "claimed_by": None, "claimed_at": None, "changed_at": at}
    row = _mine(session, thread_id, by, done)
    back = say("handed_back", row.language)
    said = repository.say(session, row, Author.BOT, {"text": back}, at)
    send_out(session, row, said.id, back, at)
    repository.remember(row, recalling.NOTHING)
    emit(session, ConversationReturned(row.id, row.shopper_id, row.channel, at), subject=row.shopper_id)
    journal.note(session, "conversation.handed_back", by=by, about=row.shopper_id, at=at, detail={"conversation": thread_id})


def _mine(session: Session, thread_id: str, by: Principal, values: dict[str, Any]) -> Thread:
    """The thread of this person, moved and held until the transaction ends."""
    mine: Update = update(Thread).where(Thread.id == thread_id, Thread.state == ThreadState.PERSON.value, Thread.claimed_by == by.id)
    if not moved(session, mine.values(**values)):
        raise NotClaimed
    return session.scalars(select(Thread).where(Thread.id == thread_id).execution_options(populate_existing=True)).one()


def _held(session: Session, thread_id: str, by: Principal) -> Thread:
    row = repository.thread(session, thread_id)
    if row is None:
        raise UnknownConversation
    if by.kind is not Role.OPERATOR and (row.state != ThreadState.PERSON or row.claimed_by != by.id):
        raise NotClaimed
    return row


def _summary(row: Thread, said: list[Said]) -> tuple[str, ...]:
    """How long, in which language, why it waits, and what the assistant took it to be about."""
    answers = [s for s in said if s.author == Author.BOT]
    opened = open_each(repository.TEXT, [(s.sealed, s.id.encode()) for s in answers])
    about = Counter(intent for content in opened if content is not None and (intent := json.loads(content).get("intent")))
    hers = sum(s.author == Author.SHOPPER for s in said)
    lines = [f"{hers} messages of hers, in {LANGUAGE_NAMES[row.language]}."]
    if row.why:
        lines.append(sentence(row.why))
    if about:
        lines.append(f"About: {', '.join(intent.replace('_', ' ') for intent, _ in about.most_common(4))}.")
    return tuple(lines)
