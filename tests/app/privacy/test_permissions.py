"""What phones permit: kept, and it stops location where no phone permits it."""

from __future__ import annotations

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.verdict import Fail
from app.privacy.consents import consents, grant
from app.privacy.gate import may, refused_of
from app.privacy.models import PermissionRow, StandingRow
from app.privacy.permissions import Access, permission, report
from app.privacy.purposes import Purpose
from app.security.shoppers import NewDevice, join


def _report(database: Database, device: str, access: Access, precise: bool | None = None) -> bool:
    with database.transaction() as session:
        return report(session, "shp_1", device, access, precise=precise, at=database.clock.now())


class TestReport:
    def test_never_stops_location_and_nothing_else(self, database: Database, clock: ManualClock) -> None:
        """Seen to fail with `os_permission_never` left out of `judge`, and out of its SQL twin."""
        with database.transaction() as session:
            for purpose in (Purpose.LOCATION, Purpose.ANALYTICS):
                grant(session, "shp_1", purpose, source="app", at=clock.now())
        for access, refused in ((Access.ALWAYS, False), (Access.NEVER, True), (Access.WHILE_IN_USE, False)):
            assert _report(database, "dev_1", access)
            with database.reading() as session:
                verdict = may(session, "shp_1", Purpose.LOCATION, clock.now())
                assert verdict == Fail("os_permission_never", {}) if refused else verdict.ok
                assert refused_of(session, {"shp_1"}, Purpose.LOCATION, clock.now()) == ({"shp_1"} if refused else set())
                assert may(session, "shp_1", Purpose.ANALYTICS, clock.now()).ok
                [view] = [v for v in consents(session, "shp_1", clock.now()) if v.purpose == "location"]
                assert (view.granted, view.live, view.why_not) == (True, not refused, "os_permission_never" if refused else None)

    def test_one_phone_that_permits_is_enough(self, database: Database, clock: ManualClock) -> None:
        with database.transaction() as session:
            grant(session, "shp_1", Purpose.LOCATION, source="app", at=clock.now())
        _report(database, "dev_1", Access.NEVER)
        _report(database, "dev_2", Access.WHILE_IN_USE, precise=False)
        with database.reading() as session:
            assert may(session, "shp_1", Purpose.LOCATION, clock.now()).ok
            assert session.execute(select(StandingRow.access, StandingRow.coarse_device_ids)).one() == ("while_in_use", ["dev_2"])

    def test_a_phone_that_has_not_said_may_permit_it(self, database: Database, jane: NewDevice, john: NewDevice) -> None:
        with database.transaction() as session:
            grant(session, jane.shopper_id, Purpose.LOCATION, source="app", at=database.clock.now())
            join(session, john.device_id, jane.shopper_id)
        told: list[bool] = []
        for device in (jane, john):
            with database.transaction() as session:
                report(session, jane.shopper_id, device.device_id, Access.NEVER, precise=None, at=database.clock.now())
                told.append(may(session, jane.shopper_id, Purpose.LOCATION, database.clock.now()).ok)
        assert told == [True, False]

    def test_history_holds_each_change_once(self, database: Database, clock: ManualClock) -> None:
        said = [_report(database, "dev_1", *what) for what in ((Access.ALWAYS, True), (Access.ALWAYS, True), (Access.ALWAYS, False), (Access.NEVER, None))]
        assert said == [True, False, True, True]
        with database.reading() as session:
            assert session.execute(select(PermissionRow.access, PermissionRow.precise).order_by(PermissionRow.id)).all() == [("always", True), ("always", False), ("never", None)]

    def test_it_grants_nothing(self, database: Database, clock: ManualClock) -> None:
        _report(database, "dev_1", Access.ALWAYS)
        with database.reading() as session:
            assert not may(session, "shp_1", Purpose.LOCATION, clock.now()).ok


class TestPermission:
    def test_is_the_newest(self, database: Database, clock: ManualClock) -> None:
        _report(database, "dev_1", Access.ALWAYS)
        clock.advance(1)
        _report(database, "dev_1", Access.WHILE_IN_USE, precise=True)
        with database.reading() as session:
            assert permission(session, "dev_1") == (Access.WHILE_IN_USE, True)
            assert permission(session, "dev_2") is None
