"""Push tokens: where a device can be reached, sealed at rest.

Owns registering, opening and forgetting them. Must not log or return an address to anybody but dispatch.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Row, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, prepared
from app.kernel.errors import Invalid
from app.kernel.ids import derived_id
from app.security.sealing import CannotOpen, keyed_hash
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


def addresses(session: Session, push_token_ids: Collection[str]) -> dict[str, Address]:
    """The address behind each row; left out: it or its owner was forgotten, or it was sealed with a key that is lost."""
    rows = prepared(session, _ROWS, {"ids": list(push_token_ids)}).all()
    return {row.id: Address(row.id, TokenKind(row.kind), opened.decode()) for row, opened in zip(rows, _opened(rows), strict=True) if opened is not None}


_ROWS = select(PushToken.id, PushToken.kind, PushToken.sealed).where(PushToken.id.in_(bindparam("ids", expanding=True)))


def _opened(rows: Sequence[Row[Any]]) -> list[bytes | None]:
    try:
        return open_each(_PURPOSE, [(row.sealed, row.id.encode()) for row in rows])
    except CannotOpen:  # one of them: it must not hold up the others
        return [None] if len(rows) == 1 else [_opened([row])[0] for row in rows]


def address(session: Session, push_token_id: str) -> Address | None:
    """The address behind one row, or None."""
    return addresses(session, [push_token_id]).get(push_token_id)


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
