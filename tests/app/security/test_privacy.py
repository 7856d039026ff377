from __future__ import annotations

from sqlalchemy import select

from app.kernel.db import Database
from app.security.accounts import claim_account
from app.security.links import make_link
from app.security.models import DeviceRow, LoginLinkRow, PersonRow, SessionRow, ShopperRow
from app.security.principals import Principal, Role
from app.security.privacy import erase_shopper, export_shopper
from app.security.sessions import open_session
from app.security.shoppers import NewDevice, register_device


def _full(database: Database, email: str) -> NewDevice:
    at = database.clock.now()
    with database.transaction() as session:
        made = register_device(session, "Phone", "ios", at)
        claim_account(session, Principal(Role.SHOPPER, made.shopper_id), email, "hash", at=at)
        open_session(session, Role.SHOPPER, at=at, ttl_s=60, shopper_id=made.shopper_id, device_id=made.device_id)
        make_link(session, Role.SHOPPER, at=at, shopper_id=made.shopper_id)
    return made


class TestExportShopper:
    def test_has_all_of_hers_and_no_hash(self, database: Database) -> None:
        made = _full(database, "jane@example.org")
        with database.reading() as session:
            held = export_shopper(session, made.shopper_id)
        assert held["account"]["email"] == "jane@example.org"
        assert [len(held[part]) for part in ("devices", "sessions", "sign_in_links")] == [1, 1, 1]
        assert "hash" not in str(held)

    def test_of_nobody_is_empty(self, database: Database) -> None:
        with database.reading() as session:
            assert export_shopper(session, "shp_none") == {"shopper": None, "account": None, "devices": [], "sessions": [], "sign_in_links": [], "joined": []}


class TestEraseShopper:
    def test_deletes_hers_alone(self, database: Database) -> None:
        made, other = _full(database, "jane@example.org"), _full(database, "john@example.org")
        with database.transaction() as session:
            assert erase_shopper(session, made.shopper_id) == 5
            assert erase_shopper(session, made.shopper_id) == 0
        with database.reading() as session:
            assert session.scalars(select(ShopperRow.id)).all() == [other.shopper_id]
            for model in (PersonRow, DeviceRow, SessionRow, LoginLinkRow):
                assert session.scalars(select(model.shopper_id)).all() == [other.shopper_id]
