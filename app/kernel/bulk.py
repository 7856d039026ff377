"""Many rows in one statement, on both engines: insert, upsert, delete, and asking for a list of ids.

Owns the SQL of it, and that of a few rows of several tables. SQLite runs one prepared statement over the rows, PostgreSQL takes one array a column; neither is
compiled anew for another number of rows. Must not know any table, and must not be used to move a state: that is one
conditional UPDATE (`app.kernel.db.moved`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple, cast

import msgspec
from sqlalchemy import JSON, Boolean, DateTime, LargeBinary, Select, Table, Text, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import dialect as postgresql_dialect
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from app.kernel.db import Base, Instant, connection_of


def insert_many(
    session: Session,
    model: type[Base],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    unique: Sequence[str] = (),
    replace: Sequence[str] = (),
    unless: str | None = None,
) -> None:
    """Insert `rows`, each a sequence of values in the order of `columns`; nothing happens for no rows.

    With `unique`, a row that exists already is left as it is, or has its columns `replace` set from the new row;
    `unless` names a column that must be NULL in the existing row for that (a visit that has ended stays as it ended).
    """
    if not rows:
        return
    table = cast("Table", model.__table__)
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        statement, converters = _sqlite(table, tuple(columns), tuple(unique), tuple(replace), unless)
        values: Any = list(zip(*_converted(rows, converters), strict=True))
    else:
        statement, converters = _postgresql(table, tuple(columns), tuple(unique), tuple(replace), unless)
        values = tuple(_converted(rows, converters))
    connection.exec_driver_sql(statement, values)


Rows = tuple[type[Base], tuple[str, ...], Sequence[Sequence[Any]]]
"""Of a table, the columns and the rows of their values that are to be added."""


class RowsIf(NamedTuple):
    """Rows that are added only if `look`, a statement without values that was built once, finds any row."""

    model: type[Base]
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    look: Select[Any]


def insert_together(session: Session, *parts: Rows | RowsIf) -> None:
    """Insert a few rows of several tables. On PostgreSQL by one statement: there each costs a journey, and more time on our side than on
    the server's. Foreign keys are looked at once all are there."""
    session.flush()
    filled = [part for part in parts if part[2]]
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        for part in filled:
            if not isinstance(part, RowsIf) or connection.execute(part.look).first() is not None:
                insert_many(session, *part[:3])
    elif filled:
        statement, converters = _at_once(tuple((cast("Table", part[0].__table__), part[1], len(part[2]), part.look if isinstance(part, RowsIf) else None) for part in filled))
        values = (value for part in filled for row in part[2] for value in row)
        given = tuple(convert(value) if convert else value for convert, value in zip(converters, values, strict=True))
        connection.exec_driver_sql(statement, given)


@cache
def _at_once(parts: tuple[tuple[Table, tuple[str, ...], int, Select[Any] | None], ...]) -> tuple[str, tuple[Converter, ...]]:
    statements: list[str] = []
    converters: list[Converter] = []
    for table, columns, count, look in parts:
        kinds = [_postgresql_kind(table.c[name].type) for name in columns]
        marks = "VALUES " + ", ".join([f"({', '.join(f'%s::{kind}' for kind in kinds)})"] * count)
        if look is not None:
            found = look.compile(dialect=postgresql_dialect(), compile_kwargs={"literal_binds": True})
            marks = f"SELECT * FROM ({marks}) AS given WHERE EXISTS ({found})"  # noqa: S608 - names of our own tables
        statements.append(f"INSERT INTO {table.name} ({', '.join(_quoted(columns))}) {marks}")
        converters += [_TO_POSTGRESQL.get(kind) for kind in kinds] * count
    *before, last = statements
    with_these = ", ".join(f"part_{n} AS ({statement})" for n, statement in enumerate(before))
    return (f"WITH {with_these} {last}" if before else last), tuple(converters)


Converter = Callable[[Any], Any] | None
_encode = msgspec.json.Encoder().encode


def _converted(rows: Sequence[Sequence[Any]], converters: Sequence[Converter]) -> Iterator[list[Any]]:
    """`rows` column by column, as the driver wants them."""
    for column, convert in zip(zip(*rows, strict=True), converters, strict=True):
        yield list(map(convert, column)) if convert else list(column)


