"""Into how many partitions the log of fixes is divided, and which one is whose.

Owns that number: it is a fact of the database, settled when its log is begun, since everything in the log, and every state made of it, lies where
it says. Must not know who works on a partition (sharing.py).
"""

from __future__ import annotations

from zlib import crc32

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Database, insert_new
from app.kernel.errors import AppError
from geofences.models import LogPartitionRow

MOST = 1_000_000
"""Partitions of fixes count from 0 and are fewer than this; other logs are counted from here on."""

_REMEMBERED = "fix_log_partitions"


def partition_of(shopper_id: str, partitions: int) -> int:
    """CRC-32 of the id (ISO 3309, as in gzip): the same in every process, on every machine and in every release."""
    return crc32(shopper_id.encode()) % partitions if partitions > 1 else 0


def partition_count(session: Session) -> int:
    """Of this database; 1 where its log has not begun. It never changes, so it is asked once."""
    remembered = session.info["remembered"]
    if _REMEMBERED not in remembered:
        count = _counted(session)
        if not count:
            return 1
        remembered[_REMEMBERED] = count
    return remembered[_REMEMBERED]


def establish(database: Database, partitions: int) -> None:
    """Begin the log with so many, if it has not begun. Raises `AppError` where it has begun with another number."""
    with database.transaction() as session:
        if not _counted(session) and insert_new(session, LogPartitionRow, _fresh(0), unique=["partition"]):
            insert_many(session, LogPartitionRow, tuple(_fresh(0)), [tuple(_fresh(no).values()) for no in range(1, partitions)])
    with database.reading() as session:
        there = partition_count(session)
    if there != partitions:
        raise AppError(f"MOMENTS_GEOFENCES__PARTITIONS is {partitions}, but the log of this database was begun with {there}: set it to {there}")


def _counted(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LogPartitionRow).where(LogPartitionRow.partition < MOST)) or 0


def _fresh(partition: int) -> dict[str, object]:
    return {"partition": partition, "epoch": 0, "position": 0, "read": 0, "watermark_at": None, "owner": None, "lease_until": None}
