"""What we say in a case reaches her: on its page, in her inbox with that page behind it, and where the case was begun.

Owns the rows that carry it. Must not send. She has asked, so that it needs no marketing consent and no cap counts it; the inbox names the case and not
a word of the answer, which her page shows. A letter is answered by letter, with the words, to the address she has shown to be hers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.security import people
from notifications import compose, contents, deliveries, preferences, queueing, repository
from notifications.contracts import ChannelKind
from notifications.conversations import outward
from notifications.conversations import repository as threads
from notifications.models import REPLY, SUPPORT, Delivery, Message
from notifications.phrases import titled
from notifications.support.contracts import Channel
from notifications.support.models import Case

LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Teller:
    """`channels` can be sent on from here; `wake` runs after the commit, with whose page is to look."""

    channels: Collection[ChannelKind]
    wake: Callable[[str], None]

    def tell(self, session: Session, row: Case, key: str, seq: int, at: datetime, *, words: str = "", subject: str) -> None:
        """`key`: support.answer or support.solved; `seq` makes it once. `words`: what was written, for who reads it elsewhere than on her page."""
        shopper_id = people.known_as(session, [row.shopper_id])[row.shopper_id]  # who she is by now
        language = preferences.language_of(session, shopper_id)
        title, body = compose.fitted(*titled(key, language, subject=subject))
        repository.take_turn(session, shopper_id, at)  # so that her positions become visible in their order
        shown = self._message(session, shopper_id, row, key, seq, SUPPORT, contents.Content(title, body, _page(row)), at)
        queueing.in_inbox(session, shown, at)
        self._elsewhere(session, shopper_id, row, key, seq, title, body, words, at)
        session.info["after_commit"].append(lambda: self.wake(shopper_id))

    def _elsewhere(self, session: Session, shopper_id: str, row: Case, key: str, seq: int, title: str, body: str, words: str, at: datetime) -> None:
        thread = threads.thread(session, row.thread_id) if row.thread_id is not None else None
        if thread is not None and thread.channel != "app":
            outward.send_out(session, thread, derived_id("cse", row.id, str(seq)), words or body, at)
            return
        letter = row.channel == Channel.EMAIL and ChannelKind.EMAIL in self.channels
        content = contents.Content(title, words or body if letter else body, _page(row))
        sent = self._message(session, shopper_id, row, key, seq, REPLY, content, at)
        if letter:
            session.add(Delivery(**deliveries.values(sent, ChannelKind.EMAIL, at)))
            return
        queueing.on_phones(session, sent, self.channels, at)

    def _message(self, session: Session, shopper_id: str, row: Case, key: str, seq: int, kind: str, content: contents.Content, at: datetime) -> Message:
        message_id = derived_id("msg", kind, row.id, key, str(seq))
        message = Message(
            id=message_id, shopper_id=shopper_id, kind=kind, state="live" if kind == SUPPORT else REPLY, reasons=[], sealed=contents.sealed(shopper_id, message_id, content),
            collapse_key=compose.collapse_key(row.id, message_id), weighed=[], created_at=at, expires_at=at + LIFE,
        )  # fmt: skip
        session.add(message)
        session.flush()
        return message


def _page(row: Case) -> str:
    return f"/m/support/{row.id}"
