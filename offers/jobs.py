"""The work `offers` wants done from time to time.

Owns `expire_all`, `settle_waiting` and `bring_home_all`. Must not decide when: app/scheduler.py does (every few seconds is right; nothing depends on it, since
every use checks the time itself).
"""

from __future__ import annotations

from app.kernel.db import Database
from app.kernel.logs import get_logger
from app.security.settings import SecuritySettings
from offers import chunks, facade
from offers.tills import offline

log = get_logger(__name__)
_MOST_BATCHES = 200


def expire_all(database: Database, batch: int = 500) -> int:
    """Expire and take back until nothing is due; a short transaction each time. Safe to run in several places."""
    total = 0
    for _ in range(_MOST_BATCHES):
        with database.transaction() as session:
            count = facade.expire_due(session, database.clock.now(), batch)
        total += count
        if count == 0:
            break
    if total:
        log.info("coupons_expired", count=total)
    return total


def settle_waiting(database: Database, settings: SecuritySettings | None = None) -> int:
    """Uses at tills of coupons that an order held or whose holder was frozen: ended now if that has. One transaction each."""
    with database.reading() as session:
        waiting = offline.waiting(session)
    ended = 0
    for till_id, seq in waiting:
        with database.transaction() as session:
            ended += offline.settle(session, till_id, seq, database.clock.now(), settings)
    return ended


def bring_home_all(database: Database) -> int:
    """What is in chunks goes back to its campaign, as far as nobody is at it. A short transaction each; returns of how many campaigns."""
    with database.reading() as session:
        campaign_ids = chunks.with_chunks(session)
    home = 0
    for campaign_id in campaign_ids:
        with database.transaction() as session:
            home += chunks.bring_home(session, campaign_id)
    return home
