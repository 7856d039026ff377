"""`moments cash`: a day's drawers, and whether the books agree."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


@pytest.fixture
def drawer_id(migrated: Moments, data_dir: Path) -> str:
    from app.bootstrap import build
    from app.settings import load_settings
    from storefront import facade as storefront

    house = build(load_settings(data_dir=data_dir, loops=False))
    at = house.clock.now()
    with house.database.transaction() as session:
        opened = storefront.at_drawer.open_drawer(session, "plc_a", ("plc_a",), "per_maria", storefront.at_drawer.Kind.TILL, 5_000, "EUR", at=at)
        storefront.at_drawer.close(session, opened.id, "per_maria", 4_990, storefront.at_drawer.Differs.STOLEN, at=at + timedelta(hours=1))
    house.stop()
    house.database.close()
    return opened.id


def test_a_day_is_told_and_the_books_agree(migrated: Moments, drawer_id: str) -> None:
    told = migrated("cash", "report")
    assert (told.code, drawer_id in told.out, "stolen" in told.out) == (0, True, True)
    assert '"difference_minor"' in migrated("cash", "report", "--json").out
    assert drawer_id not in migrated("cash", "report", "--place", "plc_b").out
    assert "No drawer was opened." in migrated("cash", "report", "--day", "2020-01-01").out
    checked = migrated("cash", "check")
    assert (checked.code, "agree" in checked.out) == (0, True)


def test_books_that_do_not_agree_are_an_exit_code(migrated: Moments, drawer_id: str, data_dir: Path) -> None:
    """Planted bug: `check` without the exit says nothing to a script."""
    from app.bootstrap import build
    from app.settings import load_settings
    from storefront.cash.models import CashEntry

    house = build(load_settings(data_dir=data_dir, loops=False))
    with house.database.transaction() as session:
        session.add(CashEntry(movement="csh_x", account="drawer", currency="EUR", amount_minor=7, drawer_id=drawer_id, why="taken", at=house.clock.now()))
    house.stop()
    house.database.close()
    told = migrated("cash", "check")
    assert (told.code, "7" in told.out) == (2, True)
