"""Into how many partitions the log of fixes is divided, and which one is whose.

Owns that number: it is a fact of the database, settled when its log is begun, since everything in the log, and every state made of it, lies where
it says. Must not know who works on a partition (sharing.py).
"""

from __future__ import annotations

from typing import cast
from zlib import crc32

from sqlalchemy import Table, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Database, insert_new
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from geofences.models import FixLogRow, LogHeadRow, LogPartitionRow, SharedLogRow, TrackStateRow

MOST = 1_000_000
"""Partitions of fixes count from 0 and are fewer than this; other logs are counted from here on."""

_REMEMBERED = "fix_log_partitions"
_STATE = cast("Table", TrackStateRow.__table__)
_MOVE_STATE = (
    update(_STATE).where(_STATE.c.shopper_id == bindparam("of"), _STATE.c.device_id == bindparam("on")).values(partition=bindparam("to"))
)


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
        if (shared := session.scalar(select(SharedLogRow.topic))) is not None:
            raise AppError(f"the fixes of this database arrive in the topic {shared.partition(' ')[0]}: set MOMENTS_GEOFENCES__KAFKA_URL to where it is")
        if not _counted(session) and insert_new(session, LogPartitionRow, _fresh(0), unique=["partition"]):
            insert_many(session, LogPartitionRow, tuple(_fresh(0)), [tuple(_fresh(no).values()) for no in range(1, partitions)])
    with database.reading() as session:
        there = partition_count(session)
    if there != partitions:
        raise AppError(f"MOMENTS_GEOFENCES__PARTITIONS is {partitions}, but the log of this database was begun with {there}: set it to {there}")


def establish_shared(database: Database, topic: str, partitions: int) -> str:
    """Begin, or go on with, a log whose fixes arrive in this topic (told with its identity); the name of its keys. A log that was kept in the table is changed over
    once everything in it is worked in. Raises `AppError`, which says what to do, where that is not so or the topic is another."""
    with database.transaction() as session:
        at = database.clock.now()
        begun = insert_new(session, SharedLogRow, {"id": 1, "name": new_id("log"), "topic": topic, "begun_at": at, "unreadable_before": at}, unique=["id"])
        if begun:
            _change_over(session, partitions)
        name, there = session.execute(select(SharedLogRow.name, SharedLogRow.topic)).one()
        count = _counted(session)
    if there != topic:
        raise AppError(
            f"the fixes of this database arrive in the topic {there.partition(' ')[0]}, as it was made on {_begun(database)}; "
            "this is another one: set MOMENTS_GEOFENCES__KAFKA_URL and __KAFKA_TOPIC to where it is"
        )
    if count != partitions:
        raise AppError(f"MOMENTS_GEOFENCES__KAFKA_PARTITIONS is {partitions}, but the log of this database was begun with {count}: set it to {count}")
    return name


def _change_over(session: Session, partitions: int) -> None:
    """From the table. What it held to correct visits from is left behind; states go on in the partition that is theirs now."""
    head = select(LogHeadRow.partition).outerjoin(LogPartitionRow, LogPartitionRow.partition == LogHeadRow.partition)
    if session.scalar(head.where(LogHeadRow.partition < MOST, LogHeadRow.head > func.coalesce(LogPartitionRow.position, 0)).limit(1)) is not None:
        raise AppError(
            "the log in the database still holds fixes that are not worked in: take no more in, run one worker without "
            "MOMENTS_GEOFENCES__KAFKA_URL until moments_fix_log_waiting is 0, then set it again"
        )
    quietly = {"synchronize_session": False}
    for rows in (FixLogRow, LogHeadRow, LogPartitionRow):
        session.execute(delete(rows).where(rows.partition < MOST).execution_options(**quietly))
    insert_many(session, LogPartitionRow, tuple(_fresh(0)), [tuple(_fresh(no).values()) for no in range(partitions)])
    whose = session.execute(select(TrackStateRow.shopper_id, TrackStateRow.device_id)).all()
    divided = [{"of": shopper_id, "on": device_id, "to": partition_of(shopper_id, partitions)} for shopper_id, device_id in whose]
    if divided:
        session.connection().execute(_MOVE_STATE, divided)
    session.info["remembered"].pop(_REMEMBERED, None)


def _begun(database: Database) -> str:
    with database.reading() as session:
        at = session.scalar(select(SharedLogRow.begun_at))
    return at.isoformat(timespec="minutes") if at is not None else "an unknown day"


def _counted(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LogPartitionRow).where(LogPartitionRow.partition < MOST)) or 0


def _fresh(partition: int) -> dict[str, object]:
    return {"partition": partition, "epoch": 0, "position": 0, "read": 0, "watermark_at": None, "owner": None, "lease_until": None}
