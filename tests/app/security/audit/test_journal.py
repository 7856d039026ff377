from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from app.kernel.clock import ManualClock, utc_text
from app.kernel.db import Database
from app.security.audit import checkpoint, journal
from app.security.audit.anchor import FILE_NAME
from app.security.audit.chain import Broken
from app.security.audit.models import AuditHead, AuditRow
from app.security.principals import NOBODY, Principal, Role

OLGA = Principal(Role.OPERATOR, "per_olga", session_id="ses_1")
JANE = Principal(Role.SHOPPER, "shp_jane", device_id="dev_1")


@pytest.fixture
def anchored(database: Database, tmp_path: Path) -> Path:
    journal.keep_anchor(database, tmp_path)
    return tmp_path / FILE_NAME


def _write(database: Database, count: int = 1, kind: str = "api_key.made") -> None:
    for i in range(count):
        with database.transaction() as session:
            journal.note(session, kind, by=OLGA, detail={"key": f"key_{i}"}, at=database.clock.now())


def _change(database: Database, statement: object) -> None:
    with database.transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]


def _verify(database: Database, anchored: Path | None = None) -> journal.Checked:
    with database.reading() as session:
        return journal.verify(session, anchored)


class TestNote:
    def test_commits_with_what_it_belongs_to(self, database: Database) -> None:
        def fail() -> None:
            with database.transaction() as session:
                journal.note(session, "lost", by=OLGA, at=database.clock.now())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        _write(database)
        with database.reading() as session:
            assert [(e.seq, e.kind, e.actor, e.detail) for e in journal.entries(session)] == [(1, "api_key.made", "operator:per_olga", '{"key":"key_0"}')]

    def test_several_in_one_transaction_keep_their_order(self, database: Database) -> None:
        with database.transaction() as session:
            for kind in ("one", "two", "three"):
                journal.note(session, kind, by="cli:olga", at=database.clock.now())
        with database.reading() as session:
            assert [(e.seq, e.kind) for e in journal.entries(session)] == [(3, "three"), (2, "two"), (1, "one")]
            assert journal.verify(session).broken is None

    def test_comes_after_all_else_that_waits_for_the_end(self, database: Database) -> None:
        """Writers lock the head last, in whatever order they were noted: else two could wait for each other.

        Seen to fail when the entry was appended where it was noted.
        """
        order: list[int] = []
        with database.transaction() as session:
            journal.note(session, "one", by=OLGA, at=database.clock.now())
            session.info["before_commit"].append(lambda: order.append(session.scalar(select(func.count()).select_from(AuditRow)) or 0))
        assert order == [0]

    def test_what_is_written_in_a_look_is_thrown_away(self, database: Database) -> None:
        with database.reading() as session:
            journal.note(session, "campaign.moved", by=OLGA, at=database.clock.now())
        assert _verify(database).entries == 0

    def test_writers_at_once_make_one_chain(self, database: Database, anchored: Path) -> None:
        """Seen to fail on PostgreSQL when the head was read without its lock."""
        barrier = threading.Barrier(6)

        def work() -> None:
            barrier.wait()
            _write(database, 5)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert _verify(database, anchored) == journal.Checked(30, 30, None)

    def test_a_shopper_stands_under_a_keyed_hash(self, database: Database) -> None:
        with database.transaction() as session:
            journal.note(session, "policy.deny", by=JANE, at=database.clock.now())
            journal.note(session, "x", by=NOBODY, at=database.clock.now())
        with database.reading() as session:
            anyone, hers = journal.entries(session)
            assert hers.subject_hash == journal.pseudonym("shp_jane")
            assert "shp_jane" not in str(hers)
            assert hers.actor.startswith("shopper:")
            assert (anyone.actor, anyone.subject_hash) == ("anyone", None)
            assert [e.seq for e in journal.entries(session, about="shp_jane")] == [1]
            assert [e.seq for e in journal.entries(session, kind="policy")] == [1]
            assert journal.export_entries(session, "shp_jane") == {"audit": [{"at": database.clock.now(), "kind": "policy.deny", "by": "shopper"}]}


class TestLookedAt:
    def test_is_written_when_the_look_is_over(self, database: Database) -> None:
        with database.reading() as session:
            journal.looked_at(session, "decision", by=OLGA, about="shp_jane", of="dec_1", at=database.clock.now())
        with database.reading() as session:
            (entry,) = journal.entries(session)
        assert (entry.kind, entry.actor, entry.subject_hash, entry.detail) == ("looked_at.decision", "operator:per_olga", journal.pseudonym("shp_jane"), '{"of":"dec_1"}')

    def test_her_own_look_and_one_at_nobody_are_not(self, database: Database) -> None:
        with database.reading() as session:
            journal.looked_at(session, "decision", by=JANE, about="shp_jane", at=database.clock.now())
            journal.looked_at(session, "decisions", by=OLGA, about=None, at=database.clock.now())
        assert _verify(database).entries == 0


