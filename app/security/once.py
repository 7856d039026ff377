"""What may count once: a name that was seen is remembered as long as it could come again.

Owns one table for all of them and the one INSERT that decides: of any number that come with the same name exactly one is first, in
whichever process. Must not know what is named.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.security.models import SeenRow


def first_time(session: Session, kind: str, *name: str, until: datetime) -> bool:
    """True for the first who comes with this name; it is remembered until `until`, after which nothing may come of it."""
    return insert_new(session, SeenRow, {"kind": kind, "name_hash": _hash(name), "expires_at": until}, unique=["kind", "name_hash"])


def known(session: Session, kind: str, *name: str) -> bool:
    """Whether somebody has come with this name, as this transaction sees it. Decides nothing: another may be about to."""
    return session.get(SeenRow, (kind, _hash(name))) is not None


def _hash(name: tuple[str, ...]) -> str:
    return hashlib.sha256("\x1f".join(name).encode("utf-8", "surrogatepass")).hexdigest()
