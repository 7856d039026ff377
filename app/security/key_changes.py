"""When a signing key has leaked: it ends now, another one takes its place, and it is written down who did it.

Owns ending keys before their time. Must not know what is signed with them, and must not show a secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed_to
from datetime import datetime
from pathlib import Path
from secrets import token_bytes

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.security import secrets, signing
from app.security.models import KeyChange
from app.security.sealing import take_up
from app.security.secrets import Replacement, Secrets
from app.security.signing import CheckingKey

REVOKED, ROTATED = "revoked", "rotated"


@dataclass(frozen=True, slots=True)
class Ended:
    """A key that had to go: `change` is revoked (it alone) or rotated (with all of its purpose)."""

    key_id: str
    change: str
    by: str
    why: str
    at: datetime


class NoSuchKey(NotFound):
    """No key of these three weeks has this id, or it has ended already; `moments keys list` shows them."""

    code = "no_such_key"


def revoke(session: Session, data_dir: Path, purpose: str, key_id: str, *, by: str, why: str, at: datetime) -> CheckingKey:
    """End one key; its week goes on with another one. Raises NoSuchKey 404. Returns the key in its place."""
    key = next((k for k in signing.checking_keys(purpose, at) if k.id.hex() == key_id), None)
    if key is None:
        raise NoSuchKey()
    _replace(session, data_dir, purpose, [key], key.period, REVOKED, by, why, at)
    return next(k for k in signing.checking_keys(purpose, at) if k.period == key.period)


def rotate(session: Session, data_dir: Path, purpose: str, *, by: str, why: str, at: datetime) -> tuple[CheckingKey, ...]:
    """End every key of the purpose, also those of weeks to come: for when what they are derived from has leaked."""
    _replace(session, data_dir, purpose, signing.checking_keys(purpose, at), None, ROTATED, by, why, at)
    return signing.checking_keys(purpose, at)


def ended(session: Session, purpose: str) -> list[Ended]:
    """Who ended which key, newest first."""
    rows = session.scalars(select(KeyChange).where(KeyChange.purpose == purpose).order_by(KeyChange.id.desc()))
    return [Ended(r.key_id, r.change, r.by, r.why, r.at) for r in rows]


def _replace(
    session: Session,
    data_dir: Path,
    purpose: str,
    keys: Sequence[CheckingKey],
    period: int | None,
    change: str,
    by: str,
    why: str,
    at: datetime,
) -> None:
    """The row first: should the file not be written, neither is; should the commit fail, the key has ended all the same."""
    replacement = Replacement(at, period, token_bytes(secrets.KEY_BYTES))

    def added(found: Secrets) -> Secrets:
        so_far = found.replacements.get(purpose, ())
        return changed_to(found, replacements={**found.replacements, purpose: (*so_far, replacement)})

    session.add_all(
        KeyChange(id=new_id("kch"), purpose=purpose, key_id=key.id.hex(), change=change, by=by, why=why, at=at) for key in keys
    )
    session.flush()
    take_up(secrets.replace(data_dir, added))
