"""A text message comes in from a number: whose it is, whether it says STOP, and what is answered.

Owns that each message counts once, by the provider's id, and that nobody learns whether a number is known: whoever sends one hears the answer
on that number alone. Must not see a request: the routes have believed it already.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.logs import get_logger
from app.privacy import gate
from app.privacy.consents import records, set_consent
from app.privacy.purposes import NOTICES, Purpose
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from app.security.errors import LimitReached
from app.security.inbound.receiving import first_time, known
from app.security.limits import spend
from app.security.windows import LimitRule
from notifications.contracts import ChannelKind
from notifications.conversations import hearing, repository
from notifications.conversations.contracts import Author, Way
from notifications.conversations.outward import send_out
from notifications.conversations.sayings import say
from notifications.conversations.wiring import Conversations
from notifications.conversations.words import words_of

log = get_logger(__name__)

STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "lopeta", "peru", "stopp", "avsluta"})
START = frozenset({"start", "unstop", "aloita", "starta"})
SOURCE_STOP, SOURCE_START = "text_stop", "text_start"
CHANNELS = {Way.SMS: ChannelKind.SMS, Way.WHATSAPP: ChannelKind.WHATSAPP}


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """One message from outside. `number` in E.164; `provider` and `id` make it known again."""

    provider: str
    id: str
    way: Way
    number: str
    text: str


def take(database: Database, room: Conversations, text: Text, per_number: LimitRule) -> bool:
    """Do what the message asks, once. False: the number is nobody's, or it has written too much, and nothing was done."""
    identity = contacts.number_hash(text.number)
    words = words_of(text.text)
    word = words[0] if len(words) == 1 else ""
    answered = True
    try:
        spend(database, per_number, f"number:{identity}")
    except LimitReached:
        log.warning("inbound_too_much", provider=text.provider)
        if word not in STOP:
            return False
        answered = False  # a no is heard however much was written before it
    with database.reading() as session:
        owners = contacts.owners_of(session, ContactKind.PHONE, text.number)
        again = known(session, text.provider, text.id)
    if not owners:
        return False
    advice = None if again or word in STOP | START else room.advice(database, owners[0], text.text, way=text.way, identity=identity)
    at = database.clock.now()
    with database.transaction() as session:
        if word in STOP:
            _stop(session, text, owners, identity, at, answered=answered)
        elif first_time(session, text.provider, text.id, at):
            if word in START:
                _start(session, text, owners[0], identity, at)
            else:
                hearing.hear(session, room.knowledge, owners[0], text.text, at=at, way=text.way, identity=identity, advice=advice)
        session.info["after_commit"].append(room.wake)
    return True


def _stop(session: Session, text: Text, owners: list[str], identity: str, at: datetime, *, answered: bool) -> None:
    """At once, for everybody who has shown that the number is theirs; a repeat changes nothing."""
    for shopper_id in sorted(owners):
        set_consent(session, shopper_id, CHANNELS[text.way].purpose, granted=False, source=SOURCE_STOP, at=at)
    if first_time(session, text.provider, text.id, at) and answered:
        _told(session, text, owners[0], identity, "stopped", at)


def _start(session: Session, text: Text, shopper_id: str, identity: str, at: datetime) -> None:
    """What a STOP took back is given again, if she had agreed to these very words before; anything else is for the page to ask."""
    purpose = CHANNELS[text.way].purpose
    key = "start_in_app"
    if _stopped_what_she_had_agreed_to(session, shopper_id, purpose):
        try:
            set_consent(session, shopper_id, purpose, granted=True, source=SOURCE_START, at=at)
            key = "started"
        except AppError:
            log.info("inbound_start_refused", provider=text.provider)
    _told(session, text, shopper_id, identity, key, at, notice=NOTICES[purpose].text)


def _stopped_what_she_had_agreed_to(session: Session, shopper_id: str, purpose: Purpose) -> bool:
    said = sorted((r for r in records(session, shopper_id) if r.purpose is purpose), key=lambda r: r.sequence)
    if len(said) < 2 or said[-1].granted or said[-1].source != SOURCE_STOP:
        return False
    return said[-2].granted and said[-2].notice_version == NOTICES[purpose].version


def _told(session: Session, text: Text, shopper_id: str, identity: str, key: str, at: datetime, *, notice: str = "") -> None:
    """Her word and what we say to it, in her thread."""
    gate.hold(session, (shopper_id,))
    row = repository.take_turn(session, shopper_id, text.way, identity, at)
    row.heard_at = at
    repository.say(session, row, Author.SHOPPER, {"text": text.text[: hearing.KEPT_CHARS]}, at)
    words = say(key, row.language, notice=notice)
    said = repository.say(session, row, Author.BOT, {"text": words}, at)
    send_out(session, row, said.id, words, at)
