"""A case is opened, or she writes in one she has: on her phone, from a conversation, by a person of ours who has her on the telephone, by a letter.

Owns these steps, each one transaction. Must not answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from app.privacy import gate
from app.security import people
from app.security.audit import journal
from app.security.principals import Principal
from notifications.compose import cut
from notifications.support import matters, moving, repository
from notifications.support.contracts import About, By, CaseOpened, Category, Channel, EntryKind, Priority
from notifications.support.errors import UnknownCase, UnknownMatter
from notifications.support.models import Case
from notifications.support.settings import SupportSettings
from notifications.support.states import Move

SUBJECT_MOST_CHARS, TEXT_MOST_CHARS, CALLED_MOST_CHARS = 120, 4000, 60
_SENTENCE = re.compile(r".+?(?:[.?!]+(?= |$)|$)")
PRIORITIES = {Category.SAFETY: Priority.URGENT, Category.PAYMENT: Priority.HIGH}
"""What begins as more than normal: health, and money."""


NOTHING = About()


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says a case is about. An empty `subject` is made of the first words."""

    text: str
    category: Category = Category.OTHER
    subject: str = ""
    about: About = NOTHING
    channel: Channel = Channel.APP


def open_case(session: Session, shopper_id: str, told: Told, settings: SupportSettings, *, at: datetime) -> str:
    """She opens one. Raises Invalid, UnknownMatter for what is not hers."""
    row = _opened(session, shopper_id, told, settings, at)
    repository.add(session, row, EntryKind.MESSAGE, By.SHOPPER, text_of(told.text), at)
    return row.id


def open_for(session: Session, told: Told, settings: SupportSettings, *, by: Principal, at: datetime, priority: Priority | None = None) -> str:
    """A person of ours opens one for whoever the order, visit, offer or conversation belongs to, and has it; what was said on the telephone stands in it as a note.
    Raises Invalid, UnknownMatter."""
    owner = matters.of(session, told.about).owner
    if owner is None:
        raise Invalid.field("about", "name an order, a visit, an offer, a coupon or a conversation: it says whose case this is")
    row = _opened(session, owner, told, settings, at, priority=priority, by=by)
    repository.add(session, row, EntryKind.NOTE, By.PERSON, text_of(told.text), at, who=by.id)
    row.claimed_by = by.id
    journal.note(session, "support.opened", by=by, about=owner, at=at, detail={"case": row.id})
    return row.id


def write(session: Session, shopper_id: str, case_id: str, text: str, settings: SupportSettings, *, at: datetime) -> None:
    """She writes in a case of hers: one that waited for her is ours again, one that was solved is open again. Raises Invalid, UnknownCase, CaseNotThere (closed)."""
    words = text_of(text)
    found = repository.find(session, case_id, shopper_id=shopper_id)
    gate.hold(session, {shopper_id, *([found.shopper_id] if found is not None else [])})  # somebody may be erasing her: nothing is written after that
    row = repository.lock(session, case_id, at) if found is not None else None
    if row is None:
        raise UnknownCase
    moving.go(session, row, Move.ASK, settings, at)
    repository.add(session, row, EntryKind.MESSAGE, By.SHOPPER, words, at)


def _opened(
    session: Session, shopper_id: str, told: Told, settings: SupportSettings, at: datetime, *, priority: Priority | None = None, by: Principal | None = None
) -> Case:
    subject = " ".join((told.subject or first_words(text_of(told.text))).split())
    if not subject or len(subject) > SUBJECT_MOST_CHARS:
        raise Invalid.field("subject", f"1 to {SUBJECT_MOST_CHARS} characters")
    gate.hold(session, (shopper_id,))
    if not people.shopper_exists(session, shopper_id):
        raise UnknownMatter
    matter = matters.of(session, told.about, shopper_id)
    row = Case(**repository.fresh(new_id("cas"), shopper_id, subject, told.category, told.channel, told.about, at), place_id=matter.place_id)
    moving.begun(session, row, priority or PRIORITIES.get(told.category, Priority.NORMAL), settings, at)
    session.add(row)
    session.flush()
    repository.step(session, row, "opened", By.PERSON if by else By.SHOPPER, at, who=by.id if by else None, channel=told.channel.value)
    emit(session, CaseOpened(row.id, shopper_id, row.category, row.priority, row.channel, row.order_id, at), subject=shopper_id)
    return row


def first_words(text: str) -> str:
    """What a case without a subject is called: its first sentence, if that is short."""
    sentence = _SENTENCE.match(" ".join(text.split()))
    return cut(sentence[0] if sentence else text, CALLED_MOST_CHARS)


def text_of(text: str) -> str:
    """What was written, without blanks around it. Raises Invalid."""
    words = text.strip()
    if not words or len(words) > TEXT_MOST_CHARS:
        raise Invalid.field("text", f"1 to {TEXT_MOST_CHARS} characters")
    return words
