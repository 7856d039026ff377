"""The work app/privacy wants done from time to time.

Owns `sweep_all` and `finish_erasures`, which the scheduler calls. Must not decide when (app/scheduler.py).
"""

from __future__ import annotations

from app.kernel.db import Database
from app.kernel.logs import get_logger
from app.privacy import shredding
from app.privacy.retention import MAX_ROWS_PER_SWEEP, sweep
from app.privacy.subjects import erase
from app.security.people import every_shopper
from app.security.vault import owner_of, vault

log = get_logger(__name__)
_MAX_SWEEPS = 200


def sweep_all(database: Database) -> dict[str, int]:
    """Sweep until nothing is due (a million rows at most); a short transaction each time. Table -> rows deleted."""
    total: dict[str, int] = {}
    for _ in range(_MAX_SWEEPS):
        with database.transaction() as session:
            deleted = sweep(session, database.clock.now())
        for table, count in deleted.items():
            total[table] = total.get(table, 0) + count
        if sum(deleted.values()) < MAX_ROWS_PER_SWEEP:
            break
    if total:
        log.info("retention_swept", rows=total)
    return total


def finish_erasures(database: Database) -> int:
    """Go on with what an interruption has left of erasures; how many keys were destroyed."""
    return shredding.finish(database)


def erase_again(database: Database) -> int:
    """At a start: whoever is here though her key is destroyed was erased, and came back with a backup. How many were erased again."""
    finish_erasures(database)
    destroyed = set(vault().destroyed())
    if not destroyed:
        return 0
    with database.reading() as session:
        back = [shopper_id for shopper_id in every_shopper(session) if owner_of(shopper_id) in destroyed]
    for shopper_id in back:
        with database.transaction() as session:
            erase(session, shopper_id, database.clock.now())
    if back:
        log.warning("erased_again", people=len(back))
    return len(back)
