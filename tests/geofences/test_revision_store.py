"""Late truth in the database: what the world has been told in the end is what in-order arrival would have told it."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.security.people import NewDevice
from geofences import facade
from geofences.jobs import RunnerLoop
from geofences.models import MomentRetractedRow, MomentRow, VisitRow
from geofences.settings import GeofenceSettings
from tests.geofences.conftest import pass_time, raw
from tests.geofences.test_jobs import kinds, send

Make = Callable[..., NewDevice]


def told(database: Database, device: NewDevice) -> tuple[list[Any], list[Any]]:
    """Visits and moments without their ids, which hold the shopper."""
    with database.reading() as session:
        visits = session.execute(
            select(VisitRow.started_at, VisitRow.ended_at, VisitRow.dwell_s, VisitRow.nth_visit)
            .where(VisitRow.shopper_id == device.shopper_id)
            .order_by(VisitRow.started_at)
        ).all()
        moments = session.execute(
            select(MomentRow.occurred_at, MomentRow.kind, MomentRow.dwell_s, MomentRow.nth_visit)
            .where(MomentRow.shopper_id == device.shopper_id)
            .order_by(MomentRow.occurred_at, MomentRow.kind)
        ).all()
    return [tuple(v) for v in visits], [tuple(m) for m in moments]


def events(database: Database, device: NewDevice) -> list[tuple[str, str]]:
    with database.reading() as session:
        rows = session.scalars(
            select(OutboxEvent)
            .where(OutboxEvent.subject == device.shopper_id)
            .order_by(OutboxEvent.created_at, OutboxEvent.id)
        ).all()
        return [(row.type, row.payload["moment_id"]) for row in rows if row.type.startswith("moment.")]


def stay(start: datetime, minutes: range, east_m: float = 0.0) -> list[dict[str, Any]]:
    return [raw(start + timedelta(minutes=m), east_m) for m in minutes]


class TestReviseKey:
    def test_a_queue_from_a_phone_that_was_offline_inside(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        """Told meanwhile: that she left. In truth she left two hours later: one stay, one visit, told of once."""
        jane, start = shopper(), clock.now()
        send(database, jane, stay(start, range(-2, 1)), settings)
        pass_time(loop, clock, 2)
        pass_time(loop, clock, 1800)
        pass_time(loop, clock, 3.5 * 3600)
        assert kinds(database, jane) == ["store_visit", "dwell 120", "dwell 300", "dwell 900", "left"]
        queue = stay(start, range(1, 200), 5.0) + stay(start, range(200, 210), 400.0)
        send(database, jane, queue, settings)
        pass_time(loop, clock, 2)
        (visit,), moments = told(database, jane)
        assert timedelta(minutes=190) < visit[1] - visit[0] < timedelta(minutes=205)
        assert [m[1] for m in moments] == ["store_visit", "dwell", "dwell", "dwell", "left"]
        assert moments[-1][0] == visit[1]
        told_of = [moment_id for kind, moment_id in events(database, jane) if kind == "moment.detected"]
        assert len(told_of) == len(set(told_of))

    def test_a_dwell_that_was_none_is_retracted_with_an_event(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        jane, start = shopper(), clock.now()
        send(database, jane, [raw(start - timedelta(seconds=20 * i), 0) for i in range(4)], settings)
        pass_time(loop, clock, 2)
        pass_time(loop, clock, 1000)
        assert kinds(database, jane) == ["store_visit", "dwell 120", "dwell 300", "dwell 900"]
        gone = [raw(start + timedelta(seconds=50 + 20 * i), 300.0 + i) for i in range(20)]
        send(database, jane, gone, settings)
        pass_time(loop, clock, 2)
        assert [k for k in kinds(database, jane) if k.startswith("dwell")] == []
        assert "left" in kinds(database, jane)
        with database.reading() as session:
            kept = session.execute(select(MomentRetractedRow.kind, MomentRetractedRow.id)).all()
        assert sorted(kind for kind, _ in kept) == ["dwell", "dwell", "dwell"]
        retracted = [moment_id for kind, moment_id in events(database, jane) if kind == "moment.retracted"]
        assert sorted(retracted) == sorted(moment_id for _, moment_id in kept)
        send(database, jane, gone[3:7], settings)  # doing it again changes nothing
        pass_time(loop, clock, 2)
        assert len([1 for kind, _ in events(database, jane) if kind == "moment.retracted"]) == 3

    def test_an_earlier_visit_found_late_makes_the_later_one_a_return(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        jane, start = shopper(), clock.now()
        away = stay(start, range(-400, -390), 900.0) + stay(start, range(-300, -200, 3), 900.0)
        send(database, jane, away, settings)
        pass_time(loop, clock, 2)
        send(database, jane, stay(start, range(-20, 1)), settings)
        pass_time(loop, clock, 2)
        assert "return_visit" not in kinds(database, jane)
        send(database, jane, stay(start, range(-360, -330)), settings)
        pass_time(loop, clock, 2)
        visits, moments = told(database, jane)
        assert [nth for *_, nth in visits] == [1, 2]
        (again,) = [m for m in moments if m[1] == "return_visit"]
        assert (again[0], again[3]) == (visits[1][0], 2)

    def test_she_came_earlier_than_was_told(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        """The visit keeps its id, and nothing is told twice.

        Seen to fail when the earlier start made another visit: a welcome retracted and another one told.
        """
        jane, start = shopper(), clock.now()
        send(database, jane, stay(start, range(-8, 1)), settings)
        pass_time(loop, clock, 2)
        with database.reading() as session:
            before = facade.recent_visits(session, jane.shopper_id, 5)
        first = events(database, jane)
        assert [kind for kind, _ in first] == ["moment.detected"] * 3
        for minutes in (range(-11, -8), range(-13, -11)):
            send(database, jane, stay(start, minutes), settings)
            pass_time(loop, clock, 2)
            assert events(database, jane) == first
        (visit,), moments = told(database, jane)
        assert visit[0] == start - timedelta(minutes=13)
        assert [(at - visit[0], kind, step) for at, kind, step, _ in moments] == [
            (timedelta(0), "store_visit", 0),
            (timedelta(minutes=2), "dwell", 120),
            (timedelta(minutes=5), "dwell", 300),
        ]
        pass_time(loop, clock, 180)
        send(database, jane, stay(clock.now(), range(-1, 1), 900.0), settings)
        send(database, jane, stay(clock.now() + timedelta(minutes=0), range(1), 900.0), settings)
        pass_time(loop, clock, 2000)
        with database.reading() as session:
            (after,) = facade.recent_visits(session, jane.shopper_id, 5)
            (left,) = [m for m in facade.recent_moments(session, since=start, limit=20) if m.kind == "left"]
        assert (after.id, left.visit_id) == (before[0].id, before[0].id)
        assert kinds(database, jane) == ["store_visit", "dwell 120", "dwell 300", "dwell 900", "left"]
        assert len([1 for kind, _ in events(database, jane) if kind == "moment.retracted"]) == 0

    def test_moments_past_are_told_with_their_own_time(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        jane, start = shopper(), clock.now()
        send(database, jane, stay(start, range(-10, 1), 900.0), settings)
        pass_time(loop, clock, 2)
        send(database, jane, stay(start, range(-300, -250), 0.0), settings)
        pass_time(loop, clock, 2)
        visits, moments = told(database, jane)
        assert visits[0][0] == start - timedelta(minutes=300)
        assert moments[0][:2] == (start - timedelta(minutes=300), "store_visit")
        with database.reading() as session:
            assert facade.open_visit(session, jane.shopper_id, "plc_shop") is None

    def test_whatever_the_order(
        self, database: Database, clock: ManualClock, loop: RunnerLoop, shopper: Make, settings: GeofenceSettings
    ) -> None:
        """Seen to fail when moments of a retracted visit stayed, and when later visits kept their number."""
        start = clock.now()
        pass_time(loop, clock, 20 * 3600)
        pairs: list[tuple[NewDevice, NewDevice]] = []
        for seed in range(12):
            rng, ordered, shuffled = random.Random(seed), shopper(), shopper()
            at, fixes = start, list[dict[str, Any]]()
            for _ in range(rng.randint(10, 60)):
                at += timedelta(
                    seconds=round(rng.choice((rng.uniform(5, 300), rng.uniform(5, 300), rng.uniform(60, 9000))))
                )
                if at < clock.now():
                    fixes.append(
                        raw(at, rng.choice((0.0, 10.0, 55.0, 130.0, 400.0, 3000.0)), accuracy_m=rng.choice((5, 20, 65)))
                    )
            send(database, ordered, fixes, settings)
            mixed = rng.sample(fixes, len(fixes))
            while mixed:
                size = rng.randint(1, 15)
                send(database, shuffled, mixed[:size], settings)
                mixed = mixed[size:]
                if rng.random() < 0.6:
                    loop.settle()
            pairs.append((ordered, shuffled))
        pass_time(loop, clock, 2)
        pass_time(loop, clock, 5 * 3600)
        for ordered, shuffled in pairs:
            assert told(database, shuffled) == told(database, ordered)
        assert sum(len(told(database, ordered)[0]) for ordered, _ in pairs) >= 20
