"""Who is nowhere passes by in columns, and nothing comes out otherwise than with every fix put through the rules."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from app.kernel.bulk import insert_many
from app.kernel.clock import ManualClock, from_epoch_s
from app.kernel.db import Database
from app.kernel.outbox import OutboxEvent
from app.kernel.verdict import Fail
from app.privacy.consents import grant, withdraw
from app.privacy.purposes import Purpose
from app.security.models import DeviceRow, ShopperRow
from geofences import facade
from geofences.adapters.table_log import fixes_of
from geofences.batches import of_objects
from geofences.columns import FixColumns, Flags
from geofences.fixes import FixResult
from geofences.index import FenceIndex
from geofences.ingest import reading, take
from geofences.jobs import RunnerLoop
from geofences.live import Fixes, LiveDevices
from geofences.memory import Memory
from geofences.models import MomentRetractedRow, MomentRow, VisitRow
from geofences.partition_store import load_states
from geofences.partitions import establish
from geofences.settings import GeofenceSettings
from geofences.track import Key, Sample, TrackRules
from tests.geofences.conftest import SHOP_FEATURE
from tests.geofences.tracks import K_LON, LAT, LON, K

PEOPLE = [Key(f"shp_{i}", f"dev_{i}") for i in range(14)]
LEAVES = PEOPLE[3]
"""Withdraws her consent in the middle."""
NEXT_DOOR = {**SHOP_FEATURE, "id": "plc_next_door", "geometry": {"type": "Point", "coordinates": [LON + 190 / K_LON, LAT]}}
Sent = tuple[float, Key, dict[str, Any]]


def stream(seed: int, start_s: float, *, late: bool = True) -> list[Sent]:
    """Who sends what when it arrives: people who pass far off, near by, along the border and through; some comes late, twice or both."""
    rng = random.Random(seed)
    out: list[Sent] = []
    for no, key in enumerate(PEOPLE):
        at_s, east_m, north_m = start_s + rng.uniform(0, 30), rng.choice([0, 55, 95, 190, -400, 6_000]), rng.choice([0, 60, 500])
        for step in range(55):
            at_s += rng.choice([5, 30, 30, 30, 60, 150])
            east_m, north_m = east_m + rng.gauss(0, 25 if no % 3 else 60), north_m + rng.gauss(0, 25)
            if no % 7 == 0:  # to and fro past both shops
                east_m, north_m = (-300.0, 450.0)[step % 2] + rng.gauss(0, 20), rng.gauss(0, 10)
            fix = {
                "ts": round(at_s, 3),
                "lat": round(LAT + north_m / K, 7),
                "lon": round(LON + east_m / K_LON, 7),
                "accuracy_m": rng.choice([5.0, 8.0, 30.0, 250.0]),
                "mocked": rng.random() < 0.01,
                "shopper_id": key.shopper_id,
                "device_id": key.device_id,
            }
            late_s = rng.uniform(20, 900) if late and rng.random() < 0.08 else rng.uniform(0, 0.5)
            out.append((at_s + late_s, key, fix))
            if rng.random() < 0.04:
                out.append((at_s + late_s + (rng.choice([0.0, 40.0, 700.0]) if late else 0.0), key, fix))
    return sorted(out, key=lambda sent: (sent[0], sent[1]))


def through_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fix, also one that is late, as if there were no columns."""

    def every(_self: LiveDevices, fixes: Fixes, _fences: FenceIndex, _rules: TrackRules) -> Flags:
        return np.ones(len(fixes.at_s), dtype=np.bool_)

    def every_late(self: Memory, late: FixColumns, _fences: FenceIndex) -> dict[int, list[Sample]]:
        nos = late.key_no
        told = {int(no): self.unknown(int(no), late.take(nos == no).samples()) for no in np.unique(nos)}
        return {no: samples for no, samples in told.items() if samples}

    monkeypatch.setattr(LiveDevices, "for_rules", every)
    monkeypatch.setattr(Memory, "_overdue", every_late)


