"""API keys: how a server says who it is.

Owns making, listing and revoking them. A key is told once; only its hash and its beginning are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.security.models import ApiKeyRow
from app.security.tokens import TokenKind, new_token

SCOPES: dict[str, str] = {
    "fixes": "send positions of any device",
    "places": "read and import places and fences",
    "catalogue": "change the catalogue",
    "metrics": "read the metrics of the process",
    "shipments": "pack orders, read where parcels go, and tell how far they are",
    "till_keys": "read the public keys of signed coupons",
}
"""What a key may be made for; a route names the one it needs in `allow(Role.SERVER, scope=...)`."""


@dataclass(frozen=True, slots=True, repr=False)
class NewApiKey:
    """`key` is told once."""

    id: str
    key: str
    shown: str
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """One key as it may be listed: never the key itself."""

    id: str
    shown: str
    name: str
    scopes: tuple[str, ...]
    made_by: str
    created_at: datetime
    revoked_at: datetime | None


def make_api_key(session: Session, name: str, scopes: Sequence[str], *, made_by: str, at: datetime) -> NewApiKey:
    """Raises `Invalid` for a scope that does not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Invalid.field("scopes", f"one or more of {', '.join(SCOPES)}")
    token = new_token(TokenKind.API_KEY)
    made = NewApiKey(new_id("key"), token.text, token.shown, name, tuple(sorted(set(scopes))))
    session.add(ApiKeyRow(id=made.id, key_hash=token.hash, shown=made.shown, name=name, scopes=list(made.scopes), made_by=made_by, created_at=at))
    session.flush()
    return made


def list_api_keys(session: Session) -> list[ApiKeyView]:
    """All keys, also revoked ones, oldest first."""
    rows = session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.id))
    return [ApiKeyView(r.id, r.shown, r.name, tuple(r.scopes), r.made_by, r.created_at, r.revoked_at) for r in rows]


def revoke_api_key(session: Session, key_id: str, *, at: datetime) -> bool:
    """True when it worked until now; False when it was revoked before or never was."""
    return moved(session, update(ApiKeyRow).where(ApiKeyRow.id == key_id, ApiKeyRow.revoked_at.is_(None)).values(revoked_at=at))
