from __future__ import annotations

from sqlalchemy import select

from app.kernel.db import Database
from app.security.passkeys import keeping
from app.security.passkeys.ceremonies import MadePasskey
from app.security.passkeys.models import PasskeyRow
from app.security.passkeys.privacy import erase_shopper, export_shopper
from app.security.principals import Principal, Role
from tests.conftest import START


class TestEraseShopper:
    def test_takes_hers_and_leaves_the_others(self, database: Database) -> None:
        with database.transaction() as session:
            for shopper_id in ("shp_1", "shp_2"):
                made = MadePasskey(shopper_id.encode(), b"key", 1, "", synced=False, transports=())
                keeping.add(session, Principal(Role.SHOPPER, shopper_id), made, "Phone", at=START)
            [held] = export_shopper(session, "shp_1")["passkeys"]
            assert (held["name"], held["uses"], held["created_at"]) == ("Phone", 1, START)
            assert (erase_shopper(session, "shp_1"), erase_shopper(session, "shp_1")) == (1, 0)
            assert session.scalars(select(PasskeyRow.shopper_id)).all() == ["shp_2"]