def agreed(database: Database, clock: ManualClock) -> None:
    """Two shops next to one another, and people who have agreed to be located."""
    with database.transaction() as session:
        for place in (SHOP_FEATURE, NEXT_DOOR):
            facade.import_geojson(session, place, at=clock.now())
        before = clock.now() - timedelta(days=1)
        insert_many(session, ShopperRow, ("id", "created_at"), [(k.shopper_id, before) for k in PEOPLE])
        columns = ("id", "shopper_id", "platform", "token_hash", "tracking_hash", "created_at", "last_seen_at")
        insert_many(session, DeviceRow, columns, [(k.device_id, k.shopper_id, "android", k.device_id, k.device_id[::-1], before, before) for k in PEOPLE])
        for key in PEOPLE:
            grant(session, key.shopper_id, Purpose.LOCATION, source="app", at=before)


def run(
    database: Database, clock: ManualClock, sent: Sequence[Sent], settings: GeofenceSettings, *, restart: bool = True
) -> tuple[dict[str, Any], list[FixResult]]:
    """(all that came of it, what each fix was answered)."""
    agreed(database, clock)
    establish(database, settings.partitions)
    loop, answers = RunnerLoop(database, settings), list[FixResult]()
    each = 45
    for start in range(0, len(sent), each):
        clock.set_to(max(clock.now(), from_epoch_s(sent[start : start + each][-1][0])))
        if start == each * 6:
            with database.transaction() as session:
                withdraw(session, LEAVES.shopper_id, Purpose.LOCATION, source="app", at=clock.now())
        if restart and start == each * 9:
            loop.stop()
            loop = RunnerLoop(database, settings)
        batch = of_objects([fix for _, _, fix in sent[start : start + each]], reading(None, received_at=clock.now(), settings=settings))
        with database.transaction() as session:
            found = take(session, batch, None, received_at=clock.now())
        assert not isinstance(found, Fail)
        answers += found.results
        loop.run_once()
    clock.advance(5)
    loop.settle()
    return outcome(database), answers


def outcome(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        tables = {
            model.__tablename__: sorted(repr(tuple(row)) for row in session.execute(select(*model.__table__.columns)))
            for model in (VisitRow, MomentRow, MomentRetractedRow)
        }
        states, _ = load_states(session, range(16))
        return tables | {
            "states": {key: (s.presences, s.dormant, s.floor_s if s.presences else None) for key, s in states.items() if not s.quiet},
            "told": sorted((e.type, e.subject) for e in session.scalars(select(OutboxEvent)) if e.type.startswith("moment.")),
            "held": {key.shopper_id: fixes_of(session, key.shopper_id) for key in PEOPLE},
        }


class TestForRules:
    @pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.full), pytest.param(3, marks=pytest.mark.full)])
    def test_what_passes_by_changes_nothing(
        self, database: Database, clock: ManualClock, tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch, seed: int
    ) -> None:
        """Visits, moments and what was taken back, states, what is held, and the answer to each fix. Seen to fail with the way between
        two fixes not looked at, with busy devices let past, and with late fixes from while a device was busy taken for harmless.
        """
        settings = GeofenceSettings()  # type: ignore[call-arg]
        began, start_s = clock.now(), clock.now().timestamp()
        found = run(database, clock, stream(seed, start_s), settings)
        assert len(found[0][VisitRow.__tablename__]) > 5
        assert any("crossed" in moment for moment in found[0][MomentRow.__tablename__])
        assert len({answer.status for answer in found[1]}) == 3
        path = tmp_path / "through_the_rules.sqlite3"
        shutil.copy(sqlite_template, path)
        then = ManualClock(began)
        reference = Database(f"sqlite:///{path}", clock=then)
        through_the_rules(monkeypatch)
        wanted = run(reference, then, stream(seed, start_s), settings)
        reference.close()
        for name, rows in wanted[0].items():
            assert found[0][name] == rows, name
        assert found[1] == wanted[1]
