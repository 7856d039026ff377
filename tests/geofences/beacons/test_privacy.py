"""What beacons hold about a shopper: given out, erased, and gone with the consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy.consents import withdraw
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from app.security.people import NewDevice
from geofences.beacons import handlers, privacy
from geofences.beacons.models import CorroborationRow, HearingStateRow, SightingLogRow
from geofences.beacons.runner import BeaconRunner
from tests.geofences.beacons.test_runner import heard, send, stand

Make = Callable[..., NewDevice]


def rows_of(database: Database, shopper_id: str) -> int:
    with database.reading() as session:
        return sum(
            len(session.scalars(select(model.shopper_id).where(model.shopper_id == shopper_id)).all())
            for model in (SightingLogRow, HearingStateRow, CorroborationRow)
        )


class TestExport:
    def test_batches_and_confirmations_but_no_sightings(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        with database.transaction() as session:
            session.add(
                CorroborationRow(
                    visit_id="vis_1",
                    by_visit_id="vis_2",
                    shopper_id=jane.shopper_id,
                    kind="beacon",
                    noted_at=clock.now(),
                )
            )
        with database.reading() as session:
            found = privacy.export(session, jane.shopper_id)
        assert [b["sightings"] for b in found["batches_of_sightings_received"]] == [10, 10]
        assert [c["visit_id"] for c in found["visits_confirmed_by_beacons"]] == ["vis_1"]
        assert "rssi" not in str(found)


class TestErase:
    def test_everything_of_one_and_nothing_of_another(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make
    ) -> None:
        jane, jim = shopper(), shopper()
        for who in (jane, jim):
            stand(database, clock, who, hearing, 1, 20)
        before = rows_of(database, jim.shopper_id)
        with database.transaction() as session:
            assert privacy.erase(session, jane.shopper_id) == 3
        with database.transaction() as session:
            assert privacy.erase(session, jane.shopper_id) == 0
        assert rows_of(database, jane.shopper_id) == 0
        assert rows_of(database, jim.shopper_id) == before > 0


class TestForgetSightings:
    def event(
        self, shopper_id: str, clock: ManualClock, *, granted: bool = False, purpose: Purpose = Purpose.LOCATION
    ) -> ConsentChanged:
        return ConsentChanged(
            shopper_id=shopper_id, purpose=purpose.value, granted=granted, notice_version=1, changed_at=clock.now()
        )

    def test_what_waits_goes(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        send(database, jane, [heard(clock.now().timestamp() - 1, 1)])
        clock.advance(1)
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=clock.now())
        with database.transaction() as session:
            handlers.forget_sightings(session, self.event(jane.shopper_id, clock), None)  # type: ignore[arg-type]
        with database.reading() as session:
            assert set(session.scalars(select(SightingLogRow.payload))) == {None}
            assert session.scalars(select(HearingStateRow.device_id)).all() == []

    def test_granted_again_or_another_purpose_changes_nothing(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Make
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        for event in (
            self.event(jane.shopper_id, clock),  # an old event: she has agreed meanwhile
            self.event(jane.shopper_id, clock, granted=True),
            self.event(jane.shopper_id, clock, purpose=Purpose.ANALYTICS),
        ):
            with database.transaction() as session:
                handlers.forget_sightings(session, event, None)  # type: ignore[arg-type]
        with database.reading() as session:
            assert len(session.scalars(select(HearingStateRow.device_id)).all()) == 1


class TestRules:
    def test_sightings_stay_a_day_at_most(self) -> None:
        assert {r.table: timedelta(seconds=r.keep_s).days for r in privacy.RULES} == {
            "geofences_sighting_log": 1,
            "geofences_hearing_state": 1,
            "geofences_corroboration": 90,
        }
