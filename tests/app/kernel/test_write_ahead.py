"""Pages are copied beside the work: no commit does it, the log begins anew, and writers go on."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from app.kernel import write_ahead
from app.kernel.db import Base, Database
from app.kernel.outbox import InboxRow
from tests.app.kernel.test_db import NOW


@pytest.fixture
def house(tmp_path: Path) -> Database:
    found = Database(f"sqlite:///{tmp_path / 'house.sqlite3'}")
    Base.metadata.create_all(found.engine, tables=[Base.metadata.tables["kernel_inbox"]])
    assert found.empty_log()
    return found


def _write(database: Database, name: str) -> None:
    with database.transaction() as session:
        session.add(InboxRow(consumer="c", event_id=name, handled_at=NOW))


def _file(database: Database, end: str = "") -> Path:
    return Path(f"{database.url.database}{end}")


class TestCopying:
    def test_a_commit_copies_nothing_by_itself(self, house: Database) -> None:
        """Seen to fail with SQLite's own 1,000 pages."""
        before = _file(house).read_bytes()
        with house.transaction() as session:
            session.add_all(InboxRow(consumer="c", event_id=f"{n:08000d}", handled_at=NOW) for n in range(600))
        assert _file(house, "-wal").stat().st_size > 1_200 * 4_096
        assert _file(house).read_bytes() == before
        house.close()

    def test_after_so_many_commits_everything_is_copied(self, house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """Seen to fail without the thread."""
        monkeypatch.setattr(write_ahead, "EVERY", 3)
        copied = threading.Event()
        really = write_ahead._copied
        monkeypatch.setattr(write_ahead, "_copied", lambda connection: (really(connection), copied.set())[0])
        _write(house, "first-of-three")
        _write(house, "second-of-three")
        assert not copied.is_set()
        _write(house, "third-of-three")
        assert copied.wait(60)
        assert b"third-of-three" in _file(house).read_bytes()
        house.close()

    def test_a_file_that_does_not_open_is_tried_again_by_a_later_commit(self, house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """As when no descriptor is left. Seen to fail with the error let out of the thread."""
        monkeypatch.setattr(write_ahead, "EVERY", 1)
        copied, really = threading.Event(), write_ahead._copied
        monkeypatch.setattr(write_ahead, "_copied", lambda connection: (really(connection), copied.set())[0])
        copying = house._copying
        assert copying is not None
        there, copying._path = copying._path, str(_file(house).parent / "gone" / "house.sqlite3")
        _write(house, "while-it-is-gone")
        assert copying._thread is not None
        copying._thread.join(60)
        assert not copying._thread.is_alive()
        copying._path = there
        _write(house, "when-it-is-back")
        assert copied.wait(60)
        assert b"while-it-is-gone" in _file(house).read_bytes()
        house.close()

    def test_a_long_log_begins_anew_while_others_write(self, house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        """What comes during the first copying is copied under the turn of writers. Seen to fail without that second copying."""
        monkeypatch.setattr(write_ahead, "EVERY", 20)
        monkeypatch.setattr(write_ahead, "LONG_PAGES", 1)
        really, held, done = write_ahead._copied, [], threading.Event()

        def copied(connection: object) -> int:
            assert house._copying is not None
            assert house._writer_turn is not None
            held.append(house._writer_turn.locked() and not house._copying._open.is_set())
            pages = really(connection)  # type: ignore[arg-type]
            if len(held) == 1:
                writer = threading.Thread(target=_write, args=(house, "meanwhile"))
                writer.start()
                writer.join()
            else:
                done.set()
            return pages

        monkeypatch.setattr(write_ahead, "_copied", copied)
        for n in range(20):
            _write(house, f"row {n}")
        assert done.wait(60)
        assert held[:2] == [False, True]
        length = _file(house, "-wal").stat().st_size
        _write(house, "afterwards")
        assert _file(house, "-wal").stat().st_size == length  # written over the beginning
        with house.reading() as session:
            assert session.query(InboxRow).count() == 22
        house.close()

    def test_cutting_the_log_waits_for_the_copying(self, house: Database) -> None:
        assert house._copying is not None
        with house._copying.alone:
            assert not house.empty_log()
        assert house.empty_log()
        house.close()

    def test_a_thread_that_has_died_is_begun_again(self, house: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(write_ahead, "EVERY", 1)
        assert house._copying is not None
        _write(house, "one")
        first = house._copying._thread
        house._copying.close()
        _write(house, "two")
        second = house._copying._thread
        assert first is not None
        assert second is not None
        assert (first.is_alive(), second.is_alive()) == (False, True)
        house.close()
        assert not second.is_alive()
