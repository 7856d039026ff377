"""Care without being asked: some days after she has bought something whose maker says how to look after it, she is told so, once.

Owns which goods are due, the message and what the assistant says with it. It is no marketing: it stands on a consent of its own, no cap counts it,
and it is said of nothing she has given back. Must not send: dispatch does, and asks for that consent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.db import Database, insert_new, moved
from app.kernel.ids import derived_id
from app.kernel.logs import get_logger
from app.kernel.verdict import Fail, Verdict
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import people
from notifications import cancel, compose, contents, policy, preferences, queueing, weighing
from notifications import repository as messages
from notifications.contracts import ChannelKind
from notifications.conversations import repository
from notifications.conversations.contracts import Author, ThreadState, Way
from notifications.conversations.knowledge import LANGUAGES, Intent
from notifications.conversations.sayings import say
from notifications.conversations.settings import ConversationSettings
from notifications.models import CARE, Message
from notifications.policy import Rule
from notifications.reasons import NotificationReason as Reason
from notifications.settings import NotificationSettings
from storefront import facade as storefront
from storefront.contracts import Bought

log = get_logger(__name__)

LATEST = timedelta(days=2)
"""What could not be told for so long after its day (nobody looked, she was asleep) is not told any more."""
LIFE = timedelta(days=30)
MOST_AT_ONCE = 500
LINK = "/m/chat"


@dataclass(frozen=True, slots=True)
class Teller:
    """`channels` can be sent on from here; `wake` tells her open inbox and whoever sends, after the commit."""

    settings: ConversationSettings
    rules: NotificationSettings
    channels: Collection[ChannelKind]
    wake: Callable[[str], None]

    def tell_due(self, database: Database) -> int:
        """How many were told. A transaction for each: one that fails holds up nobody else's."""
        if not self.settings.care_after_days:
            return 0
        at = database.clock.now()
        until = at - timedelta(days=self.settings.care_after_days)
        with database.reading() as session:
            due = _due(session, until)
        told = 0
        for bought, care in due:
            try:
                with database.transaction() as session:
                    told += self.tell(session, bought, care, database.clock.now())
            except Exception as error:
                log.exception("care_not_told", order_id=bought.order_id, error=type(error).__name__, exc_info=error)
        return told

    def tell(self, session: Session, bought: Bought, care: Mapping[str, str], at: datetime) -> bool:
        """False: not now, not any more, or she has not agreed; the last is written down with its reason."""
        gate.hold(session, (bought.shopper_id,))  # before it is asked whether she is here: somebody may be erasing her
        if not people.shopper_exists(session, bought.shopper_id):
            return False
        own_zone = messages.take_turn(session, bought.shopper_id, at)
        if not storefront.still_has(session, bought.order_id, bought.product_id):
            return False
        consent = gate.may(session, bought.shopper_id, Purpose.AFTERCARE, at)
        occasion = policy.Occasion(at, consent, at + LIFE, weighing.zones_of(session, self.rules, None, own_zone), False, (), 0)
        quiet = policy.quiet(occasion, self.rules.policy())
        if consent.ok and isinstance(quiet, Fail):
            return False  # the next look after the quiet hours finds it
        days = (at - bought.paid_at).days
        weighed = [Rule(True, Reason.CARE_DUE.value, {"days": days}), policy.rule(Reason.CARE_WELCOME, consent, {})]
        weighed += [Rule(True, Reason.NOT_QUIET.value, {"in_store": False})] if consent.ok else []
        language, title, body = _words(session, bought, care)
        row = self._row(bought, consent, weighed, title, body, at)
        if not insert_new(session, Message, row, unique=["id"]):
            return False
        if not consent.ok:
            return False
        self._speak(session, bought, language, body, at)
        self._queue(session, row, at)
        return True

    def _row(self, bought: Bought, consent: Verdict, weighed: list[Rule], title: str, body: str, at: datetime) -> dict[str, Any]:
        message_id = message_id_of(bought.order_id, bought.product_id)
        content = contents.Content(*compose.fitted(title, body), LINK)
        return {
            "id": message_id, "shopper_id": bought.shopper_id, "kind": CARE, "state": "live" if consent.ok else "suppressed",
            "reasons": messages.against([consent] if isinstance(consent, Fail) else []), "sealed": contents.sealed(bought.shopper_id, message_id, content),
            "collapse_key": message_id, "value_minor": 0, "weighed": messages.recorded(weighed), "kept_from": at, "created_at": at, "expires_at": at + LIFE,
        }  # fmt: skip

    def _speak(self, session: Session, bought: Bought, language: str, text: str, at: datetime) -> None:
        """The assistant says it in the app, so that she can ask on; not into a talk with a person, nor over a proposal she has not answered."""
        thread = repository.take_turn(session, bought.shopper_id, Way.APP, "", at)
        memory = repository.memory_of(thread)
        if thread.state != ThreadState.BOT or memory.lines:
            return
        if not thread.last_seq:
            thread.language = language
        said = say("care", language, name=bought.name, text=text)
        content = {"text": said, "link": f"/m/shop/{bought.product_id}", "sources": ["catalogue", "orders"], "intent": Intent.CARE.value}
        repository.say(session, thread, Author.BOT, content, at)
        repository.remember(thread, replace(memory, products=(bought.product_id,), asked=None))
        session.flush()

    def _queue(self, session: Session, row: Mapping[str, Any], at: datetime) -> None:
        """In the inbox now, and to each phone and browser of hers that can be reached from here."""
        message = Message(**row)  # as it was stored; not of this session
        queueing.in_inbox(session, message, at)
        queueing.on_phones(session, message, self.channels, at)
        session.info["after_commit"].append(lambda: self.wake(message.shopper_id))


