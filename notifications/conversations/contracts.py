"""What may leave conversations: threads, what was said in them, and what a person is handed. Owns shapes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from notifications.conversations.proposing import Line


class Way(StrEnum):
    """Where a thread is held. Stored: never renamed, only added."""

    APP = "app"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class ThreadState(StrEnum):
    """Who speaks for us: the assistant, nobody yet, or a person. Stored."""

    BOT = "bot"
    WAITING = "waiting"
    PERSON = "person"


class Author(StrEnum):
    """Who said it. Stored."""

    SHOPPER = "shopper"
    BOT = "bot"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class SaidView:
    """One thing that was said. `lines`: the cart it proposes, `open` while she has not answered that; `sources`: whose data it stands on; `advice`: which
    language model was shown her words, what of them, and what came of it."""

    id: str
    seq: int
    author: Author
    text: str
    at: datetime
    link: str = ""
    sources: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    open: bool = False
    advice: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ThreadView:
    """`language`: en, fi or sv. `why`: the reason code of the hand-off while it waits or a person has it."""

    id: str
    way: Way
    state: ThreadState
    language: str
    last_seq: int
    why: str | None
    why_text: str | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A thread in the queue of people: nothing of what was said. `owed_since`: since when she waits for a word of a person, None: she has had
    it; `due_at`: when she should have had it. `free`: anybody may take it now."""

    id: str
    way: Way
    state: ThreadState
    language: str
    why: str
    why_text: str
    owed_since: datetime | None
    due_at: datetime | None
    late: bool
    free: bool
    claimed_by: str | None


@dataclass(frozen=True, slots=True)
class Packet:
    """What a person is given with a thread: what it is about, what lies in the cart, her offers, where she is, what she agreed to, what is open."""

    thread: ThreadView
    summary: tuple[str, ...]
    question: str
    cart: tuple[str, ...]
    offers: tuple[str, ...]
    visit: str | None
    consents: tuple[str, ...]
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ConversationReferred:
    """Event `conversation.referred`: a thread waits for a person; `reason` is a code of conversations."""

    TYPE: ClassVar[str] = "conversation.referred"

    conversation_id: str
    shopper_id: str
    channel: str
    reason: str
    referred_at: datetime


@dataclass(frozen=True, slots=True)
class ConversationReturned:
    """Event `conversation.returned`: a person is done, the assistant answers again."""

    TYPE: ClassVar[str] = "conversation.returned"

    conversation_id: str
    shopper_id: str
    channel: str
    returned_at: datetime


Sealed = dict[str, Any]
"""What is sealed of a message: text, link, sources, lines, intent, advice."""
