"""`moments consent`: whole chains are said to be whole, a changed one is named, and what was agreed to can be had for any instant."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from app.kernel.db import Database
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from tests.app.cli.conftest import Moments


def _said(data_dir: Path) -> None:
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    with database.transaction() as session:
        grant(session, "shp_1", Purpose.LOCATION, source="app", at=datetime(2026, 11, 1, tzinfo=UTC))
        withdraw(session, "shp_1", Purpose.LOCATION, source="app", at=datetime(2026, 11, 3, tzinfo=UTC))
    database.close()


class TestVerify:
    def test_a_whole_chain_and_a_changed_one(self, migrated: Moments, data_dir: Path) -> None:
        _said(data_dir)
        ran = migrated("consent", "verify")
        assert (ran.code, ran.out) == (0, "1 chains of consent records are whole\n")
        with sqlite3.connect(data_dir / "moments.sqlite3") as connection:
            connection.execute("UPDATE privacy_consent SET granted = 1")
        ran = migrated("consent", "verify", "shp_1")
        assert ran.code == 1
        assert ran.out == "shp_1: record 2 says something else than its columns\n"
        assert ran.err == "moments: 1 of 1 chains of consent records are not whole\n"


class TestShow:
    def test_as_it_was_at_an_instant(self, migrated: Moments, data_dir: Path) -> None:
        _said(data_dir)
        assert "had said nothing by then" in migrated("consent", "show", "shp_1", "--at", "2026-10-31").out
        shown = json.loads(migrated("consent", "show", "shp_1", "--at", "2026-11-02", "--json").out)
        assert (shown["location"]["record"]["granted"], shown["location"]["notice"]["title"]) == (True, "Where you are")
        assert json.loads(migrated("consent", "show", "shp_1", "--json").out)["location"]["record"]["granted"] is False
        assert "2026-11-03" in migrated("consent", "show", "shp_1").out


class TestAdult:
    def test_says_so(self, migrated: Moments) -> None:
        assert migrated("consent", "adult", "shp_1").out == "shp_1 is not under age; every switch is hers again\n"
