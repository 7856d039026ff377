"""A key that has leaked ends at once, in every process, and it is known who ended it."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.security import key_changes, signing
from app.security.key_changes import Ended
from app.security.models import KeyChange
from app.security.sealing import derived_key, use_secrets
from app.security.secrets import FILE_NAME, Watched, load, load_or_create, new_secrets
from tests.conftest import START


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "data"
    changed = Watched(folder / FILE_NAME)
    use_secrets(load_or_create(folder), changed)
    yield folder
    use_secrets(new_secrets())


def revoke(database: Database, data_dir: Path, key_id: str, at: datetime = START) -> signing.CheckingKey:
    with database.transaction() as session:
        return key_changes.revoke(session, data_dir, "a", key_id, by="cli:ann", why="a till was stolen", at=at)


def rotate(database: Database, data_dir: Path, at: datetime = START) -> tuple[signing.CheckingKey, ...]:
    with database.transaction() as session:
        return key_changes.rotate(session, data_dir, "a", by="cli:ann", why="the file leaked", at=at)


class TestRevoke:
    def test_another_key_signs_at_once_and_the_other_weeks_go_on(self, database: Database, data_dir: Path) -> None:
        last, this, following = signing.checking_keys("a", START)
        made = revoke(database, data_dir, this.id.hex())
        assert signing.checking_keys("a", START) == (last, made, following)
        assert (made.period, made.turn, made.id != this.id) == (this.period, 1, True)
        signature = signing.sign("a", b"m", START)
        assert signing.checks(made.public, b"m", signature)
        assert not signing.checks(this.public, b"m", signature)
        assert signing.checking_keys("b", START)[1].turn == 0

    def test_the_ended_one_is_known_as_that(self, database: Database, data_dir: Path) -> None:
        """So that what it signed before can still be told apart from a stranger's."""
        this = signing.checking_key("a", START)
        revoke(database, data_dir, this.id.hex())
        [ended] = [key for key in signing.known_keys("a", START) if key.revoked_at is not None]
        assert (ended.id, ended.public, ended.revoked_at) == (this.id, this.public, START)
        assert not ended.revoked(START - timedelta(seconds=1))
        assert ended.revoked(START)

    def test_a_process_that_was_running_sees_it_with_the_next_signature(self, database: Database, data_dir: Path) -> None:
        """Seen to fail with `replaced_at` that did not ask for newer secrets: the other process signed on with the ended key."""
        this = signing.checking_key("a", START)
        old, watching = load(data_dir / FILE_NAME), Watched(data_dir / FILE_NAME)
        made = revoke(database, data_dir, this.id.hex())
        use_secrets(old, watching)  # as the other process stands
        assert signing.checking_key("a", START) == made

    def test_twice_gives_a_third_key(self, database: Database, data_dir: Path) -> None:
        first = signing.checking_key("a", START)
        second = revoke(database, data_dir, first.id.hex())
        third = revoke(database, data_dir, second.id.hex(), START + timedelta(minutes=1))
        assert len({first.id, second.id, third.id}) == 3
        assert [k.revoked_at for k in signing.known_keys("a", START) if k.period == first.period] == [START, START + timedelta(minutes=1), None]

    @pytest.mark.parametrize("key_id", ["", "zz", "00000000"])
    def test_no_such_key(self, database: Database, data_dir: Path, key_id: str) -> None:
        before = (data_dir / FILE_NAME).read_bytes()
        with pytest.raises(key_changes.NoSuchKey):
            revoke(database, data_dir, key_id)
        assert (data_dir / FILE_NAME).read_bytes() == before

    def test_an_ended_one_cannot_be_ended_again(self, database: Database, data_dir: Path) -> None:
        this = signing.checking_key("a", START)
        revoke(database, data_dir, this.id.hex())
        with pytest.raises(key_changes.NoSuchKey):
            revoke(database, data_dir, this.id.hex())

    def test_who_and_why_is_written_down(self, database: Database, data_dir: Path) -> None:
        this = signing.checking_key("a", START)
        revoke(database, data_dir, this.id.hex())
        with database.reading() as session:
            assert key_changes.ended(session, "a") == [Ended(this.id.hex(), "revoked", "cli:ann", "a till was stolen", START)]

    def test_without_the_file_nothing_is_written_down(self, database: Database, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Seen to fail with the error of the file kept quiet: a row told of a key that still counted."""
        this = signing.checking_key("a", START)

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "rename", full)
        with pytest.raises(OSError, match="No space"):
            revoke(database, data_dir, this.id.hex())
        with database.reading() as session:
            assert session.scalars(select(KeyChange)).all() == []
        assert signing.checking_key("a", START) == this
        assert [p.name for p in data_dir.iterdir()] == [FILE_NAME]


class TestRotate:
    def test_every_key_is_another_also_in_weeks_to_come(self, database: Database, data_dir: Path) -> None:
        """Seen to fail with a replacement for this week alone: who had the file could make the keys of all weeks to come."""
        later = START + timedelta(days=700)
        before = {k.id for k in (*signing.checking_keys("a", START), *signing.checking_keys("a", later))}
        made = rotate(database, data_dir)
        after = {k.id for k in (*made, *signing.checking_keys("a", later))}
        assert (len(before), len(after), before & after) == (6, 6, set())
        with database.reading() as session:
            assert sorted(c.change for c in key_changes.ended(session, "a")) == ["rotated"] * 3

    def test_what_else_is_derived_stays(self, database: Database, data_dir: Path) -> None:
        before = derived_key("links", 1), signing.checking_key("b", START)
        rotate(database, data_dir)
        assert (derived_key("links", 1), signing.checking_key("b", START)) == before


class TestTheFile:
    def test_stays_the_owner_s_alone_and_keeps_all_else(self, database: Database, data_dir: Path) -> None:
        before = load(data_dir / FILE_NAME)
        rotate(database, data_dir)
        after = load(data_dir / FILE_NAME)
        assert stat.S_IMODE((data_dir / FILE_NAME).stat().st_mode) == 0o600
        assert (after.sealing_keys, after.code_key, after.link_key, after.pepper) == (before.sealing_keys, before.code_key, before.link_key, before.pepper)
        assert [p.name for p in data_dir.iterdir()] == [FILE_NAME]

    def test_changes_at_once_lose_none(self, database: Database, data_dir: Path) -> None:
        """Seen to fail without the lock on the folder: of eight changes some were overwritten."""
        barrier = threading.Barrier(8)

        def change(purpose: str) -> None:
            barrier.wait()
            with database.transaction() as session:
                key_changes.rotate(session, data_dir, purpose, by="cli:ann", why="x", at=START)

        threads = [threading.Thread(target=change, args=(f"p{k}",)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(load(data_dir / FILE_NAME).replacements) == [f"p{k}" for k in range(8)]

    def test_no_secret_is_in_the_row_or_the_error(self, database: Database, data_dir: Path) -> None:
        rotate(database, data_dir)
        text = (data_dir / FILE_NAME).read_text()
        secrets = [part for part in text.split('"') if len(part) > 40]
        with database.reading() as session:
            told = "".join(f"{c.key_id}{c.by}{c.why}" for c in key_changes.ended(session, "a"))
        assert secrets
        assert not any(secret in told for secret in secrets)
