"""Is this really from you? Every message has a short code, and she can ask us whether it is one of hers.

Owns the code and the answer. The code is made from the message and whose it is, so it need not be kept; it is looked for among the
messages of the one who asks, and nothing is said of anybody else's: for her it is one of ours to her, or it is not.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.security.contacts import facade as contacts
from app.security.sealing import link_signature
from notifications.contents import contents_of
from notifications.models import Delivery, Message

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without those that are taken for one another."""
_CODE_CHARS = 6
_MOST = 200
"""Messages that are looked at, the newest; older ones are past everything they led to."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that left the house for her, by which channels, with its code."""

    message_id: str
    code: str
    title: str
    channels: tuple[str, ...]
    sent_at: datetime


def code_of(shopper_id: str, message_id: str) -> str:
    """`K7Q-2MF`: 729 million of them, and twenty guesses a minute."""
    number = int(link_signature("message_check", f"{shopper_id}\x1f{message_id}")[:16], 16)
    letters = ""
    for _ in range(_CODE_CHARS):
        number, left = divmod(number, len(_LETTERS))
        letters += _LETTERS[left]
    return f"{letters[:3]}-{letters[3:]}"


def sent_to(session: Session, shopper_id: str, *, limit: int = 20) -> list[Sent]:
    """The newest first; the inbox counts as a channel."""
    mine = select(Message).where(Message.shopper_id == shopper_id, Message.state != "suppressed").order_by(Message.position.desc()).limit(limit * 2)
    messages = session.scalars(mine).all()
    gone = select(Delivery.message_id, Delivery.channel, Delivery.sent_at).where(Delivery.message_id.in_([m.id for m in messages]), Delivery.state == "sent", Delivery.sent_at.is_not(None))
    by_message: dict[str, list[tuple[datetime, str]]] = {}
    for message_id, channel, sent_at in session.execute(gone).all():
        assert sent_at is not None
        by_message.setdefault(message_id, []).append((sent_at, channel))
    said = contents_of(messages)
    return [
        Sent(m.id, code_of(m.shopper_id, m.id), said[m.id].title, tuple(dict.fromkeys(channel for _, channel in sorted(ways))), min(ways)[0])
        for m in messages
        if (ways := by_message.get(m.id)) and m.id in said
    ][:limit]


@dataclass(frozen=True, slots=True)
class Asked:
    """`sent`: the message of hers that has the code, if one has. `never_ours`: it looks like one of our codes, and is neither hers nor a slip
    in one of hers."""

    sent: Sent | None
    never_ours: bool


def ask(session: Session, shopper_id: str, code: str) -> Asked:
    """By a code as typed. Count the tries before; `note` what was never ours."""
    typed = "".join(char for char in code.upper() if char in _LETTERS)
    wanted = f"{typed[:3]}-{typed[3:]}"
    hers = sent_to(session, shopper_id, limit=_MOST)
    same = [one for one in hers if hmac.compare_digest(one.code, wanted)]
    looks_like_one = len(typed) == _CODE_CHARS and _SHAPE.fullmatch(code.strip().upper()) is not None
    return Asked(same[0] if same else None, looks_like_one and not any(_slips(one.code, wanted) <= 1 for one in hers))


def note(session: Session, shopper_id: str, *, by: str, at: datetime) -> None:
    """What she asked about was never ours: from now on the rules know that somebody may be writing to her in our name. `by`: where she asked."""
    contacts.note_unknown_code(session, shopper_id, by=by, at=at)


_SHAPE = re.compile(rf"[{_LETTERS}]{{3}}[- ]?[{_LETTERS}]{{3}}")


def _slips(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
