"""Keys go with an erasure, wherever it was interrupted, and a backup brings nobody back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy import shredding
from app.privacy.jobs import erase_again, finish_erasures
from app.privacy.models import ShredRow
from app.privacy.privacy import HOLDERS
from app.privacy.subjects import erase, register_holders
from app.security.shoppers import register_device, shopper_exists
from app.security.vault import Destroyed, open_for, seal_for
from tests.conftest import START


@pytest.fixture
def jane(database: Database) -> str:
    register_holders(*HOLDERS)
    with database.transaction() as session:
        return register_device(session, "Jane's phone", "ios", START).shopper_id


def _waiting(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(ShredRow)) or 0


class TestFinish:
    def test_the_key_is_gone_when_the_erasure_is_answered(self, database: Database, jane: str) -> None:
        sealed = seal_for(jane, "email", b"jane@example.org")
        with database.transaction() as session:
            erase(session, jane, START)
        with pytest.raises(Destroyed):
            open_for("email", sealed)
        assert _waiting(database) == 0

    def test_killed_after_the_commit_it_is_finished_by_the_next(self, database: Database, jane: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Seen to fail when the key was destroyed after the commit with nothing to remember it by."""
        sealed = seal_for(jane, "email", b"jane@example.org")
        with monkeypatch.context() as killed:
            killed.setattr(shredding, "_at_once", lambda database: None)
            with database.transaction() as session:
                erase(session, jane, START)
        assert open_for("email", sealed) == b"jane@example.org"
        assert _waiting(database) == 1
        assert finish_erasures(database) == 1
        with pytest.raises(Destroyed):
            open_for("email", sealed)
        assert (_waiting(database), finish_erasures(database)) == (0, 0)

    def test_what_is_rolled_back_destroys_nothing(self, database: Database, jane: str) -> None:
        """Seen to fail when the key was destroyed within the transaction."""
        sealed = seal_for(jane, "email", b"jane@example.org")
        with pytest.raises(ZeroDivisionError), database.transaction() as session:
            assert erase(session, jane, START).erased["security.people"] / 0
        assert finish_erasures(database) == 0
        assert open_for("email", sealed) == b"jane@example.org"

    def test_a_reader_in_the_way_only_puts_it_off(self, database: Database, jane: str) -> None:
        with database.reading() as reader:
            reader.execute(select(ShredRow)).all()
            with database.transaction() as session:
                erase(session, jane, START)
            assert _waiting(database) == (1 if database.dialect == "sqlite" else 0)
        finish_erasures(database)
        assert _waiting(database) == 0


class TestEraseAgain:
    def test_who_comes_back_with_a_backup_is_erased_again(self, database: Database, jane: str, tmp_path: Path, clock: ManualClock) -> None:
        """Seen to fail when nothing looked: the row of a shopper who was erased stood in the database again."""
        if database.dialect != "sqlite":
            return
        database.empty_log()
        shutil.copy(str(database.url.database), tmp_path / "old.sqlite3")
        with database.transaction() as session:
            erase(session, jane, START)
        restored = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}", clock=clock)
        assert erase_again(restored) == 1
        with restored.reading() as session:
            assert not shopper_exists(session, jane)
        assert erase_again(restored) == 0
        restored.close()
