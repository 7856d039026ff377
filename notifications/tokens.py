"""Push tokens: where a device can be reached, sealed at rest.

Owns registering, opening and forgetting them. Must not log or return an address to anybody but dispatch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.errors import Invalid
from app.kernel.ids import derived_id
from app.security.sealing import keyed_hash
from app.security.vault import open_each, seal_for
from notifications import repository
from notifications.models import PushToken, Recipient
from notifications.ports import TokenKind

_PURPOSE = "push_token"
TOKEN_MOST_CHARS = 4096
"""FCM promises no length; what phones hold is under 300 characters."""


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    push_token_id: str
    kind: TokenKind
    value: str


def register(
    session: Session,
    *,
    device_id: str,
    shopper_id: str,
    token: str,
    kind: TokenKind,
    at: datetime,
    timezone: str | None = None,
) -> str:
    """The device can be reached at `token` from now on; replaces what it had. Returns the id of the row, not the token.

    A token belongs to one device: a phone that was set up anew takes its token along. `timezone` is the phone's IANA zone,
    for quiet hours. Raises Invalid.
    """
    if not token.isascii() or not token.isprintable() or not 8 <= len(token) <= TOKEN_MOST_CHARS or " " in token:
        raise Invalid.field(
            "token", f"send the token as the SDK gave it: 8 to {TOKEN_MOST_CHARS} visible ASCII characters"
        )
    repository.take_turn(session, shopper_id, at)
    if timezone is not None:
        _keep_zone(session, shopper_id, timezone)
    hashed = keyed_hash(_PURPOSE, token)
    # The id says device and token, so that a push queued for the former token does not go to the present one.
    row_id = derived_id("ptk", device_id, hashed)
    others = or_(PushToken.device_id == device_id, PushToken.token_hash == hashed)
    session.execute(delete(PushToken).where(others).execution_options(synchronize_session=False))
    values = {
        "id": row_id,
        "shopper_id": shopper_id,
        "device_id": device_id,
        "kind": kind.value,
        "token_hash": hashed,
        "sealed": seal_for(shopper_id, _PURPOSE, token.encode(), row_id.encode()),
        "registered_at": at,
    }
    insert_new(session, PushToken, values, unique=["token_hash"])
    return row_id


def address(session: Session, push_token_id: str) -> Address | None:
    """The address behind a row, or None if it or its owner was forgotten. Raises CannotOpen."""
    row = session.scalar(select(PushToken).where(PushToken.id == push_token_id))
    opened = open_each(_PURPOSE, [(row.sealed, row.id.encode())])[0] if row is not None else None
    if row is None or opened is None:
        return None
    return Address(row.id, TokenKind(row.kind), opened.decode())


def forget_device(session: Session, device_id: str) -> bool:
    """The device does not want pushes any more. False if it had none."""
    gone = session.execute(
        delete(PushToken).where(PushToken.device_id == device_id).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount > 0


def _keep_zone(session: Session, shopper_id: str, timezone: str) -> None:
    from zoneinfo import available_timezones

    if timezone not in available_timezones():
        raise Invalid.field("timezone", "use an IANA zone such as Europe/Helsinki")
    row = session.get_one(Recipient, shopper_id)
    row.timezone = timezone
