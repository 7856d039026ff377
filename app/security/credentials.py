"""From what a request shows to who is calling.

Owns reading the database for each kind of proof. Must not know HTTP (app/security/access.py takes the request apart)
nor what a route permits. Everything is read anew each time: what was revoked a moment ago no longer opens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.security.models import ApiKeyRow, DeviceRow, PersonRow, SessionRow
from app.security.principals import EVERY_ROLE, Principal, Role
from app.security.shoppers import SEEN_STEP, device_by_credentials, device_by_token, device_by_tracking_key
from app.security.tokens import TokenKind, kind_of, token_hash


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """What a request shows: a bearer token, Basic credentials (user, password), session cookies by role. `proved`: the token came
    with the scheme DPoP."""

    bearer: str | None = None
    proved: bool = False
    basic: tuple[str, str] | None = None
    cookies: Mapping[Role, str] = field(default_factory=dict[Role, str])


@dataclass(frozen=True, slots=True)
class Known:
    """A caller, and whether the device's `last_seen_at` has become stale. `key` is what its token is bound to: the token alone
    proves nothing then. `key_seen_at`: when the key of the session's browser was last shown."""

    principal: Principal
    device_stale: bool = False
    key: str | None = None
    key_seen_at: datetime | None = None


def resolve(session: Session, shown: Shown, *, at: datetime, roles: Sequence[Role] = EVERY_ROLE, tracking: bool = False) -> Known | None:
    """Who is calling; None when nothing shown is valid.

    A header counts before cookies; a wrong header is not rescued by a cookie. A browser may hold a cookie for each role
    (somebody who tries the phone page and the console): the one whose role is in `roles` counts, in their order; only
    when there is none, another valid one (so that the answer is 403, not 401). A tracking key counts only with
    `tracking`: it may report positions and nothing else.
    """
    if shown.bearer is not None:
        return _by_bearer(session, shown.bearer, at, tracking)
    if shown.basic is not None:
        device = device_by_credentials(session, *shown.basic)
        if device is None or (kind_of(shown.basic[1]) is TokenKind.TRACKING and not tracking):
            return None
        key = device.key if kind_of(shown.basic[1]) is TokenKind.DEVICE else None
        return Known(Principal(Role.SHOPPER, device.shopper_id, device.device_id, via="basic"), device.last_seen_at <= at - SEEN_STEP, key)
    for role in (*roles, *(r for r in EVERY_ROLE if r not in roles)):
        token = shown.cookies.get(role)
        known = _by_session(session, token, at, via="cookie") if token else None
        if known is not None and known.principal.kind is role:
            return known
    return None


def _by_bearer(session: Session, token: str, at: datetime, tracking: bool) -> Known | None:
    kind = kind_of(token)
    if kind is TokenKind.DEVICE or (kind is TokenKind.TRACKING and tracking):
        device = device_by_token(session, token) or device_by_tracking_key(session, token)
        if device is None:
            return None
        via, key = ("device", device.key) if kind is TokenKind.DEVICE else ("tracking_key", None)
        return Known(Principal(Role.SHOPPER, device.shopper_id, device.device_id, via=via), device.last_seen_at <= at - SEEN_STEP, key)
    if kind is TokenKind.SESSION:
        return _by_session(session, token, at, via="session")
    if kind is TokenKind.API_KEY:
        key = session.scalars(select(ApiKeyRow).where(ApiKeyRow.key_hash == token_hash(token), ApiKeyRow.revoked_at.is_(None))).one_or_none()
        return Known(Principal(Role.SERVER, key.id, scopes=tuple(key.scopes), via="api_key")) if key else None
    return None


def _by_session(session: Session, token: str, at: datetime, *, via: str) -> Known | None:
    if kind_of(token) is not TokenKind.SESSION:
        return None
    live = (SessionRow.token_hash == token_hash(token), SessionRow.revoked_at.is_(None), SessionRow.expires_at > at)
    row = session.execute(
        select(SessionRow, PersonRow, DeviceRow)
        .outerjoin(PersonRow, PersonRow.id == SessionRow.person_id)
        .outerjoin(DeviceRow, DeviceRow.id == SessionRow.device_id)
        .where(*live),
    ).one_or_none()
    if row is None:
        return None
    opened: SessionRow = row[0]
    person: PersonRow | None = row[1]
    device: DeviceRow | None = row[2]
    role = Role(opened.role)
    if role is Role.SHOPPER:
        # the browser is a device too: who it belongs to is asked of the device, which may have joined another shopper
        shopper_id = device.shopper_id if device is not None else opened.shopper_id
        stale = device is not None and device.last_seen_at <= at - SEEN_STEP
        caller = Principal(role, shopper_id or "", opened.device_id, session_id=opened.id, via=via, browser_key=opened.key_thumbprint)
        return Known(caller, stale, key_seen_at=opened.key_seen_at) if shopper_id else None
    if person is None or person.disabled_at is not None or person.role != opened.role:
        return None
    return Known(Principal(role, person.id, place_ids=tuple(person.place_ids), session_id=opened.id, via=via))
