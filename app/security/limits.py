"""Limits that hold across workers: every try is counted in the database before it is made.

Owns the table of tries. Must not decide how many are too many (app/security/windows.py). A try is spent in a
transaction of its own, because the use case it precedes may fail and roll back, and a failed guess must still count.
"""

from __future__ import annotations

from sqlalchemy import select, update

from app.kernel.db import Database, insert_new, moved
from app.kernel.verdict import Fail
from app.security.errors import LimitReached
from app.security.models import LimitRow
from app.security.sealing import keyed_hash
from app.security.windows import LimitRule, admit


def spend(database: Database, rule: LimitRule, identity: str) -> None:
    """Count one try of `identity` (`ip:...`, `clerk:per_...`), or raise `LimitReached` (429 with Retry-After).

    Call it outside a transaction. Of tries that race, at most `rule.tries` are admitted in any window: they queue on
    the row (PostgreSQL) or on the writer's turn (SQLite).
    """
    identity_hash = keyed_hash("limit", identity)
    with database.transaction() as session:
        now = database.clock.now()
        now_ms = int(now.timestamp() * 1000)
        fresh = {"rule": rule.name, "identity_hash": identity_hash, "times_ms": [], "updated_at": now}
        insert_new(session, LimitRow, fresh, unique=["rule", "identity_hash"])
        mine = (LimitRow.rule == rule.name, LimitRow.identity_hash == identity_hash)
        times_ms = session.scalars(select(LimitRow.times_ms).where(*mine).with_for_update()).one()
        admission = admit(rule, times_ms, now_ms)
        if isinstance(admission.verdict, Fail):
            raise LimitReached(extra=admission.verdict.facts)
        moved(session, update(LimitRow).where(*mine).values(times_ms=list(admission.times_ms), updated_at=now))
