"""Destroying the keys of those who were erased, so that nothing of theirs opens in any copy of the database.

Owns the order of the steps, which a crash may interrupt anywhere: that a key must go is committed with the erasure; then the key is
destroyed and the database's log emptied; only then is the reminder taken away. What was interrupted is finished at the next start and
by the scheduler (jobs.py). Must not decide who is erased (subjects.py).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import cast

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import Database, insert_new
from app.kernel.logs import get_logger
from app.privacy.models import ShredRow
from app.security.vault import owner_of, vault

log = get_logger(__name__)


def order(session: Session, shopper_ids: Collection[str], at: datetime) -> None:
    """These people's keys go with the caller's transaction: at once after it has committed, or as soon as that can be done."""
    for shopper_id in shopper_ids:
        insert_new(session, ShredRow, {"owner": owner_of(shopper_id), "asked_at": at}, unique=["owner"])
    session.info["after_commit"].append(partial(_at_once, cast("Database", session.info["database"])))


def _at_once(database: Database) -> None:
    try:
        finish(database)
    except Exception as error:  # noqa: BLE001 - the erasure stands; the scheduler goes on with its key
        log.warning("shredding_put_off", error=type(error).__name__)


def finish(database: Database) -> int:
    """Destroy what must still be destroyed; how many keys. Repeatable, and by several processes at once."""
    with database.reading() as session:
        owners = list(session.scalars(select(ShredRow.owner)))
    if not owners:
        return 0
    clean = vault().destroy(owners)
    if not (database.empty_log() and clean):
        return 0  # somebody was reading, and an older copy may stand in a log: the next turn tries again
    with database.transaction() as session:
        session.execute(delete(ShredRow).where(ShredRow.owner.in_(owners)).execution_options(synchronize_session=False))
    return len(owners)
