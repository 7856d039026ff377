from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.errors import Invalid
from app.security.errors import LinkExpired, LinkUnknown, LinkUsed
from app.security.links import UsedLink, check_link, make_link, staff, staff_named, use_link
from app.security.models import DeviceRow, LoginLinkRow, PersonRow, ShopperRow
from app.security.principals import Role
from app.security.shoppers import register_device

from .racing import race


def _link(database: Database, role: Role, **facts: object) -> str:
    with database.transaction() as session:
        return make_link(session, role, at=database.clock.now(), **facts)  # type: ignore[arg-type]


class TestUseLink:
    def test_of_sixteen_at_once_exactly_one_comes_in(self, database: Database) -> None:
        """Seen to fail with `used_at.is_(None)` left out of the UPDATE: all sixteen came in."""
        token = _link(database, Role.MARKETER)

        def use(_: int) -> UsedLink:
            with database.transaction() as session:
                return use_link(session, token, at=database.clock.now())

        results = race(16, use)
        assert sum(isinstance(r, UsedLink) for r in results) == 1
        assert sum(isinstance(r, LinkUsed) for r in results) == 15

    def test_a_second_time_is_refused(self, database: Database) -> None:
        token = _link(database, Role.OPERATOR)
        with database.transaction() as session:
            use_link(session, token, at=database.clock.now())
        with pytest.raises(LinkUsed), database.transaction() as session:
            use_link(session, token, at=database.clock.now())

    def test_too_old_at_the_very_instant_it_expires(self, database: Database, clock: ManualClock) -> None:
        token = _link(database, Role.OPERATOR, ttl_s=60)
        clock.advance(60)
        with pytest.raises(LinkExpired), database.transaction() as session:
            use_link(session, token, at=clock.now())
        with database.reading() as session:
            assert session.scalars(select(LoginLinkRow.used_at)).one() is None

    def test_unknown(self, database: Database) -> None:
        for token in ("", "lnk_nothing", "\x00", "\ud800", "x" * 5000):
            with pytest.raises(LinkUnknown), database.transaction() as session:
                use_link(session, token, at=database.clock.now())

    def test_a_shoppers_link_makes_a_shopper_only_when_used(self, database: Database) -> None:
        token = _link(database, Role.SHOPPER)
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(ShopperRow)) == 0
        with database.transaction() as session:
            used = use_link(session, token, at=database.clock.now())
        with database.reading() as session:
            device = session.scalars(select(DeviceRow)).one()
            assert used == UsedLink(Role.SHOPPER, None, device.shopper_id, device.id)

    def test_a_link_for_a_known_shopper_adds_a_device_to_her(self, database: Database) -> None:
        with database.transaction() as session:
            jane = register_device(session, "Phone", "ios", database.clock.now())
        token = _link(database, Role.SHOPPER, shopper_id=jane.shopper_id)
        with database.transaction() as session:
            used = use_link(session, token, at=database.clock.now())
        assert used.shopper_id == jane.shopper_id
        assert used.device_id != jane.device_id


class TestCheckLink:
    def test_looking_does_not_use(self, database: Database) -> None:
        token = _link(database, Role.CLERK)
        for _ in range(3):
            with database.reading() as session:
                assert check_link(session, token, at=database.clock.now()) is Role.CLERK
        with database.transaction() as session:
            assert use_link(session, token, at=database.clock.now()).role is Role.CLERK


class TestMakeLink:
    def test_the_token_is_not_stored(self, database: Database) -> None:
        token = _link(database, Role.MARKETER)
        with database.reading() as session:
            row = session.scalars(select(LoginLinkRow)).one()
            assert token not in {str(getattr(row, c.name)) for c in LoginLinkRow.__table__.columns}

    def test_a_server_has_no_link(self, database: Database) -> None:
        with pytest.raises(Invalid, match="API key"):
            _link(database, Role.SERVER)

    def test_links_of_one_name_lead_to_one_person(self, database: Database) -> None:
        for _ in range(3):
            _link(database, Role.MARKETER, name="Mia")
        _link(database, Role.MARKETER)
        with database.reading() as session:
            assert sorted(session.scalars(select(PersonRow.name))) == ["Mia", "marketer"]


class TestStaff:
    def test_a_clerk_is_bound_to_places_and_can_be_bound_anew(self, database: Database) -> None:
        with database.transaction() as session:
            first = staff(session, Role.CLERK, "Kim", at=database.clock.now(), place_ids=("plc_1",))
        with database.transaction() as session:
            assert staff(session, Role.CLERK, "Kim", at=database.clock.now(), place_ids=("plc_2", "plc_3")) == first
        with database.transaction() as session:
            assert staff(session, Role.CLERK, "Kim", at=database.clock.now()) == first
        with database.reading() as session:
            assert session.scalars(select(PersonRow.place_ids)).one() == ["plc_2", "plc_3"]

    def test_a_shopper_is_not_staff(self, database: Database) -> None:
        with pytest.raises(Invalid, match="marketer, clerk, operator"), database.transaction() as session:
            staff(session, Role.SHOPPER, "x", at=database.clock.now())


class TestStaffNamed:
    def test_finds_and_makes_nobody(self, database: Database) -> None:
        with database.transaction() as session:
            mia = staff(session, Role.MARKETER, "Mia", at=database.clock.now())
            staff(session, Role.CLERK, "Cleo", at=database.clock.now())
        with database.reading() as session:
            assert staff_named(session, "Mia", (Role.MARKETER, Role.OPERATOR)) == mia
            assert staff_named(session, "Cleo", (Role.MARKETER, Role.OPERATOR)) is None
            assert staff_named(session, "mia", (Role.MARKETER,)) is None
