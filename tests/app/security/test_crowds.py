"""Questions about many shoppers at once."""

from __future__ import annotations

from app.kernel.db import Database
from app.security import crowds
from app.security.models import DeviceRow, PersonRow
from tests.conftest import START
from tests.offers.crowd import days, shopper


class TestCrowds:
    def test_since_when_with_what_and_who_is_who(self, database: Database) -> None:
        with database.transaction() as session:
            shopper(session, "shp_a", since=START - days(3), account=True)
            shopper(session, "shp_b", since=START, into="shp_a", device=False)
            shopper(session, "shp_c", since=START, account=True)
            session.get_one(PersonRow, "psn_shp_c").disabled_at = START
            session.get_one(DeviceRow, "dev_shp_c").revoked_at = START
        with database.reading() as session:
            assert crowds.known_since(session) == {"shp_a": START - days(3), "shp_b": START, "shp_c": START}
            assert crowds.known_since(session, ["shp_a", "shp_none"]) == {"shp_a": START - days(3)}
            assert crowds.with_account(session) == crowds.with_account(session, ["shp_a", "shp_c"]) == {"shp_a"}
            assert crowds.with_account(session, ["shp_b"]) == set()
            assert crowds.with_device(session) == {"shp_a"}
            assert crowds.joined(session) == {"shp_b": "shp_a"}
