"""Who comes first: the one who reads a consent and acts on it, or the one who withdraws it.

Owns the turn between the two. Whoever acts says `hold` before it asks the gate: until its transaction ends, no word of these shoppers
can commit. Whoever writes says `alone` before anything else: it waits for those who hold, and later holders wait for it, in the order
they came. So whatever was begun under a consent is committed before the withdrawal is.

On SQLite there is nothing to do: one writer at a time. On PostgreSQL these are advisory locks of the transaction, one of `TURNS` for a
shopper: they cost no row, queue fairly, and thousands of shoppers are held at once by taking all.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

TURNS = 64
_SPACE = 0x6D6F6D
"""Keeps these locks apart from any other advisory lock in the database."""


def hold(session: Session, shopper_ids: Collection[str]) -> None:
    """Until this transaction ends, what the gate answers from now on for these shoppers stays so."""
    _take(session, shopper_ids, _SHARED)


def alone(session: Session, shopper_ids: Collection[str]) -> None:
    """To be called first by whoever changes what the gate answers for these shoppers."""
    _take(session, shopper_ids, _ALONE)


def turn_of(shopper_id: str) -> int:
    return zlib.crc32(shopper_id.encode()) % TURNS


# one statement; the turns are taken in its order, so that two who want several do not wait for each other
_SHARED = text("SELECT pg_advisory_xact_lock_shared(:space, turn) FROM unnest(CAST(:turns AS integer[])) AS turn")
_ALONE = text("SELECT pg_advisory_xact_lock(:space, turn) FROM unnest(CAST(:turns AS integer[])) AS turn")


def _take(session: Session, shopper_ids: Collection[str], statement: TextClause) -> None:
    turns = sorted({turn_of(shopper_id) for shopper_id in shopper_ids})
    if turns and session.get_bind().dialect.name == "postgresql":
        session.execute(statement, {"space": _SPACE, "turns": turns})
