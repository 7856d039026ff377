"""One-time links: how staff come in for the first time, without any password having been set by us.

Owns making and using them. Must not be used by looking: a GET shows a page with a button, only the POST uses the link
(app/security/endpoints.py), so that mail scanners and link previews do not burn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.security.errors import LinkExpired, LinkUnknown, LinkUsed
from app.security.models import LoginLinkRow, PersonRow
from app.security.principals import STAFF, Role
from app.security.shoppers import register_device
from app.security.tokens import TokenKind, new_token, token_hash

DEFAULT_TTL_S = 3600


@dataclass(frozen=True, slots=True)
class UsedLink:
    """Who has come in: a shopper with a device, or a member of staff."""

    role: Role
    person_id: str | None
    shopper_id: str | None
    device_id: str | None


def staff(session: Session, role: Role, name: str, *, at: datetime, place_ids: Sequence[str] = ()) -> str:
    """The person id of the member of staff with this role and name, made when there is none.

    A clerk is bound to `place_ids`; calling again with other places binds to those.
    """
    if role not in STAFF:
        raise Invalid.field("role", f"one of {', '.join(STAFF)}")
    row = session.scalars(select(PersonRow).where(PersonRow.role == role.value, PersonRow.name == name, PersonRow.disabled_at.is_(None)).order_by(PersonRow.id).limit(1)).first()
    if row is None:
        row = PersonRow(id=new_id("per"), role=role.value, name=name, place_ids=list(place_ids), created_at=at)
        session.add(row)
    elif place_ids:
        row.place_ids = list(place_ids)
    session.flush()
    return row.id


def staff_named(session: Session, name: str, roles: Sequence[Role]) -> str | None:
    """The person id of the member of staff of this name in one of these roles; None when there is none. Makes nobody."""
    known = select(PersonRow.id).where(PersonRow.name == name, PersonRow.role.in_([r.value for r in roles]), PersonRow.disabled_at.is_(None))
    return session.scalar(known.order_by(PersonRow.id).limit(1))


def make_link(
    session: Session,
    role: Role,
    *,
    at: datetime,
    ttl_s: int = DEFAULT_TTL_S,
    name: str = "",
    person_id: str | None = None,
    shopper_id: str | None = None,
    place_ids: Sequence[str] = (),
) -> str:
    """The token of a new link; the page is `/enter/{token}`. It is shown once and cannot be read back.

    For staff: `person_id`, or the person with that role and `name` (default: the role), made when there is none. For a
    shopper: `shopper_id`, or a new anonymous shopper at the moment of use.
    """
    if role is Role.SERVER:
        raise Invalid.field("role", "a server does not follow links; make an API key")
    if role is not Role.SHOPPER and person_id is None:
        person_id = staff(session, role, name or role.value, at=at, place_ids=place_ids)
    token = new_token(TokenKind.LINK)
    session.add(
        LoginLinkRow(
            id=new_id("lnk"),
            token_hash=token.hash,
            role=role.value,
            person_id=person_id,
            shopper_id=shopper_id,
            created_at=at,
            expires_at=at + timedelta(seconds=ttl_s),
        ),
    )
    session.flush()
    return token.text


def check_link(session: Session, token: str, *, at: datetime) -> Role:
    """The role a live link leads to, without using it; raises as `use_link` does."""
    row = session.scalars(select(LoginLinkRow).where(LoginLinkRow.token_hash == token_hash(token))).one_or_none()
    if row is None:
        raise LinkUnknown
    if row.used_at is not None:
        raise LinkUsed
    if row.expires_at <= at:
        raise LinkExpired
    return Role(row.role)


def use_link(session: Session, token: str, *, at: datetime) -> UsedLink:
    """Use the link: of any number of callers at once, exactly one comes in.

    Raises LinkUnknown (404), LinkUsed, LinkExpired (410).
    """
    mine = LoginLinkRow.token_hash == token_hash(token)
    use = update(LoginLinkRow).where(mine, LoginLinkRow.used_at.is_(None), LoginLinkRow.expires_at > at).values(used_at=at)
    if not moved(session, use):
        check_link(session, token, at=at)
        raise LinkUsed  # it was live a moment ago, and somebody was faster
    row = session.scalars(select(LoginLinkRow).where(mine)).one()
    role = Role(row.role)
    if role is not Role.SHOPPER:
        return UsedLink(role, row.person_id, None, None)
    device = register_device(session, "Browser", "web", at, shopper_id=row.shopper_id)
    row.shopper_id = device.shopper_id
    session.flush()
    return UsedLink(role, None, device.shopper_id, device.device_id)
