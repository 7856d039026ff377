"""What is said in a thread that is held by text leaves the house: as a message of its own kind, on the channel of the thread, by dispatch.

Owns the row and the delivery that carry it, and how long WhatsApp lets us write freely. Must not send. A reply is no marketing: she has asked,
so that it needs no consent and no morning; it is in no inbox, and no cap counts it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.text_limits import SMS_SEGMENTS_MOST, WHATSAPP_MOST_CHARS, sms_segments, with_tail
from notifications import deliveries
from notifications.contents import Content, sealed
from notifications.conversations.contracts import Way
from notifications.conversations.models import Thread
from notifications.conversations.sayings import say
from notifications.models import REPLY, Delivery, Message
from notifications.wording import WINDOW, in_window

LIFE = timedelta(days=1)
SMS_CHARS = 380
_PLAIN = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "–": "-", "—": "-", "…": "...", "×": "x", "\xa0": " "})
"""Signs that would make every part of an SMS hold 67 characters instead of 153."""


def send_out(session: Session, row: Thread, said_id: str, text: str, at: datetime) -> None:
    """Queue these words for the number the thread is held with. In the app nothing is sent: the page looks by itself."""
    if row.channel == Way.APP:
        return
    title = say("answer_title", row.language)
    body = _cut(title, text.translate(_PLAIN)) if row.channel == Way.SMS else _short(text, WHATSAPP_MOST_CHARS - len(with_tail(title + "\n", link=False)))
    message_id, expires_at = derived_id("msg", said_id), at + LIFE
    message = Message(
        id=message_id, shopper_id=row.shopper_id, kind=REPLY, state=REPLY, reasons=[], sealed=sealed(row.shopper_id, message_id, Content(title, body, "")),
        collapse_key=message_id, weighed=[], created_at=at, expires_at=expires_at,
    )  # fmt: skip
    session.add(message)
    session.add(Delivery(**deliveries.values(message, row.channel, at)))
    session.flush()


def _cut(title: str, text: str) -> str:
    """As much as the parts of an SMS hold; one sign outside their alphabet halves that."""
    most, body = SMS_CHARS, _short(text, SMS_CHARS)
    while sms_segments(with_tail(f"{title}\n{body}", link=False)).count > SMS_SEGMENTS_MOST:
        most -= 20
        body = _short(text, most)
    return body


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 4].rsplit(" ", 1)[0] + " ..."


def heard_lately(session: Session, shopper_ids: Collection[str], way: Way, at: datetime) -> set[str]:
    """Those who have written to us this way within its window."""
    heard = select(Thread.shopper_id, Thread.heard_at).where(Thread.shopper_id.in_(shopper_ids), Thread.channel == way.value)
    lately = session.execute(heard.where(Thread.heard_at > at - WINDOW)).all()
    return {row.shopper_id for row in lately if in_window(row.heard_at, at)}
