"""The work app/privacy wants done from time to time.

Owns `sweep_all`, which the scheduler calls. Must not decide when (app/scheduler.py).
"""

from __future__ import annotations

from app.kernel.db import Database
from app.kernel.logs import get_logger
from app.privacy.retention import MAX_ROWS_PER_SWEEP, sweep

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
