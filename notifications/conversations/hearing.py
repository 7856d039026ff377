"""A shopper says something: it is written down, understood, and answered from our own data, or a person is asked.

Owns the step from her words to ours, in one transaction. Must not say a word while the thread waits for a person or a person has it, and
must not send: what goes out by text is queued by outward.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.outbox import emit
from app.privacy import gate
from app.privacy.purposes import NOTICES, Purpose
from notifications import checking
from notifications.conversations import needs as needs_
from notifications.conversations import recalling, repository
from notifications.conversations.answering import Kind, Needs, Reply, answer, completed
from notifications.conversations.contracts import Author, ConversationReferred, Sealed, ThreadState, Way
from notifications.conversations.errors import NothingProposed, UnknownConversation
from notifications.conversations.faq.matching import may_answer
from notifications.conversations.knowledge import Intent, Understanding
from notifications.conversations.models import Thread
from notifications.conversations.outward import send_out
from notifications.conversations.ports import Knowledge
from notifications.conversations.reasons import ConversationReason
from notifications.conversations.recalling import Memory
from notifications.conversations.sayings import ALLERGEN_NAMES, listed, say
from notifications.conversations.suggesting import Advice, with_advice
from notifications.conversations.understanding import GATE, understand
from notifications.conversations.words import MAX_CHARS

KEPT_CHARS = 4096
"""As long as the longest message of any channel."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of it: the thread, the number of her words in it, and ours."""

    thread_id: str
    seq: int
    replies: tuple[str, ...]


def hear(
    session: Session, knowledge: Knowledge, shopper_id: str, text: str, *, at: datetime, way: Way = Way.APP, identity: str = "", advice: Advice | None = None
) -> Heard:
    """Her words in her thread, and the answer. Of two messages at once the second is understood with what the first has left.

    `advice`: what a language model made of them (asking.py); it stands in the record of the answer, used or not, or beside her words.
    """
    gate.hold(session, (shopper_id,))  # before any row: what is answered and remembered stands on what she agrees to now
    row = repository.take_turn(session, shopper_id, way, identity, at)
    ours = row.state == ThreadState.BOT
    shown = {"advice": advice.told()} if advice is not None and not ours else {}  # a person has it by now, and there is no answer to note it with
    hers = repository.say(session, row, Author.SHOPPER, {"text": text[:KEPT_CHARS], **shown}, at)
    row.heard_at = at
    if not ours:
        row.owed_since = row.owed_since or at
        return Heard(row.id, hers.seq, ())
    memory = repository.memory_of(row)
    replies, memory, reason = _turn(session, knowledge, row, text, memory, at, advice)
    if advice is not None:
        replies = [{**replies[0], "advice": advice.told()}, *replies[1:]]
    if len(text) > MAX_CHARS:
        replies = [{"text": say("too_long", row.language, chars=MAX_CHARS)}, *replies]
    _speak(session, row, replies, memory, at)
    if reason is not None:
        hand_off(session, row, reason, hers.seq, at)
    return Heard(row.id, hers.seq, tuple(reply["text"] for reply in replies))


def accept(session: Session, knowledge: Knowledge, shopper_id: str, thread_id: str, *, at: datetime) -> tuple[str, ...]:
    """She takes what is proposed, without a word. Raises UnknownConversation, NothingProposed."""
    gate.hold(session, (shopper_id,))
    if repository.thread(session, thread_id, shopper_id=shopper_id) is None:
        raise UnknownConversation
    row = repository.lock(session, thread_id, at)
    memory = repository.memory_of(row) if row is not None else recalling.NOTHING
    if row is None or not memory.lines or row.state != ThreadState.BOT:
        raise NothingProposed
    replies, memory = _taken(session, knowledge, row, memory, at)
    _speak(session, row, replies, memory, at)
    return tuple(reply["text"] for reply in replies)


def hand_off(session: Session, row: Thread, reason: ConversationReason, asked_seq: int, at: datetime) -> None:
    """The thread waits for a person from now on; `asked_seq`: which of her words are open."""
    waits = update(Thread).where(Thread.id == row.id, Thread.state == ThreadState.BOT.value)
    values = {"state": ThreadState.WAITING.value, "why": reason.value, "asked_seq": asked_seq, "owed_since": at, "claimed_by": None, "claimed_at": None}
    if moved(session, waits.values(**values)):
        event = ConversationReferred(row.id, row.shopper_id, row.channel, reason.value, at)
        emit(session, event, subject=row.shopper_id)


# --- one turn ---------------------------------------------------------------------------------------------------------


