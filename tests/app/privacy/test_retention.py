from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kernel.clock import ManualClock
from app.kernel.db import Base, Database
from app.migrations import metadata
from app.privacy import retention
from app.privacy.models import ErasureRow
from app.privacy.retention import RetentionRule, register_rules, registered_rules, sweep
from app.security.models import LimitRow


@pytest.fixture(autouse=True)
def no_rules(cellar: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_rules", {})


def _fill(database: Database, count: int) -> None:
    with database.transaction() as session:
        for i in range(count):
            at = database.clock.now() - timedelta(seconds=i)
            session.add(ErasureRow(id=f"era_{i:06}", subject_hash="x", erased={}, kept={}, at=at))
            session.add(LimitRow(rule="r" if i % 2 else "q", identity_hash=f"{i:064}", times_ms=[], updated_at=at))


def _left(database: Database, model: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


class TestSweep:
    def test_deletes_what_is_older_and_nothing_that_is_not(self, database: Database, clock: ManualClock) -> None:
        """Seen to fail with `<=`: the row exactly as old as it may be was deleted."""
        _fill(database, 10)
        register_rules(RetentionRule("privacy_erasure", "at", 5, "why"), RetentionRule("security_limit", "updated_at", None, "why"))
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {"privacy_erasure": 4}
        with database.reading() as session:
            assert session.scalars(select(ErasureRow.id).order_by(ErasureRow.id)).all() == [f"era_{i:06}" for i in range(6)]
        assert _left(database, LimitRow) == 10

    def test_the_clock_moved_forward_empties_the_table(self, database: Database, clock: ManualClock) -> None:
        _fill(database, 10)
        register_rules(RetentionRule("privacy_erasure", "at", 3600, "why"))
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {}
        clock.advance(3601)
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {"privacy_erasure": 10}

    def test_is_bounded_and_goes_on_with_the_oldest(self, database: Database, clock: ManualClock) -> None:
        _fill(database, 30)
        register_rules(RetentionRule("privacy_erasure", "at", 0, "why"), RetentionRule("security_limit", "updated_at", 0, "why"))
        with database.transaction() as session:
            assert sweep(session, clock.now(), max_rows=20) == {"privacy_erasure": 20}
        assert _left(database, ErasureRow) == 10
        with database.transaction() as session:
            assert sweep(session, clock.now(), max_rows=20) == {"privacy_erasure": 9, "security_limit": 11}
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {"security_limit": 18}
        with database.reading() as session:
            assert session.scalars(select(ErasureRow.id)).all() == ["era_000000"]

    def test_batches_add_up(self, database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(retention, "BATCH_ROWS", 7)
        _fill(database, 30)
        register_rules(RetentionRule("security_limit", "updated_at", 0, "why"))
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {"security_limit": 29}

    def test_only_narrows(self, database: Database, clock: ManualClock) -> None:
        _fill(database, 10)
        register_rules(RetentionRule("security_limit", "updated_at", 0, "why", only=lambda t: t.c.rule == "r"))
        with database.transaction() as session:
            assert sweep(session, clock.now()) == {"security_limit": 5}


class TestRegisterRules:
    def test_the_same_pair_replaces(self) -> None:
        register_rules(RetentionRule("t", "c", 1, "a"))
        register_rules(RetentionRule("t", "c", 2, "b"))
        assert [r.keep_s for r in registered_rules()] == [2]

    def test_the_cellars_rules_name_real_columns(self) -> None:
        from app.privacy.privacy import RULES

        tables = metadata().tables
        assert [r for r in RULES if r.column not in tables[r.table].columns] == []
        assert len({(r.table, r.column) for r in RULES}) == len(RULES)
