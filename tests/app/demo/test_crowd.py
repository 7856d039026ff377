"""The crowd's clock catches up with the present and then is the present; its people are taken up again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from app.demo.city.layers import city_place
from app.demo.crowd import Crowd, Pace, use_at_till
from app.demo.seed import seed
from app.demo.walkers import SimFix
from app.kernel.db import Database
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.settings import Settings
from tests.conftest import START


class TestPace:
    def test_fast_motion_until_it_has_caught_up(self) -> None:
        pace = Pace(START, 700.0, 8.0)
        assert pace.at(START) == START - timedelta(seconds=700)
        assert pace.at(START + timedelta(seconds=50)) == START + timedelta(seconds=400 - 700)
        assert pace.at(START + timedelta(seconds=100)) == START + timedelta(seconds=100)
        assert pace.at(START + timedelta(seconds=500)) == START + timedelta(seconds=500)


class TestMembers:
    def test_a_second_run_takes_up_the_same_people(self, database: Database, tmp_path: Path) -> None:
        keys = tmp_path / "crowd.json"
        first = Crowd(database, Settings(), keys, count=3).members(START)
        second = Crowd(database, Settings(), keys, count=3).members(START + timedelta(hours=1))
        assert [m.shopper_id for m in first] == [m.shopper_id for m in second]
        assert keys.stat().st_mode & 0o077 == 0

    def test_everybody_has_agreed_to_everything(self, database: Database, tmp_path: Path) -> None:
        member = Crowd(database, Settings(), tmp_path / "crowd.json", count=1).members(START)[0]
        with database.reading() as session:
            assert all(gate.may(session, member.shopper_id, purpose, START).ok for purpose in Purpose)


class TestUseAtTill:
    def test_without_a_coupon_nothing_happens(self, database: Database) -> None:
        shop = city_place("plc_ooey_gooey_kluuvi")
        here = SimFix(0.0, shop.lon_deg, shop.lat_deg, 6.0, 0.0, shop.lon_deg, shop.lat_deg)
        with database.transaction() as session:
            seed(session, START)
            assert use_at_till(session, "shp_nobody", here, START) is False
