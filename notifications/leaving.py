"""The link that ends offers on one channel with one click, from whatever mailbox, without signing in.

Owns making and opening it. It is sealed: it does not say whose it is, cannot be made by anybody else, and does this one thing alone.
It does not end: somebody may want to leave by a message of last year. Source: RFC 8058 (one-click unsubscribing).
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.privacy.consents import withdraw
from app.security import people
from app.security.sealing import CannotOpen, open_sealed, seal
from notifications.contracts import ChannelKind

PREFIX = "/unsubscribe/"
SOURCE = "unsubscribe_link"
_PURPOSE = "unsubscribe"
TOKEN_MOST_CHARS = 400


class LinkOfNobody(AppError):
    """This link was cut off or changed. Open it from the message again, or switch the channel off on the page of your data."""

    status = 404
    code = "unsubscribe_link_unknown"


def path(shopper_id: str, channel: ChannelKind) -> str:
    sealed = seal(_PURPOSE, f"{channel.value}\x1f{shopper_id}".encode())
    return PREFIX + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(token: str) -> tuple[str, ChannelKind]:
    """Whose it is and what it ends. Raises LinkOfNobody (404)."""
    try:
        if len(token) > TOKEN_MOST_CHARS:
            raise LinkOfNobody
        packed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        channel, _, shopper_id = open_sealed(_PURPOSE, packed).decode().partition("\x1f")
        return shopper_id, ChannelKind(channel)
    except (binascii.Error, ValueError, CannotOpen):
        raise LinkOfNobody from None


def leave(session: Session, token: str, at: datetime) -> ChannelKind:
    """Withdraw the consent of the channel it was made for; again changes nothing. Raises LinkOfNobody (404).

    Whoever was erased meanwhile gets nothing anyway, and nothing is written down about her.
    """
    shopper_id, channel = opened(token)
    if people.shopper_exists(session, shopper_id):
        withdraw(session, shopper_id, channel.purpose, source=SOURCE, at=at)
    return channel
