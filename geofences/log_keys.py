"""Keys of the shared log that do not last: each seals what is received in ten minutes, and is destroyed when that is worked in.

Owns which key is whose time's, and when it goes. A shared log keeps every record for days and rewrites none; so what may be kept of a fix
is taken out of it (adapters/shared_log.py), and the rest cannot be opened any more, by anybody, a few minutes after it was sent. The keys
lie with those of shoppers (app/security/vault.py), in no backup.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from app.kernel.db import Database
from app.security.vault import owner_of, vault
from geofences.models import LogPartitionRow, SharedLogRow
from geofences.partitions import MOST

SLOT_S = 600
MARGIN_S = 120.0
"""What is received late in a slot stands in the log a little after it: a fix may be from a clock half a minute ahead, and a send may take long."""
MOST_AT_ONCE = 144


def sealed_by(log_name: str, received_s: float) -> str:
    """In place of a shopper, whose key seals what is received then."""
    return f"{log_name}/{int(received_s // SLOT_S)}"


def destroy_spent(database: Database) -> int:
    """Destroy the keys of the times of which everything is worked in, by every partition; how many. Repeatable, in any process."""
    with database.reading() as session:
        log = session.execute(select(SharedLogRow.name, SharedLogRow.unreadable_before)).first()
        worked_in = _worked_in(session)
    if log is None or worked_in is None:
        return 0
    first = int(log.unreadable_before.timestamp() // SLOT_S)  # the log began in the middle of its first one
    end = min(int((worked_in.timestamp() - MARGIN_S) // SLOT_S), first + MOST_AT_ONCE)
    if end <= first:
        return 0
    vault().destroy([owner_of(sealed_by(log.name, slot * SLOT_S)) for slot in range(first, end)])
    with database.transaction() as session:
        told = update(SharedLogRow).where(SharedLogRow.unreadable_before < from_epoch_s(end * SLOT_S))
        session.execute(told.values(unreadable_before=from_epoch_s(end * SLOT_S)).execution_options(synchronize_session=False))
    return end - first


def _worked_in(session: Session) -> datetime | None:
    """Up to when all partitions have worked in everything; None where one has never."""
    kept = select(func.count(), func.count(LogPartitionRow.kept_at), func.min(LogPartitionRow.kept_at)).where(LogPartitionRow.partition < MOST)
    partitions, with_time, first = session.execute(kept).one()
    return first if partitions and partitions == with_time else None
