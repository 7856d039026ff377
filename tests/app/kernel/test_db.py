"""The one transaction: all or nothing, races decided by one UPDATE, both engines alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from app.kernel.db import Database, insert_new, moved
from app.kernel.outbox import InboxRow

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)


def _row(event_id: str = "e1") -> InboxRow:
    return InboxRow(consumer="c", event_id=event_id, handled_at=NOW)


class TestTransaction:
    def test_commits_at_the_end(self, database: Database) -> None:
        with database.transaction() as session:
            session.add(_row())
        with database.reading() as session:
            assert session.scalars(select(InboxRow.event_id)).all() == ["e1"]

    def test_an_error_leaves_nothing(self, database: Database) -> None:
        woken: list[int] = []
        def work() -> None:
            with database.transaction() as session:
                session.add(_row())
                session.flush()
                session.info["after_commit"].append(lambda: woken.append(1))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            work()
        with database.reading() as session:
            assert session.scalars(select(InboxRow.event_id)).all() == []
        assert woken == []

    def test_wakes_after_the_commit_only(self, database: Database) -> None:
        seen: list[str] = []

        def look() -> None:
            with database.reading() as reader:
                seen.extend(reader.scalars(select(InboxRow.event_id)).all())

        with database.transaction() as session:
            session.add(_row())
            session.info["after_commit"].append(look)
        assert seen == ["e1"]

    @pytest.mark.parametrize("fails", [False, True])
    def test_what_is_written_afterwards_stays_however_it_ended(self, database: Database, fails: bool) -> None:
        def write(again: Database) -> None:
            with again.transaction() as later:
                later.add(_row("late"))

        def work() -> None:
            with database.transaction() as session:
                session.info["afterwards"].append(write)
                if fails:
                    session.add(_row("lost"))
                    session.flush()
                    raise ZeroDivisionError

        if fails:
            with pytest.raises(ZeroDivisionError):
                work()
        else:
            work()
        with database.reading() as session:
            assert session.scalars(select(InboxRow.event_id)).all() == ["late"]

    def test_after_a_look_too(self, database: Database) -> None:
        seen: list[Database] = []
        with database.reading() as session:
            session.info["afterwards"].append(seen.append)
            assert seen == []
        assert seen == [database]

    def test_nesting_is_refused_by_name(self, database: Database) -> None:
        with database.transaction(), pytest.raises(RuntimeError, match="already open"), database.transaction():
            pass

    def test_a_read_throws_writes_away(self, database: Database) -> None:
        with database.reading() as session:
            session.add(_row())
            session.flush()
        with database.reading() as session:
            assert session.scalars(select(InboxRow.event_id)).all() == []


    def test_what_the_server_has_prepared_outlives_a_look(self, database: Database) -> None:
        """Planted bug: the driver rolled back by itself, and every statement was parsed and planned anew for every request."""
        if database.dialect == "sqlite":
            return  # it prepares in our own process
        alone = Database(database.url.render_as_string(hide_password=False), pool_size=1)
        statement = select(InboxRow.event_id.label("outlives"))
        kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :what")

        def look(within: Callable[[], AbstractContextManager[Session]], *, fails: bool = False) -> int:
            found = 0
            with suppress(ZeroDivisionError), within() as session:
                found = session.execute(kept, {"what": "%outlives%"}).scalar_one()
                session.execute(statement).all()
                if fails:
                    raise ZeroDivisionError
            return found

        try:
            assert [look(alone.reading) for _ in range(9)][:2] == [0, 0]  # the driver has it prepared when it comes often
            assert (look(alone.transaction, fails=True), look(alone.reading)) == (1, 1)
        finally:
            alone.close()


class TestMoved:
    def test_of_sixteen_racers_one_moves(self, database: Database) -> None:
        """Planted bug: a SELECT before an unconditional UPDATE let several racers through on PostgreSQL."""
        with database.transaction() as session:
            session.add(_row())
        later = NOW + timedelta(days=1)
        gate = threading.Barrier(16)
        wins: list[bool] = []

        def race() -> None:
            gate.wait()
            with database.transaction() as session:
                wins.append(moved(session, update(InboxRow).where(InboxRow.event_id == "e1", InboxRow.handled_at == NOW).values(handled_at=later)))

        threads = [threading.Thread(target=race) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(wins) == [False] * 15 + [True]

    def test_two_rows_are_an_error_and_undone(self, database: Database) -> None:
        with database.transaction() as session:
            session.add_all([_row("a"), _row("b")])
        with pytest.raises(RuntimeError, match="touched 2"), database.transaction() as session:
            moved(session, update(InboxRow).where(InboxRow.consumer == "c").values(consumer="d"))
        with database.reading() as session:
            assert set(session.scalars(select(InboxRow.consumer))) == {"c"}


class TestInsertNew:
    def test_second_insert_is_told_and_changes_nothing(self, database: Database) -> None:
        values = {"consumer": "c", "event_id": "e", "handled_at": NOW}
        with database.transaction() as session:
            assert insert_new(session, InboxRow, values, unique=["consumer", "event_id"])
            assert not insert_new(session, InboxRow, values | {"handled_at": NOW + timedelta(days=1)}, unique=["consumer", "event_id"])
        with database.reading() as session:
            assert session.scalars(select(InboxRow.handled_at)).all() == [NOW]


class TestInstant:
    def test_keeps_microseconds_and_turns_zones_to_utc(self, database: Database) -> None:
        helsinki = NOW.astimezone(timezone(timedelta(hours=2)))
        with database.transaction() as session:
            session.add(InboxRow(consumer="c", event_id="e", handled_at=helsinki))
        with database.reading() as session:
            at = session.scalars(select(InboxRow.handled_at)).one()
        assert at == NOW
        assert at.tzinfo is UTC or at.utcoffset() == timedelta(0)

    def test_a_naive_time_is_refused(self, database: Database) -> None:
        with pytest.raises(Exception, match="aware datetime"), database.transaction() as session:
            session.add(InboxRow(consumer="c", event_id="e", handled_at=NOW.replace(tzinfo=None)))


class TestSqlitePragmas:
    def test_an_answered_write_is_on_the_disk(self, database: Database) -> None:
        if database.dialect != "sqlite":
            with database.reading() as session:
                assert session.connection().exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            return
        with database.reading() as session:
            assert session.connection().exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


class TestEmptyLog:
    def test_nothing_stands_in_the_log_any_more(self, database: Database) -> None:
        with database.transaction() as session:
            session.add(_row("what-was-deleted"))
        with database.transaction() as session:
            session.execute(delete(InboxRow))
        assert database.empty_log()
        if database.dialect == "sqlite":
            files = [Path(f"{database.url.database}{end}") for end in ("", "-wal")]
            assert not [f for f in files if b"what-was-deleted" in f.read_bytes()]
            assert files[1].stat().st_size == 0

    def test_says_when_a_reader_is_in_the_way(self, database: Database) -> None:
        if database.dialect != "sqlite":
            return
        with database.reading() as session:
            session.scalars(select(InboxRow.event_id)).all()
            with database.transaction() as writing:
                writing.add(_row())
            assert not database.empty_log()
        assert database.empty_log()