@cache
def _sqlite(table: Table, columns: tuple[str, ...], unique: tuple[str, ...], replace: tuple[str, ...], unless: str | None) -> tuple[str, tuple[Converter, ...]]:
    marks = ", ".join("?" for _ in columns)
    statement = f"INSERT INTO {table.name} ({', '.join(_quoted(columns))}) VALUES ({marks}){_on_conflict(table, unique, replace, unless)}"  # noqa: S608 - names of our own tables
    return statement, tuple(_to_sqlite(table.c[name].type) for name in columns)


@cache
def _postgresql(table: Table, columns: tuple[str, ...], unique: tuple[str, ...], replace: tuple[str, ...], unless: str | None) -> tuple[str, tuple[Converter, ...]]:
    kinds = [_postgresql_kind(table.c[name].type) for name in columns]
    arrays = ", ".join("%s::text[]::jsonb[]" if kind == "jsonb" else f"%s::{kind}[]" for kind in kinds)
    statement = f"INSERT INTO {table.name} ({', '.join(_quoted(columns))}) SELECT * FROM unnest({arrays}){_on_conflict(table, unique, replace, unless)}"  # noqa: S608 - as above
    return statement, tuple(_TO_POSTGRESQL.get(kind) for kind in kinds)


def _on_conflict(table: Table, unique: tuple[str, ...], replace: tuple[str, ...], unless: str | None) -> str:
    if not unique:
        return ""
    target = f" ON CONFLICT ({', '.join(_quoted(unique))}) DO "
    if not replace:
        return target + "NOTHING"
    changes = ", ".join(f"{name} = excluded.{name}" for name in _quoted(replace))
    return f"{target}UPDATE SET {changes}" + (f" WHERE {table.name}.{unless} IS NULL" if unless else "")


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]


def _to_sqlite(kind: TypeEngine[Any]) -> Converter:
    if isinstance(kind, Instant | DateTime):
        return _instant_text
    if isinstance(kind, JSON):
        return _json_text
    return int if isinstance(kind, Boolean) else None


def _aware(value: datetime | None) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise ValueError("an Instant needs an aware datetime")
    return value


def _instant_text(value: datetime | None) -> str | None:
    """As SQLAlchemy writes it: UTC without a zone, always with microseconds."""
    if _aware(value) is None or value is None:
        return None
    text = (value if value.tzinfo is UTC else value.astimezone(UTC)).isoformat(" ", "microseconds")
    return text[:26]


def _json_text(value: Any) -> str | None:
    return None if value is None else _encode(value).decode()


_TO_POSTGRESQL: dict[str, Converter] = {"jsonb": _json_text, "timestamptz": _aware}


def _postgresql_kind(kind: TypeEngine[Any]) -> str:
    if isinstance(kind, Instant | DateTime):
        return "timestamptz"
    if isinstance(kind, JSON):
        return "jsonb"
    if isinstance(kind, LargeBinary):
        return "bytea"
    return kind.compile(dialect=postgresql_dialect()).split("(")[0].lower()


def delete_many(session: Session, model: type[Base], key: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Delete the rows whose text columns `key` have the values of one of `rows`; what is not there is not missed."""
    if not rows:
        return
    table = cast("Table", model.__table__)
    connection = connection_of(session)
    if connection.dialect.name == "sqlite":
        match = " AND ".join(f"{name} = ?" for name in _quoted(key))
        connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE {match}", list(map(tuple, rows)))  # noqa: S608 - names of our own tables
        return
    columns, arrays = ", ".join(_quoted(key)), ", ".join("%s::text[]" for _ in key)
    statement = f"DELETE FROM {table.name} WHERE ({columns}) IN (SELECT * FROM unnest({arrays}))"  # noqa: S608 - as above
    connection.exec_driver_sql(statement, tuple(map(list, zip(*rows, strict=True))))


def listed(session: Session, values: Collection[str]) -> Any:
    """A sub-select for `column.in_(...)` over any number of texts, bound as one value."""
    if session.get_bind().dialect.name == "sqlite":
        return select(func.json_each(literal(json.dumps(list(values)), Text)).table_valued("value").c.value)
    # an array, not JSON: of an array PostgreSQL knows how long it is, and plans by that
    return select(func.unnest(literal(list(values), ARRAY(Text))).column_valued("value"))
