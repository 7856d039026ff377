"""What is held about a shopper, and how it goes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Base, Database
from app.kernel.outbox import Envelope
from app.privacy.consents import grant, withdraw
from app.privacy.contracts import ConsentChanged
from app.privacy.purposes import Purpose
from app.privacy.subjects import rows_about
from app.security.people import NewDevice
from geofences import handlers, privacy
from geofences.adapters.table_log import TableLog
from geofences.columns import fix_id, of_samples
from geofences.jobs import RunnerLoop
from geofences.models import FixLogRow, TrackStateRow, VisitRow
from geofences.settings import GeofenceSettings
from geofences.track import Key, Sample
from tests.geofences.conftest import pass_time, raw
from tests.geofences.test_jobs import send


class TestExport:
    def test_visits_moments_and_the_positions_still_held(
        self,
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Callable[..., NewDevice],
        settings: GeofenceSettings,
    ) -> None:
        jane = shopper()
        fix = raw(clock.now(), 0)
        send(database, jane, [fix], settings)
        pass_time(loop, clock, 2)
        with database.reading() as session:
            found = privacy.export(session, jane.shopper_id)
        assert [v["place_id"] for v in found["visits"]] == ["plc_shop"]
        assert [m["kind"] for m in found["moments"]] == ["store_visit"]
        assert found["batches_received"][0]["fixes"] == 1
        (held,) = found["positions_held"]
        assert (held["device_id"], held["lat"], held["lon"]) == (jane.device_id, fix["lat"], fix["lon"])
        pass_time(loop, clock, settings.track_rules().history_s + 120)
        with database.reading() as session:
            assert privacy.export(session, jane.shopper_id)["positions_held"] == []

    def test_of_a_server_s_batch_her_own_alone(self, database: Database, clock: ManualClock) -> None:
        tracks = {Key(f"shp_{n}", f"dev_{n}"): [Sample(n, fix_id(n, 60, 24), 60, 24, 8.0)] for n in (1.0, 2.0)}
        with database.transaction() as session:
            TableLog().append(session, of_samples(tracks), digest="d", at=clock.now())
        with database.reading() as session:
            (held,) = privacy.export(session, "shp_2.0")["positions_held"]
        assert held["device_id"] == "dev_2.0"


class TestErase:
    def test_nothing_is_left_and_memory_brings_nothing_back(
        self,
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Callable[..., NewDevice],
        settings: GeofenceSettings,
    ) -> None:
        jane = shopper()
        send(database, jane, [raw(clock.now(), 0)], settings)
        pass_time(loop, clock, 2)
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=clock.now())
            assert privacy.erase(session, jane.shopper_id) == 4
            assert privacy.erase(session, jane.shopper_id) == 0
        pass_time(loop, clock, 500)
        with database.reading() as session:
            left = dict(rows_about(session, Base.metadata, jane.shopper_id))
        assert not [t for t in left if t.startswith("geofences_")]


class TestRules:
    def test_every_table_with_a_shopper_has_a_rule(self) -> None:
        assert {r.table for r in privacy.RULES} == set(privacy.HOLDERS[0].tables)


class TestForgetPositions:
    def test_a_withdrawal_takes_what_waits(
        self,
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Callable[..., NewDevice],
        settings: GeofenceSettings,
    ) -> None:
        jane = shopper()
        send(database, jane, [raw(clock.now(), 0)], settings)
        pass_time(loop, clock, 2)
        send(database, jane, [raw(clock.now(), 1)], settings)
        at = clock.now()
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=at)
        event = ConsentChanged(jane.shopper_id, Purpose.LOCATION.value, False, 1, at)
        with database.transaction() as session:
            handlers.forget_positions(session, event, Envelope("evt_1", event.TYPE, jane.shopper_id, at, 1))
            assert session.scalars(select(FixLogRow.position).where(FixLogRow.payload.is_not(None))).all() == []
            assert session.scalars(select(TrackStateRow.device_id)).all() == []
            assert session.scalars(select(VisitRow.ended_at)).one() is not None

    def test_granted_again_meanwhile_nothing_goes(
        self,
        database: Database,
        clock: ManualClock,
        loop: RunnerLoop,
        shopper: Callable[..., NewDevice],
        settings: GeofenceSettings,
    ) -> None:
        jane, at = shopper(), clock.now()
        send(database, jane, [raw(at, 0)], settings)
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=at)
            grant(session, jane.shopper_id, Purpose.LOCATION, source="app", at=at)
        event = ConsentChanged(jane.shopper_id, Purpose.LOCATION.value, False, 1, at)
        with database.transaction() as session:
            handlers.forget_positions(session, event, Envelope("evt_1", event.TYPE, jane.shopper_id, at, 1))
            assert len(session.scalars(select(FixLogRow.position).where(FixLogRow.payload.is_not(None))).all()) == 1