def take_back(session: Session, order_id: str, at: datetime) -> int:
    """The order was refunded: what she has not seen leaves her inbox, what waits to be sent is let go. Returns how many left."""
    order = storefront.order(session, order_id)
    ids = sorted({message_id_of(order_id, line.product_id) for line in order.lines}) if order is not None else []
    unseen = and_(Message.state == "live", Message.seen_at.is_(None))
    why = [{"code": Reason.ITEM_RETURNED.value, "facts": {}}]
    gone = sum(moved(session, update(Message).where(Message.id == message_id, unseen).values(state="withdrawn", reasons=why)) for message_id in ids)
    cancel.drop_queued(session, Message.id.in_(ids), (Reason.ITEM_RETURNED,), at)
    return gone


def message_id_of(order_id: str, product_id: str) -> str:
    """One for each product of an order: it cannot be said twice."""
    return derived_id("msg", CARE, order_id, product_id)


def _due(session: Session, until: datetime) -> list[tuple[Bought, Mapping[str, str]]]:
    """What was bought long enough ago and wants care, and was not spoken of yet."""
    bought = storefront.bought_between(session, since=until - LATEST, until=until)
    declared = storefront.particulars(session, sorted({one.product_id for one in bought}))
    wanting = {message_id_of(one.order_id, one.product_id): one for one in bought if one.product_id in declared and declared[one.product_id].care}
    ids = list(wanting)
    known: set[str] = set()
    for n in range(0, len(ids), MOST_AT_ONCE):
        known |= set(session.scalars(select(Message.id).where(Message.id.in_(ids[n : n + MOST_AT_ONCE]))))
    left = [one for message_id, one in wanting.items() if message_id not in known]
    return [(one, declared[one.product_id].care) for one in left[:MOST_AT_ONCE]]


def _words(session: Session, bought: Bought, care: Mapping[str, str]) -> tuple[str, str, str]:
    """Language, title and text: in the language she likes, else the one she has talked to us in, if the maker speaks it."""
    liked = preferences.liked(session, bought.shopper_id).language
    talked = next((t.language for t in repository.threads_of(session, bought.shopper_id) if t.heard_at is not None), languages.PLAIN)
    language = languages.chosen(liked or talked, LANGUAGES, languages.PLAIN)
    text = care.get(language) or next(iter(care.values()))
    return language, say("care_title", language, name=bought.name), text
