"""Limits that hold across workers: every try is counted in the database before it is made.

Owns the table of tries. Must not decide how many are too many (app/security/windows.py). A try counts also when the use
case it precedes fails and rolls back: it is spent in a transaction of its own, or with the work and, if that comes to
nothing, once more in one of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Tries:
    """One try by each of some identities (`ip:...`, `clerk:per_...`, `device:...`, as keyed hashes in order), not yet counted."""

    rule: LimitRule
    identity_hashes: tuple[str, ...]

    def within(self, session: Session) -> None:
        """Count it in the caller's transaction, first of all: raises `LimitReached` when one of them has none left. If that transaction
        comes to nothing, what it found out must not be told before `alone` has counted the try after all."""
        for identity_hash in self.identity_hashes:
            _spend(session, self.rule, identity_hash, session.info["clock"].now())

    def alone(self, database: Database) -> None:
        """Count it in a transaction of its own: raises `LimitReached`, and nothing is counted for the others either."""
        with database.transaction() as session:
            self.within(session)


def tries(rule: LimitRule, *identities: str) -> Tries:
    return Tries(rule, tuple(sorted({keyed_hash("limit", identity) for identity in identities})))


def spend(database: Database, rule: LimitRule, *identities: str) -> None:
    """Count one try of every one of `identities`, or raise `LimitReached` (429 with Retry-After) when one of them has none left.

    Call it outside a transaction. Of tries that race, at most `rule.tries` are admitted in any window: they queue on
    the rows (PostgreSQL; always in the same order) or on the writer's turn (SQLite).
    """
    tries(rule, *identities).alone(database)


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
