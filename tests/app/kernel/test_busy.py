"""A lock that is not to be had in time is an answer one can act on, on both engines, and nothing has happened."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.kernel import db
from app.kernel.busy import DatabaseBusy, is_busy
from app.kernel.db import Database
from app.kernel.http import install_problems
from app.kernel.idempotency import IdempotencyRow
from tests.conftest import START


def row(key: str) -> IdempotencyRow:
    return IdempotencyRow(key_hash=key, request_hash="r", attempt=1, created_at=START)


def touch(session: Session, key: str) -> None:
    session.execute(update(IdempotencyRow).where(IdempotencyRow.key_hash == key).values(attempt=IdempotencyRow.attempt + 1))


@contextmanager
def held(database: Database, *keys: str) -> Iterator[None]:
    """Somebody, as another process would, has changed these rows and has not committed."""
    with database.engine.connect() as connection:
        for key in keys:
            connection.execute(text("UPDATE kernel_idempotency SET attempt = attempt WHERE key_hash = :key"), {"key": key})
        yield
        connection.rollback()


@pytest.fixture
def hasty(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """The same database; nothing is waited for longer than 50 ms."""
    with database.transaction() as session:
        session.add_all([row("a"), row("b")])
    monkeypatch.setattr(db, "BUSY_TIMEOUT_S", 0.05)
    hasty = Database(database.url.render_as_string(hide_password=False), clock=database.clock, pool_size=1)
    yield hasty
    hasty.close()


class TestBusy:
    def test_a_lock_that_does_not_come_is_a_503_and_nothing_has_happened(self, database: Database, hasty: Database) -> None:
        """Planted bug: as it was, what the driver said went through, a 500 on PostgreSQL."""
        app = FastAPI()
        install_problems(app)

        @app.post("/touch")
        def _touch() -> None:
            with hasty.transaction() as session:
                session.add(row("c"))
                session.flush()
                touch(session, "a")

        with held(database, "a"):
            answer = TestClient(app, raise_server_exceptions=False).post("/touch")
        assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "database_busy", "1")
        with hasty.reading() as session:
            assert session.scalar(select(IdempotencyRow).where(IdempotencyRow.key_hash == "c")) is None

    def test_of_two_who_wait_for_each_other_one_is_told_to_come_again(self, database: Database) -> None:
        """Planted bug: as above. SQLite lets the second in when the first is done."""
        with database.transaction() as session:
            session.add_all([row("a"), row("b")])
        both, busy = threading.Barrier(2), list[str]()

        def cross(first: str, second: str) -> None:
            try:
                with database.transaction() as session:
                    touch(session, first)
                    if database.dialect == "postgresql":
                        both.wait(20)
                    touch(session, second)
            except DatabaseBusy:
                busy.append(first)

        threads = [threading.Thread(target=cross, args=pair) for pair in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(busy) == (1 if database.dialect == "postgresql" else 0)

    def test_no_connection_in_time(self, hasty: Database) -> None:
        """Planted bug: only locks told."""
        with hasty.engine.connect(), hasty.engine.connect():
            for way in (hasty.transaction, hasty.reading):
                with pytest.raises(DatabaseBusy), way() as session:
                    session.execute(text("SELECT 1"))
            with pytest.raises(DatabaseBusy):
                hasty.glance(text("SELECT 1"), {})


class TestTelling:
    def test_what_is_broken_is_not_busy(self, database: Database) -> None:
        with pytest.raises(DBAPIError), database.transaction() as session:
            session.execute(text("SELECT * FROM nowhere"))
        assert not is_busy(ValueError("x"))
        assert not is_busy(OperationalError("SELECT", {}, sqlite3.OperationalError("disk I/O error")))
