"""An upgrade does not stop the release before: from 0072 on, revisions only add (docs/operations.md, Upgrades)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from app import migrations
from app.kernel.db import Database
from app.migrations import downgrade, upgrade

BEFORE = "0071"
TAKEN_AWAY: dict[str, str] = {}
"""What a revision may take away: `table` or `table.column`, and which release stopped using it."""

Schema = dict[str, dict[str, Any]]


def schema(connection: sa.Connection) -> Schema:
    """Columns by table, and what may be there once only."""
    look = sa.inspect(connection)
    found: Schema = {name: {c["name"]: c for c in look.get_columns(name)} for name in look.get_table_names() if "_fts" not in name}
    for name, columns in found.items():
        once = [i["column_names"] for i in look.get_indexes(name) if i["unique"]] + [u["column_names"] for u in look.get_unique_constraints(name)]
        columns[""] = sorted({",".join(str(c) for c in each) for each in once})
    return found


def narrowed(before: Schema, after: Schema) -> list[str]:
    """What code that knows only `before` would stumble over."""
    found: list[str] = []
    for table, columns in before.items():
        there = after.get(table)
        if there is None:
            found.append(f"{table}: gone")
            continue
        found += [f"{table}: once only: {each}" for each in there[""] if each not in columns[""]]
        for name, column in columns.items():
            if not name:
                continue
            if name not in there:
                found.append(f"{table}.{name}: gone")
            elif column["nullable"] and not there[name]["nullable"]:
                found.append(f"{table}.{name}: must be given now")
            elif str(column["type"]) != str(there[name]["type"]):
                found.append(f"{table}.{name}: another type")
        found += [f"{table}.{n}: must be given" for n, c in there.items() if n and n not in columns and not c["nullable"] and c["default"] is None]
    return [each for each in found if each.split(":")[0] not in TAKEN_AWAY]


def held_up(statements: list[str], before: Schema) -> list[str]:
    """Indexes that PostgreSQL would build on a table in use while its writers wait."""
    made = [re.match(r"\s*CREATE (?:UNIQUE )?INDEX (?!CONCURRENTLY).*? ON \"?(\w+)", each) for each in statements]
    return [found[1] for found in made if found and found[1] in before]


class TestExpanding:
    def test_each_revision_only_adds(self, database: Database) -> None:
        revisions = [r.revision for r in ScriptDirectory(str(Path(migrations.__file__).parent)).walk_revisions(BEFORE, "head")][::-1][1:]
        assert revisions[0] == "0072"
        downgrade(database, BEFORE)
        said: list[str] = []
        sa.event.listen(database.engine, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
        for revision in revisions:
            with database.engine.connect() as connection:
                before = schema(connection)
            said.clear()
            upgrade(database, revision)
            waits = held_up(said, before) if database.dialect == "postgresql" else []
            with database.engine.connect() as connection:
                assert (revision, narrowed(before, schema(connection)), waits) == (revision, [], [])

    @pytest.mark.parametrize(
        ("statement", "says"),
        [
            ("DROP TABLE kernel_lease", "kernel_lease: gone"),
            ("ALTER TABLE kernel_lease DROP COLUMN owner", "kernel_lease.owner: gone"),
            ("ALTER TABLE kernel_lease RENAME COLUMN owner TO holder", "kernel_lease.owner: gone"),
            ("CREATE UNIQUE INDEX one_each ON kernel_lease (owner)", "kernel_lease: once only: owner"),
        ],
    )
    def test_what_takes_away_is_noticed(self, database: Database, statement: str, says: str) -> None:
        with database.engine.begin() as connection:
            before = schema(connection)
            connection.execute(sa.text(statement))
            assert narrowed(before, schema(connection)) == [says]

    def test_what_must_be_given_is_noticed(self) -> None:
        old = {"t": {"": [], "a": {"nullable": True, "type": "TEXT", "default": None}}}
        new = {"t": {"": [], "a": {"nullable": False, "type": "TEXT", "default": None}, "b": {"nullable": False, "type": "TEXT", "default": None}, "c": {"nullable": False, "type": "TEXT", "default": "''"}}}
        assert narrowed(old, new) == ["t.a: must be given now", "t.b: must be given"]

    def test_an_index_that_holds_writers_up_is_noticed(self) -> None:
        assert held_up(["CREATE INDEX x ON t (a)", "CREATE INDEX CONCURRENTLY y ON t (b)", "CREATE INDEX z ON new (a)"], {"t": {}}) == ["t"]
