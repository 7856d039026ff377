"""`moments decisions replay` and `moments simulate`: exit codes and plain words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.kernel.db import Database
from offers.models import Decision
from tests.app.cli.conftest import Moments
from tests.offers.builders import go_live, moment, weigh


@pytest.fixture
def decision_id(migrated: Moments, data_dir: Path) -> str:
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    with database.transaction() as session:
        go_live(session, min_trust="verified")
        (found,) = weigh(session, moment())
    database.close()
    return found


def change(data_dir: Path, decision_id: str) -> None:
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    with database.transaction() as session:
        row = session.get(Decision, decision_id)
        assert row is not None
        row.record = row.record.replace('"trust":"corroborated"', '"trust":"verified"')
    database.close()


class TestReplay:
    def test_the_same(self, migrated: Moments, decision_id: str) -> None:
        found = migrated("decisions", "replay", decision_id)
        assert found.code == 0
        assert found.out.startswith(f"{decision_id}: recomputed from what was stored, the same byte for byte (")

    def test_a_changed_input_is_said_and_exits_with_one(
        self, migrated: Moments, data_dir: Path, decision_id: str
    ) -> None:
        change(data_dir, decision_id)
        found = migrated("decisions", "replay", decision_id)
        assert found.code == 1
        assert found.out.startswith(f"{decision_id}: NOT the same; the stored decision or its inputs were changed.")
        told = json.loads(migrated("decisions", "replay", decision_id, "--json").out)
        assert (told["equal"], told["stored"] == told["recomputed"]) == (False, False)

    def test_no_such_decision(self, migrated: Moments) -> None:
        found = migrated("decisions", "replay", "dec_none")
        assert (found.code, found.out) == (1, "")
        assert found.err.startswith("moments: ")


class TestSimulate:
    def test_a_campaign_nobody_met(self, migrated: Moments, decision_id: str) -> None:
        found = migrated("simulate", "cam_bonbon", "--from", "2026-11-01", "--to", "2026-11-15")
        assert found.code == 0
        assert found.out == (
            "“Bonbon of the month” (version 1), 2026-11-01 00:00 to 2026-11-15 00:00 UTC\n"
            "  weighed   not shown: too few shoppers, or nearly all of them\n"
            "  offered   not shown: too few shoppers, or nearly all of them\n"
        )
        told = json.loads(migrated("simulate", "cam_bonbon", "--from", "2026-11-01", "--to", "2026-11-15", "--json").out)
        assert told["weighed"] == {"moments": None, "shoppers": None}

    def test_bad_input(self, migrated: Moments, decision_id: str) -> None:
        for arguments in (("cam_none", "--from", "2026-11-01", "--to", "2026-11-02"), ("cam_bonbon", "--from", "2026-11-02", "--to", "2026-11-01")):
            found = migrated("simulate", *arguments)
            assert (found.code, found.out) == (1, "")
            assert found.err.startswith("moments: ")
