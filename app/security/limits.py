"""Limits that hold across workers: every try is counted in the database before it is made.

Owns the table of tries. Must not decide how many are too many (app/security/windows.py). A try is spent in a
transaction of its own, because the use case it precedes may fail and roll back, and a failed guess must still count.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, insert_new, moved, prepared
from app.kernel.verdict import Fail
from app.security.errors import LimitReached
from app.security.models import LimitRow
from app.security.sealing import keyed_hash
from app.security.windows import LimitRule, admit

_limits = cast("Any", LimitRow.__table__)
_MINE = (_limits.c.rule == bindparam("of_rule"), _limits.c.identity_hash == bindparam("of_identity"))
_TIMES = select(_limits.c.times_ms).where(*_MINE).with_for_update()
_SPEND = update(_limits).where(*_MINE).values(times_ms=bindparam("times_ms"), updated_at=bindparam("updated_at"))


def spend(database: Database, rule: LimitRule, *identities: str) -> None:
    """Count one try of every one of `identities` (`ip:...`, `clerk:per_...`, `device:...`), or raise `LimitReached` (429 with
    Retry-After) when one of them has none left; then nothing is counted for the others either.

    Call it outside a transaction. Of tries that race, at most `rule.tries` are admitted in any window: they queue on
    the rows (PostgreSQL; always in the same order) or on the writer's turn (SQLite).
    """
    with database.transaction() as session:
        for identity_hash in sorted({keyed_hash("limit", identity) for identity in identities}):
            _spend(session, rule, identity_hash, database.clock.now())


def _spend(session: Session, rule: LimitRule, identity_hash: str, now: datetime) -> None:
    now_ms = int(now.timestamp() * 1000)
    mine = {"of_rule": rule.name, "of_identity": identity_hash}
    times_ms = prepared(session, _TIMES, mine).scalar_one_or_none()
    if times_ms is None:  # the first try: of two at once one makes the row, and both queue on it
        fresh = {"rule": rule.name, "identity_hash": identity_hash, "times_ms": [], "updated_at": now}
        insert_new(session, LimitRow, fresh, unique=["rule", "identity_hash"])
        times_ms = prepared(session, _TIMES, mine).scalar_one()
    admission = admit(rule, times_ms, now_ms)
    if isinstance(admission.verdict, Fail):
        raise LimitReached(extra=admission.verdict.facts)
    moved(session, _SPEND, mine | {"times_ms": list(admission.times_ms), "updated_at": now})
