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
    seen = hashlib.sha256("\x1f".join(name).encode("utf-8", "surrogatepass")).hexdigest()
    return insert_new(session, SeenRow, {"kind": kind, "name_hash": seen, "expires_at": until}, unique=["kind", "name_hash"])
