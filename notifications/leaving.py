"""The link that ends offers on one channel with one click, from whatever mailbox, without signing in.

Owns making and opening it. It is sealed: it does not say whose it is, cannot be made by anybody else, and does this one thing alone.
It does not end: somebody may want to leave by a message of last year. Source: RFC 8058 (one-click unsubscribing).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.languages import PLAIN
from app.privacy.consents import withdraw
from app.privacy.holding import alone
from app.security import people
from app.security.sealing import CannotOpen, open_sealed, seal
from notifications.contracts import ChannelKind

PREFIX = "/unsubscribe/"
SOURCE = "unsubscribe_link"
_PURPOSE = "unsubscribe"
TOKEN_MOST_CHARS = 400


@dataclass(frozen=True, slots=True)
class Leaving:
    shopper_id: str
    channel: ChannelKind
    language: str


class LinkOfNobody(AppError):
    """This link was cut off or changed. Open it from the message again, or switch the channel off on the page of your data."""

    status = 404
    code = "unsubscribe_link_unknown"


def path(shopper_id: str, channel: ChannelKind, language: str = PLAIN) -> str:
    """`language` is that of the message: the page behind the link speaks it too."""
    sealed = seal(_PURPOSE, f"{channel.value}\x1f{shopper_id}\x1f{language}".encode())
    return PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(token: str) -> Leaving:
    """Whose it is and what it ends. Raises LinkOfNobody (404)."""
    try:
        if len(token) > TOKEN_MOST_CHARS:
            raise LinkOfNobody
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        channel, shopper_id, *more = open_sealed(_PURPOSE, packed).decode().split("\x1f")
        return Leaving(shopper_id, ChannelKind(channel), more[0] if more else PLAIN)
    except (binascii.Error, ValueError, CannotOpen):
        raise LinkOfNobody from None


def leave(session: Session, token: str, at: datetime) -> Leaving:
    """Withdraw the consent of the channel it was made for; again changes nothing. Raises LinkOfNobody (404).

    Whoever was erased meanwhile gets nothing anyway, and nothing is written down about her.
    """
    found = opened(token)
    alone(session, (found.shopper_id,))  # before it is asked whether she is here: somebody may be erasing her
    if people.shopper_exists(session, found.shopper_id):
        withdraw(session, found.shopper_id, found.channel.purpose, source=SOURCE, at=at)
    return found
