"""From sightings in the log to zone visits and moments, on both engines: once, whoever runs, and only with consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.privacy.consents import withdraw
from app.privacy.purposes import Purpose
from app.security.people import NewDevice
from geofences.beacons.ephemeral import ephemeral_id
from geofences.beacons.importing import import_beacons
from geofences.beacons.ingest import SightingReport, ingest_sightings
from geofences.beacons.models import CorroborationRow, HearingStateRow, SightingLogRow
from geofences.beacons.runner import BeaconRunner
from geofences.beacons.settings import BeaconSettings
from geofences.jobs import RunnerLoop
from geofences.models import MomentRow, VisitRow
from geofences.settings import GeofenceSettings
from geofences.track import Key
from tests.geofences.beacons.conftest import KEY_HEX, UUID_TEXT, rotating
from tests.geofences.beacons.vectors import KEY
from tests.geofences.conftest import raw
from tests.geofences.tracks import LAT, LON

Shopper = Callable[..., NewDevice]


def send(database: Database, who: NewDevice, items: list[dict[str, Any]]) -> SightingReport:
    with database.transaction() as session:
        found = ingest_sightings(
            session,
            Key(who.shopper_id, who.device_id),
            items,
            received_at=database.clock.now(),
            settings=BeaconSettings(),  # type: ignore[call-arg]
        )
    assert isinstance(found, SightingReport)
    return found


def heard(at_s: float, minor: int, rssi: float = -62, **more: Any) -> dict[str, Any]:
    return {"ts": at_s, "rssi_dbm": rssi, "uuid": UUID_TEXT, "major": 1, "minor": minor, **more}


def stand(
    database: Database,
    clock: ManualClock,
    who: NewDevice,
    runner: BeaconRunner,
    says: int | Callable[[float], dict[str, Any]],
    seconds: int,
) -> None:
    """Stand next to a beacon, given by its minor or by what it says at a time: a word a second, sent every ten."""
    for _ in range(0, seconds, 10):
        now_s = clock.now().timestamp()
        times = [now_s + i - 10 for i in range(10)]
        send(database, who, [heard(at_s, says) if isinstance(says, int) else says(at_s) for at_s in times])
        clock.advance(10)
        runner.settle()


def rows(database: Database, model: Any) -> list[Any]:
    with database.reading() as session:
        found = list(session.scalars(select(model)))
        session.expunge_all()
    return found


def kinds(database: Database) -> list[tuple[str, str]]:
    return sorted((m.kind, m.place_id) for m in rows(database, MomentRow))


class TestBeaconRunner:
    def test_standing_by_a_beacon_is_a_visit_of_its_department(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        (visit,) = rows(database, VisitRow)
        assert (visit.place_id, visit.ended_at, visit.trust, visit.nth_visit) == ("plc_shoes", None, "claimed", 1)
        assert kinds(database) == [("beacon_proximity", "plc_shoes")]
        events = [e for e in rows(database, OutboxEvent) if e.type == "moment.detected"]
        assert len(events) == 1
        assert "rssi" not in str(events[0].payload)

    def test_going_on_to_the_next_department_ends_the_first(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 130)
        stand(database, clock, jane, hearing, 12, 150)
        found = {v.place_id: v for v in rows(database, VisitRow)}
        assert found["plc_shoes"].ended_at is not None
        assert abs((found["plc_shoes"].ended_at - found["plc_hats"].started_at).total_seconds()) < 30
        assert found["plc_hats"].ended_at is None
        assert kinds(database) == [
            ("beacon_proximity", "plc_hats"),
            ("beacon_proximity", "plc_shoes"),
            ("dwell", "plc_hats"),
            ("dwell", "plc_shoes"),
            ("left", "plc_shoes"),
        ]

    def test_a_silent_phone_dwells_and_then_has_left(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        stand(database, clock, shopper(), hearing, 1, 20)
        for _ in range(120):
            clock.advance(10)
            hearing.settle()
        (visit,) = rows(database, VisitRow)
        assert visit.ended_at is not None
        assert visit.dwell_s < 310
        assert rows(database, HearingStateRow) == []

    def test_the_same_batch_again_is_a_duplicate(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        jane, now_s = shopper(), clock.now().timestamp()
        items = [heard(now_s - i, 1) for i in range(10)]
        assert send(database, jane, items).accepted == 10
        assert send(database, jane, items).duplicate == 10
        clock.advance(5)
        hearing.settle()
        assert len(rows(database, VisitRow)) == 1

    def test_contents_go_when_they_are_processed(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        stand(database, clock, shopper(), hearing, 1, 10)
        assert [r.payload for r in rows(database, SightingLogRow)] == [None]

    def test_another_owner_goes_on_where_the_first_was_killed(
        self,
        database: Database,
        clock: ManualClock,
        hearing: BeaconRunner,
        shopper: Shopper,
        beacon_settings: BeaconSettings,
    ) -> None:
        """Planted bug: a flush without the guard of the epoch lets the stopped owner write too."""
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        other = BeaconRunner(database, beacon_settings)
        assert other.claim(clock.now(), at_once=True)
        send(database, jane, [heard(clock.now().timestamp() + i, 12) for i in range(3)])
        clock.advance(5)
        hearing.run_once()
        assert not hearing.flush(clock.now())
        assert not hearing.owns
        stand(database, clock, jane, other, 1, 110)
        (visit,) = rows(database, VisitRow)
        assert visit.dwell_s == 120
        assert kinds(database) == [("beacon_proximity", "plc_shoes"), ("dwell", "plc_shoes")]

    def test_withdrawn_consent_is_asked_again_at_the_flush(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        jane = shopper()
        stand(database, clock, jane, hearing, 1, 20)
        now_s = clock.now().timestamp()
        send(database, jane, [heard(now_s + i, 1) for i in range(5)])
        with database.transaction() as session:
            withdraw(session, jane.shopper_id, Purpose.LOCATION, source="app", at=clock.now())
        clock.advance(200)
        hearing.settle()
        (visit,) = rows(database, VisitRow)
        assert visit.ended_at is not None
        assert kinds(database) == [("beacon_proximity", "plc_shoes")]
        assert rows(database, HearingStateRow) == []


class TestTogetherWithPositions:
    def test_a_beacon_and_positions_confirm_each_other(
        self,
        database: Database,
        clock: ManualClock,
        hearing: BeaconRunner,
        shopper: Shopper,
        settings: GeofenceSettings,
    ) -> None:
        jane, loop = shopper(), RunnerLoop(database, settings)
        key = Key(jane.shopper_id, jane.device_id)
        with database.transaction() as session:
            from geofences.ingest import ingest

            ingest(session, key, [raw(clock.now(), 5.0)], received_at=clock.now(), settings=settings)
        clock.advance(3)
        loop.settle()
        stand(database, clock, jane, hearing, 1, 20)
        found = {v.place_id: v.trust for v in rows(database, VisitRow)}
        assert found == {"plc_shop": "corroborated", "plc_shoes": "corroborated"}
        assert [c.kind for c in rows(database, CorroborationRow)] == ["beacon"]
        told = {m.kind: m.trust for m in rows(database, MomentRow)}
        assert told == {"store_visit": "claimed", "beacon_proximity": "corroborated"}

    def test_a_made_up_position_is_not_confirmed(
        self,
        database: Database,
        clock: ManualClock,
        hearing: BeaconRunner,
        shopper: Shopper,
        settings: GeofenceSettings,
    ) -> None:
        jane, loop = shopper(), RunnerLoop(database, settings)
        with database.transaction() as session:
            from geofences.ingest import ingest

            fix = raw(clock.now(), 5.0, mocked=True)
            ingest(session, Key(jane.shopper_id, jane.device_id), [fix], received_at=clock.now(), settings=settings)
        clock.advance(3)
        loop.settle()
        stand(database, clock, jane, hearing, 1, 20)
        assert {v.trust for v in rows(database, VisitRow)} == {"claimed"}


class TestEchoes:
    def ephemeral(self, rssi: float = -62, **more: Any) -> Callable[[float], dict[str, Any]]:
        return lambda at_s: {
            "ts": at_s, "rssi_dbm": rssi, "eid": ephemeral_id(KEY, 4, 5_000 + int(at_s - self.began_s)).hex(), **more,
        }  # fmt: skip

    began_s = 0.0

    def test_one_passing_id_heard_far_apart_flags_both(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        self.began_s = clock.now().timestamp()
        assert KEY.hex() == KEY_HEX
        with database.transaction() as session:
            import_beacons(session, [rotating("shoes")], at=clock.now())
        jane, jim = shopper(), shopper()
        here = {"lat": LAT, "lon": LON, "accuracy_m": 10}
        stand(database, clock, jane, hearing, self.ephemeral(**here), 20)
        assert [v.doubts for v in rows(database, VisitRow)] == [[]]
        there = {"lat": LAT + 0.1, "lon": LON, "accuracy_m": 10}
        for _ in range(2):
            now_s = clock.now().timestamp()
            send(database, jane, [self.ephemeral(**here)(now_s + i) for i in range(10)])
            send(database, jim, [self.ephemeral(**there)(now_s + i) for i in range(10)])
            clock.advance(10)
            hearing.settle()
        visits = rows(database, VisitRow)
        assert {v.shopper_id for v in visits} == {jane.shopper_id, jim.shopper_id}
        assert [v.doubts for v in visits] == [["beacon_echoed"]] * 2

    def test_two_phones_beside_each_other_are_none(
        self, database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper
    ) -> None:
        self.began_s = clock.now().timestamp()
        with database.transaction() as session:
            import_beacons(session, [rotating("shoes")], at=clock.now())
        here = {"lat": LAT, "lon": LON, "accuracy_m": 10}
        for who in (shopper(), shopper()):
            send(database, who, [self.ephemeral(**here)(clock.now().timestamp() + i) for i in range(10)])
        clock.advance(15)
        hearing.settle()
        assert [v.doubts for v in rows(database, VisitRow)] == [[], []]


def test_time_is_event_time(database: Database, clock: ManualClock, hearing: BeaconRunner, shopper: Shopper) -> None:
    """Sightings received minutes later begin the visit when they happened."""
    jane, began = shopper(), clock.now()
    clock.advance(300)
    send(database, jane, [heard(began.timestamp() + i, 1) for i in range(10)])
    clock.advance(5)
    hearing.settle()
    (visit,) = rows(database, VisitRow)
    assert visit.started_at - began < timedelta(seconds=3)
