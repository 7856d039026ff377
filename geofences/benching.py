"""The workload and the stages that `moments bench ingest` times: people walking among many fences, as batches a server sends.

Owns the making of batches and the stages without storage (decode; decode and detect). Must not time anything.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.outbox import OutboxEvent
from geofences.adapters import arrow_reader
from geofences.adapters.table_log import TableLog
from geofences.batches import Batch, Reading, of_json
from geofences.columns import Floats
from geofences.contracts import MomentView
from geofences.index import FenceIndex, workloads
from geofences.ingest import take
from geofences.intake import SharedIntake
from geofences.models import FixLogRow, LogPartitionRow, MomentRow, TrackStateRow, VisitRow
from geofences.partitions import MOST
from geofences.ports import LogBatch
from geofences.runner import PartitionRunner
from geofences.settings import GeofenceSettings
from geofences.track import Key

Form = Literal["json", "arrow"]
ARRIVES_AFTER_S = 0.2
"""From a fix to its receipt."""


class Walks:
    """`fixes` fixes of people walking among `fences` fences of workload W2 (3 in 100 arrive 30 to 300 s late)."""

    def __init__(self, fences: int, fixes: int) -> None:
        self.index = FenceIndex(workloads.fences("W2", fences))
        self._fixes = workloads.fixes(fixes, fences)
        self.devices = int(self._fixes.device_no.max()) + 1

    @property
    def starts_s(self) -> float:
        """Event time of the first fix."""
        return float(self._fixes.at_s.min())

    def batches(self, keys: Sequence[Key], size: int, form: Form = "json") -> Iterator[tuple[float, bytes]]:
        """(time of receipt, body) of each batch, in order; `keys` names the devices."""
        f = self._fixes
        received_s = np.maximum.accumulate(f.at_s) + ARRIVES_AFTER_S
        write = _json_body if form == "json" else arrow_body
        for start in range(0, len(f.at_s), size):
            some = slice(start, start + size)
            ts, lat, lon = f.at_s[some].round(3), f.lat_deg[some].round(7), f.lon_deg[some].round(7)
            yield float(received_s[some][-1]), write(ts, lat, lon, [keys[no] for no in f.device_no[some].tolist()])


def _json_body(ts: Floats, lat: Floats, lon: Floats, whose: Sequence[Key]) -> bytes:
    rows = zip(ts.tolist(), lat.tolist(), lon.tolist(), whose, strict=True)
    return msgspec.json.encode(
        {
            "fixes": [
                {"ts": at, "lat": y, "lon": x, "accuracy_m": 8.0, "shopper_id": key.shopper_id, "device_id": key.device_id}
                for at, y, x, key in rows
            ]
        }
    )


def arrow_body(ts: Floats, lat: Floats, lon: Floats, whose: Sequence[Key], accuracy_m: Floats | None = None) -> bytes:
    """An Arrow stream of fixes; 8 m, where not told."""
    return arrow_reader.to_stream(
        {"ts": ts, "lat": lat, "lon": lon, "accuracy_m": np.full(len(ts), 8.0) if accuracy_m is None else accuracy_m},
        {"shopper_id": [key.shopper_id for key in whose], "device_id": [key.device_id for key in whose]},
    )


def decode(body: bytes, received_at: datetime, settings: GeofenceSettings) -> Batch:
    """As the endpoint does it, and nothing else."""
    read = of_json if body[:1] == b"{" else arrow_reader.of_stream
    return read(body, Reading(None, received_at.timestamp(), settings.max_fix_age_s), settings.max_fixes_per_batch)


def take_in(database: Database, body: bytes, settings: GeofenceSettings, intake: SharedIntake | None = None) -> None:
    """Into the log at the present time of the database's clock."""
    now = database.clock.now()
    batch = decode(body, now, settings)
    if intake is not None:
        intake.taking(lambda session, log: take(session, batch, None, received_at=now, log=log))
        return
    with database.transaction() as session:
        take(session, batch, None, received_at=now)


class Detecting:
    """The live engine with nothing stored: what it finds is counted and let go."""

    def __init__(self, database: Database, settings: GeofenceSettings, index: FenceIndex) -> None:
        self._runner = PartitionRunner(database, TableLog(), settings.track_rules())
        self._index, self._lateness_s, self._lock = index, settings.lateness_s, threading.Lock()
        self.transitions = self._position = 0

    def take(self, batch: Batch, received_at: datetime) -> None:
        with self._lock:
            self._position += 1
            self._runner.feed(LogBatch(self._position, batch.columns))
            self.transitions += self._runner.tick(received_at.timestamp() - self._lateness_s, self._index)
            self._runner.let_go()


def outcome(database: Database) -> dict[str, Any]:
    """What every visit and moment is, without its id (a visit found to have begun earlier keeps the id it was told by), the number of rows
    of each table a run writes, and how many partitions each process has."""
    visits = select(
        VisitRow.device_id, VisitRow.fence_id, VisitRow.started_at, VisitRow.ended_at, VisitRow.dwell_s, VisitRow.confidence
    )
    moments = select(MomentRow.device_id, MomentRow.fence_id, MomentRow.kind, MomentRow.occurred_at, MomentRow.dwell_s)
    tables = (FixLogRow, TrackStateRow, VisitRow, MomentRow, OutboxEvent)
    with database.reading() as session:
        return {
            "visits": sorted(map(str, session.execute(visits))),
            "moments": sorted(map(str, session.execute(moments))),
            "owners": Counter(session.scalars(select(LogPartitionRow.owner).where(LogPartitionRow.partition < MOST, LogPartitionRow.owner.is_not(None)))),
            "rows": {t.__tablename__: session.scalar(select(func.count()).select_from(t)) for t in tables},
        }


def store_moments(session: Session, told: Sequence[tuple[datetime, MomentView]]) -> None:
    """(when detected, moment) as rows, without the visits behind them."""
    columns = (
        "id", "kind", "shopper_id", "device_id", "place_id", "fence_id", "visit_id", "occurred_at", "detected_at", "dwell_s",
        "nth_visit", "confidence", "trust", "doubts",
    )  # fmt: skip
    rows = [
        (m.id, m.kind.value, m.shopper_id, m.device_id, m.place_id, "fnc", m.visit_id, m.occurred_at, at, m.dwell_s, m.nth_visit,
         m.confidence, m.trust.value, [])
        for at, m in told
    ]  # fmt: skip
    insert_many(session, MomentRow, columns, rows)


def store_visits(session: Session, stays: Sequence[tuple[str, str, datetime]]) -> None:
    """(shopper, place, when it began) as visits of ten minutes that have ended."""
    columns = (
        "id", "shopper_id", "device_id", "place_id", "fence_id", "started_at", "ended_at", "seen_at", "dwell_s", "nth_visit", "confidence",
        "trust", "doubts",
    )  # fmt: skip
    rows = [
        (new_id("vis"), shopper_id, "dev", place_id, "fnc", began, began + timedelta(seconds=600), began, 600, 1, 0.9, "verified", [])
        for shopper_id, place_id, began in stays
    ]
    insert_many(session, VisitRow, columns, rows)
