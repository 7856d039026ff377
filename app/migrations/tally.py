"""What is in a table, in two figures that both engines agree on: how many rows, and a sum of their fingerprints.

Owns how a value is written down so that it is the same text whichever engine it was read from. The sum does not depend on the order of the
rows, and unlike an exclusive-or it does not lose a row that is there twice. Must not write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import TSVECTOR, dialect

CHUNK = 1_000
"""Rows that are held at a time."""
_WRAP = 1 << 128


@dataclass(slots=True)
class Tally:
    """`add` the rows of one table; two tallies are equal when the tables hold the same."""

    table: Table
    rows: int = 0
    total: int = 0
    _words: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        self._words = [isinstance(column.type.dialect_impl(dialect()), TSVECTOR) for column in self.table.columns]

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            told = [_words_of(value) if words else _plain(value) for value, words in zip(row, self._words, strict=True)]
            text = json.dumps(told, sort_keys=True, separators=(",", ":"))
            self.total = (self.total + int.from_bytes(blake2b(text.encode(), digest_size=16).digest())) % _WRAP
            self.rows += 1

    @property
    def checksum(self) -> str:
        return f"{self.total:032x}"


def chunks(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    """All rows, a thousand at a time."""
    with connection.execution_options(yield_per=CHUNK).execute(select(table)) as found:
        yield from found.partitions()


def tally_of(connection: Connection, table: Table) -> Tally:
    tally = Tally(table)
    for rows in chunks(connection, table):
        tally.add(rows)
    return tally


def _plain(value: Any) -> Any:
    """Values that are equal are the same text, and none is the text of another kind."""
    if isinstance(value, datetime):
        return {"at": value.astimezone(UTC).isoformat(timespec="microseconds")}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": bytes(value).hex()}
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)  # jsonb makes of 1e22 what it is; in JSON both are one number
    if isinstance(value, dict):
        return {"document": {name: _plain(inner) for name, inner in value.items()}}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


def _words_of(value: str | None) -> Any:
    """A full-text vector is a set: SQLite keeps it as it was written, PostgreSQL sorted and in quotes."""
    return None if value is None else sorted(set(value.replace("'", "").split()))