def _turn(
    session: Session, knowledge: Knowledge, row: Thread, text: str, memory: Memory, at: datetime, advice: Advice | None
) -> tuple[list[Sealed], Memory, ConversationReason | None]:
    known = knowledge.known(session)
    u = understand(text, known, language=row.language)
    row.language = u.language
    if memory.may_remember and u.intent in (Intent.YES, Intent.NO) and u.confidence >= GATE:
        return _may_remember(session, row, u.intent is Intent.YES, memory, at)
    if memory.lines and _takes(u):
        replies, memory = _taken(session, knowledge, row, memory, at)
        return replies, memory, None
    if memory.lines and u.intent is Intent.NO and u.confidence >= GATE and not u.products:
        replies, memory = _closed(session, row, memory, [{"text": say("fine", row.language)}], at)
        return replies, memory, None
    u = completed(u, memory.asked, _meant(session, knowledge, row.shopper_id, u, memory, at))
    helped = with_advice(u, advice, known) if advice is not None and gate.may(session, row.shopper_id, Purpose.ASSISTANT, at).ok else u
    if helped is not u:
        u = completed(helped, None, _meant(session, knowledge, row.shopper_id, helped, memory, at))
    facts = knowledge.facts(session, row.shopper_id, u, at=at)
    if u.intent is Intent.PLAN:
        facts = replace(facts, free_from=needs_.remembered(session, row.shopper_id, at).free_from)
    if may_answer(u):
        facts = replace(facts, written=knowledge.written(session, text, u.language))
    if any(sent.never_ours for sent in facts.sent):
        checking.note(session, row.shopper_id, by="conversation", at=at)
    reply = answer(u, facts, asked=memory.asked)
    return [_content(reply)], recalling.after(memory, reply), reply.reason if reply.kind is Kind.HAND_OFF else None


def _takes(u: Understanding) -> bool:
    """Whether these words take what is proposed: yes, or "put it in the cart" without another name."""
    return u.confidence >= GATE and not u.products and not u.strange and u.intent in (Intent.YES, Intent.CART)


def _meant(session: Session, knowledge: Knowledge, shopper_id: str, u: Understanding, memory: Memory, at: datetime) -> Sequence[str]:
    """What "it" is: what was spoken of last; for care, else what she has bought lately."""
    if memory.products or u.products or u.intent is not Intent.CARE:
        return memory.products
    return knowledge.cared_for(session, shopper_id, at=at)


def _content(reply: Reply) -> Sealed:
    lines = [{"product_id": line.product_id, "quantity": line.quantity} for line in reply.lines]
    return {"text": reply.text, "link": reply.link, "sources": list(reply.sources), "intent": reply.intent.value, "lines": lines}


def _taken(session: Session, knowledge: Knowledge, row: Thread, memory: Memory, at: datetime) -> tuple[list[Sealed], Memory]:
    """The proposal becomes her cart, or why not."""
    against = knowledge.put_in_cart(session, row.shopper_id, memory.lines, at=at)
    said: Sealed = {"text": against} if against else {"text": say("in_cart", row.language), "link": "/m/cart", "sources": ["cart"]}
    return _closed(session, row, memory, [said], at)


def _closed(session: Session, row: Thread, memory: Memory, said: list[Sealed], at: datetime) -> tuple[list[Sealed], Memory]:
    """The proposal is answered; what she needs may be asked to be remembered, if it may be at all."""
    memory = recalling.answered(memory)
    if memory.needs is None or not needs_.may_remember(session, row.shopper_id, at):
        return said, replace(memory, needs=None)
    notice = NOTICES[needs_.PURPOSE]
    question = say("remember", row.language, needs=_in_words(memory.needs, row.language), title=notice.title, notice=notice.text)
    return [*said, {"text": question, "sources": ["consents"]}], replace(memory, may_remember=True)


def _may_remember(session: Session, row: Thread, yes: bool, memory: Memory, at: datetime) -> tuple[list[Sealed], Memory, None]:
    key = "fine"
    if yes and memory.needs is not None:
        key = "cannot_remember"
        if needs_.may_remember(session, row.shopper_id, at):
            needs_.remember(session, row.shopper_id, memory.needs, at)
            key = "remembered"
    return [{"text": say(key, row.language)}], replace(memory, needs=None, may_remember=False), None


def _in_words(needs: Needs, language: str) -> str:
    parts = [say("need_people", language, people=needs.people)] if needs.people else []
    if needs.free_from:
        parts.append(say("need_free_from", language, allergens=listed(needs.free_from, language, ALLERGEN_NAMES)))
    return ", ".join(parts)


def _speak(session: Session, row: Thread, replies: Sequence[Sealed], memory: Memory, at: datetime) -> None:
    repository.close_proposals(session, row.id)
    for content in replies:
        said = repository.say(session, row, Author.BOT, content, at, is_open=bool(content.get("lines")) and bool(memory.lines))
        send_out(session, row, said.id, content["text"], at)
    repository.remember(row, memory)
    session.flush()
