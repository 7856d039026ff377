"""Export and erasure on the command line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from app.kernel.db import Database
from app.security.people import register_device
from tests.app.cli.conftest import Moments


@pytest.fixture
def shopper(migrated: Moments, data_dir: Path) -> str:
    database = Database(f"sqlite:///{data_dir / 'moments.sqlite3'}")
    with database.transaction() as session:
        made = register_device(session, "Jane's phone", "ios", database.clock.now())
    database.close()
    return made.shopper_id


class TestExport:
    def test_on_standard_output(self, migrated: Moments, shopper: str) -> None:
        document = json.loads(migrated("export", shopper).out)
        assert document["shopper_id"] == shopper
        assert "Jane's phone" in json.dumps(document)

    def test_into_a_private_new_file(self, migrated: Moments, shopper: str, tmp_path: Path) -> None:
        out = tmp_path / "jane.json"
        assert migrated("export", shopper, "--out", str(out)).code == 0
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        again = migrated("export", shopper, "--out", str(out))
        assert again.code == 1
        assert "--out" in again.err

    def test_nobody(self, migrated: Moments) -> None:
        ran = migrated("export", "shp_none")
        assert (ran.code, ran.out, ran.err) == (1, "", "moments: SHOPPER: there is no shopper shp_none\n")


class TestErase:
    def test_once_and_again(self, migrated: Moments, shopper: str) -> None:
        first = json.loads(migrated("erase", shopper, "--yes", "--json").out)
        assert first["already"] is False
        assert sum(first["erased"].values()) > 0
        again = json.loads(migrated("erase", shopper, "--yes", "--json").out)
        assert (again["already"], again["id"]) == (True, first["id"])
        assert migrated("export", shopper).code == 1

    def test_asks_first(self, migrated: Moments, shopper: str) -> None:
        assert migrated("erase", shopper).code == 1
        assert migrated("export", shopper).code == 0, "nothing was erased"

    def test_nobody_leaves_no_receipt(self, migrated: Moments) -> None:
        first, again = migrated("erase", "shp_none", "--yes"), migrated("erase", "shp_none", "--yes")
        assert (first.code, again.code) == (1, 1)
        assert first.err == again.err == "moments: SHOPPER: there is no shopper shp_none\n"
