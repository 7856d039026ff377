"""`moments support`: what waits, one whole, and figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.cli.conftest import Moments


@pytest.fixture
def case_id(migrated: Moments, data_dir: Path) -> str:
    from app.bootstrap import build
    from app.security import people
    from app.settings import load_settings
    from notifications import facade as notifications

    house = build(load_settings(data_dir=data_dir, loops=False))
    at, support = house.clock.now(), notifications.support
    with house.database.transaction() as session:
        jane = people.register_device(session, "Phone", "ios", at).shopper_id
        made = support.open_case(session, jane, support.Told("Where is it?", support.Category.DELIVERY), house.support.settings, at=at)
    house.stop()
    house.database.close()
    return made


class TestSupport:
    def test_listed_shown_and_counted(self, migrated: Moments, case_id: str) -> None:
        listed = migrated("support", "list").out
        assert (case_id in listed, "delivery" in listed, "Where" in listed) == (True, True, False)
        assert "Where is it?" in migrated("support", "show", case_id).out
        assert migrated("support", "figures").out == "opened 1, answered 0 (0 late), solved 0 (0 late); content: fewer than 20 shoppers have rated\n"
        assert '"opened":1' in migrated("support", "figures", "--json").out
        assert migrated("support", "show", "cas_none").code == 1
