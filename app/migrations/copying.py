"""Everything in one database into another, empty one: how a house moves from SQLite to PostgreSQL.

Owns that nobody else has the source open, the order of the tables, and the proof that both sides hold the same. All or nothing: the target
is written in one transaction, which ends in a commit only when every table was read back and is equal. Rows are copied as they are: what
is sealed stays sealed, and no key is in them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, StaticPool, Table, create_engine, func, inspect, literal, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Base, Database, connection_of
from app.kernel.errors import AppError
from app.migrations import current, metadata, upgrade
from app.migrations.tally import Tally, chunks, tally_of

PLANTED = "privacy_consent_head"
"""The one table that a revision itself puts a row into."""
UNTOUCHED = "before any change"
STOP = "stop every `moments serve`, `scheduler` and `worker` that uses it, and begin again"


@dataclass(frozen=True)
class Copied:
    """A table on both sides."""

    table: str
    rows: int
    checksum: str
    there_rows: int
    there_checksum: str

    @property
    def equal(self) -> bool:
        return (self.rows, self.checksum) == (self.there_rows, self.there_checksum)


class Differs(Exception):
    """Undoes the transaction of the target; `found` are all tables."""

    def __init__(self, found: Sequence[Copied]) -> None:
        super().__init__(", ".join(one.table for one in found if not one.equal))
        self.found = found


def copy_all(source: Database, target: Database) -> list[Copied]:
    """Raises `Differs`, or `AppError` for what stands in the way; then the target is as empty as it was."""
    if target.dialect != "postgresql":
        raise AppError("--to: the target is a PostgreSQL; write postgresql://USER@HOST/NAME")
    if source.url == target.url:
        raise AppError("--to: that is the database that is in use here")
    at, newest = current(source)
    if at != newest:
        raise AppError("the source is not at this release's revision; run: moments migrate")
    require_empty(target)
    with alone(source) as reading:
        upgrade(target)
        require_empty(target)
        with target.transaction() as session:
            found = _copied(reading, session)
            if not all(one.equal for one in found):
                raise Differs(found)
    with target.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))  # plans are made from what is there, not from what was
    return found


def require_empty(target: Database) -> None:
    """No table of anybody else's, and no row in ours: what a copy that was killed has left is empty too."""
    ours = metadata().tables
    with target.engine.connect() as connection:
        there = set(inspect(connection).get_table_names()) - {"alembic_version"}
        if strange := sorted(there - set(ours)):
            raise AppError(f"--to: the target is not empty, it has a table {strange[0]}; name a database that was just created")
        for name in sorted(there):
            rows = select(literal(1)).select_from(ours[name]).limit(1)
            if name == PLANTED:
                rows = rows.where(ours[name].c.stamp != UNTOUCHED)
            if connection.execute(rows).first() is not None:
                raise AppError(f"--to: the target is not empty, {name} has rows; name a database that was just created")


@contextmanager
def alone(source: Database) -> Iterator[Connection]:
    """A connection that reads one state of the source while nobody else has it open: what were written meanwhile would stay behind."""
    source.engine.dispose()
    if source.dialect == "sqlite":
        with closing(sqlite3.connect(str(source.url.database), isolation_level=None, timeout=1.0)) as driver:
            try:
                driver.execute("PRAGMA locking_mode=EXCLUSIVE")  # before the first look, else others that look stay unnoticed
                driver.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise AppError(f"another process has the database open: {STOP}") from error
            engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
            with engine.connect() as connection:
                yield connection
        return
    with source.engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True) as connection:
        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        if connection.execute(text(others)).scalar():
            raise AppError(f"another process is connected to the database: {STOP}")
        yield connection


def _copied(reading: Connection, session: Session) -> list[Copied]:
    models = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    tables = metadata().sorted_tables
    writing = connection_of(session)
    writing.execute(metadata().tables[PLANTED].delete())
    here: list[Tally] = []
    for table in tables:
        tally = Tally(table)
        try:
            for rows in chunks(reading, table):
                tally.add(rows)
                insert_many(session, models[table], [column.name for column in table.columns], rows)
        except DBAPIError as error:
            raise AppError(f"{table.name} cannot be copied: PostgreSQL says {_first_line(error)}; nothing was copied") from error
        _count_on(reading, writing, table)
        here.append(tally)
    return [_compared(tally, tally_of(writing, tally.table)) for tally in here]


def _compared(here: Tally, there: Tally) -> Copied:
    return Copied(here.table.name, here.rows, here.checksum, there.rows, there.checksum)


def _count_on(reading: Connection, writing: Connection, table: Table) -> None:
    """Numbers that the database gives go on after the last one given, also where its row is gone."""
    column = table.autoincrement_column
    if column is None or not (sequence := _sequence(writing, table.name, column.name)):
        return
    last = reading.execute(select(func.max(column))).scalar() or 0
    if reading.dialect.name == "sqlite":
        has = reading.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'")).first()
        given = reading.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": table.name}).scalar() if has else None
    else:
        given = reading.execute(text("SELECT last_value FROM pg_sequences WHERE schemaname || '.' || sequencename = :name"), {"name": _sequence(reading, table.name, column.name)}).scalar()
    if last := max(last, given or 0):
        writing.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


def _sequence(connection: Connection, table: str, column: str) -> Any:
    """SQLite has none by name, and no need of one."""
    if connection.dialect.name == "sqlite":
        return None
    return connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table, "column": column}).scalar()


def _first_line(error: DBAPIError) -> str:
    """What PostgreSQL says, without the line in which it quotes the row."""
    return str(error.orig).splitlines()[0]
