"""Fixtures for the whole suite: a fresh database on each engine, a clock one can move.

Every test that takes `database` runs twice, on SQLite (a file, as in production) and on a real PostgreSQL.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.migrations import upgrade
from app.security.vault import FILE_NAME, Vault, use_vault
from tests import canaries, engines
from tests.brokers.kafka import Kafka
from tests.engines import PostgresServer

canaries.install()
engines.install()
gc.disable()  # until all tests are collected: what is made by then stays

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


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="mmpg"))
    server = PostgresServer(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """One broker per test process that needs one; tests take a topic and a group of their own."""
    with tempfile.TemporaryDirectory(prefix="mmkafka", ignore_cleanup_errors=True) as folder:
        server = Kafka(Path(folder))
        yield server
        server.stop()


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


def pytest_collection_finish() -> None:
    """Ten thousand tests are not looked through again for rubbish each time one of them has left some."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


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