class TestVerify:
    """Each of these was planted by SQL on a chain of five, as somebody with the database and without the secrets would."""

    @pytest.mark.parametrize(
        ("planted", "broken"),
        [
            (update(AuditRow).where(AuditRow.seq == 3).values(detail='{"key":"key_9"}'), Broken(3, "changed")),
            (update(AuditRow).where(AuditRow.seq == 1).values(actor="operator:per_eve"), Broken(1, "changed")),
            (update(AuditRow).where(AuditRow.seq == 5).values(subject_hash="0" * 64), Broken(5, "changed")),
            (update(AuditRow).where(AuditRow.seq == 4).values(hash="0" * 64), Broken(4, "changed")),
            (update(AuditRow).where(AuditRow.seq == 4).values(prev_hash="0" * 64), Broken(4, "unlinked")),
            (delete(AuditRow).where(AuditRow.seq == 2), Broken(2, "missing")),
            (delete(AuditRow).where(AuditRow.seq == 1), Broken(1, "missing")),
            (delete(AuditRow).where(AuditRow.seq == 5), Broken(5, "cut_off")),
            (delete(AuditHead), Broken(6, "cut_off")),
        ],
    )
    def test_names_the_first_broken_entry(self, database: Database, planted: object, broken: Broken) -> None:
        _write(database, 5)
        assert _verify(database).broken is None
        _change(database, planted)
        assert _verify(database).broken == broken

    def test_the_tail_and_the_head_cut_off_together_show_at_the_anchor(self, database: Database, anchored: Path) -> None:
        """Without the anchor nothing is to be seen: that is what it is for."""
        _write(database, 3)
        with database.reading() as session:
            third = journal.entries(session)[0].hash
        _write(database, 2)
        _change(database, delete(AuditRow).where(AuditRow.seq > 3))
        _change(database, update(AuditHead).values(seq=3, hash=third))
        assert _verify(database).broken is None
        assert _verify(database, anchored) == journal.Checked(3, 5, Broken(4, "cut_off"))

    def test_all_of_it_gone(self, database: Database, anchored: Path) -> None:
        _write(database, 3)
        _change(database, delete(AuditRow))
        _change(database, delete(AuditHead))
        assert _verify(database, anchored).broken == Broken(1, "cut_off")

    def test_an_anchor_that_is_gone_or_damaged_is_told(self, database: Database, anchored: Path) -> None:
        assert _verify(database, anchored).broken is None
        _write(database)
        anchored.write_text("{}")
        assert _verify(database, anchored).broken == Broken(1, "anchor_damaged")
        anchored.unlink()
        assert _verify(database, anchored).broken == Broken(1, "anchor_missing")

    def test_an_anchor_that_is_behind_is_well(self, database: Database, anchored: Path) -> None:
        """A process that died between its commit and the file."""
        _write(database, 2)
        database.remembered.pop(journal.ANCHOR)
        _write(database, 2)
        assert _verify(database, anchored) == journal.Checked(4, 2, None)

    def test_a_chain_longer_than_a_batch(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(journal, "BATCH", 3)
        _write(database, 6)
        assert _verify(database) == journal.Checked(6, None, None)
        _change(database, delete(AuditRow).where(AuditRow.seq == 4))
        assert _verify(database).broken == Broken(4, "missing")

    def test_still_fits_after_an_erasure(self, database: Database) -> None:
        from app.security.privacy import erase_shopper

        with database.transaction() as session:
            journal.note(session, "policy.deny", by=JANE, at=database.clock.now())
        with database.transaction() as session:
            erase_shopper(session, "shp_jane")
        assert _verify(database) == journal.Checked(1, None, None)


class TestVerifyLately:
    """Seen to fail on a checkpoint that is believed without its mark, and on one that is believed for ever."""

    def _look(self, database: Database, folder: Path, at: datetime) -> tuple[int, str | None, datetime]:
        with database.reading() as session:
            found, full_at = journal.verify_lately(session, folder, at)
        return found.entries, found.broken.what if found.broken else None, full_at

    def test_follows_what_is_new_and_says_when_it_followed_all(self, database: Database, clock: ManualClock, anchored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder, first = anchored.parent, clock.now()
        _write(database, 3)
        assert self._look(database, folder, first) == (3, None, first)
        _write(database, 2)
        read: list[int] = []
        monkeypatch.setattr(journal, "_entry", lambda row, real=journal._entry: (read.append(row.seq), real(row))[1])
        later = first + timedelta(hours=1)
        assert (self._look(database, folder, later), read) == ((5, None, first), [4, 5])
        assert self._look(database, folder, later) == (5, None, first)
        assert read == [4, 5]

    def test_follows_all_after_a_day(self, database: Database, clock: ManualClock, anchored: Path) -> None:
        folder, first = anchored.parent, clock.now()
        _write(database, 3)
        self._look(database, folder, first)
        _change(database, update(AuditRow).where(AuditRow.seq == 1).values(actor="nobody"))
        assert self._look(database, folder, first + timedelta(hours=23)) == (3, None, first)
        late = first + timedelta(hours=25)
        assert self._look(database, folder, late) == (0, "changed", late)

    def test_what_is_new_and_does_not_fit_is_named_at_once(self, database: Database, clock: ManualClock, anchored: Path) -> None:
        folder, at = anchored.parent, clock.now()
        _write(database, 3)
        self._look(database, folder, at)
        _write(database, 2)
        _change(database, delete(AuditRow).where(AuditRow.seq == 4))
        assert self._look(database, folder, at)[1] == "missing"
        _change(database, delete(AuditRow).where(AuditRow.seq >= 3))
        assert self._look(database, folder, at)[1] == "cut_off"

    def test_a_checkpoint_of_somebody_else_counts_for_nothing(self, database: Database, clock: ManualClock, anchored: Path) -> None:
        folder, at = anchored.parent, clock.now()
        _write(database, 3)
        self._look(database, folder, at)
        _change(database, update(AuditRow).where(AuditRow.seq == 1).values(actor="nobody"))
        file = folder / checkpoint.FILE_NAME
        document = json.loads(file.read_text())
        late = at + timedelta(hours=25)
        file.write_text(json.dumps({**document, "full_at": utc_text(late)}))
        assert self._look(database, folder, late) == (0, "changed", late)
