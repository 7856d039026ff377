"""`moments bench audience`: how long a live count takes over many shoppers, through the door of the room.

Owns the made-up shoppers with what they agreed to, where they were and what they bought, in a temporary SQLite file, and the
measuring. Nothing of the user's is touched.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.privacy.models import ConsentStateRow
from app.privacy.purposes import NOTICES, Purpose
from app.security.models import ShopperRow
from geofences import facade as geofences
from offers import facade as offers
from offers.contracts import PurchaseLine

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STORES, VISITS_EACH, ROUNDS = 100, 10, 5
AUDIENCE: dict[str, Any] = {
    "all": [{"fact": "visits", "at_least": 3, "within_days": 30}, {"fact": "member_days", "at_least": 100}],
    "none": [{"fact": "orders", "at_least": 1, "within_days": 90}],
}


def audience(shoppers: int) -> dict[str, Any]:
    """The median of five counts of three conditions, beside one that asks for nothing; seconds by the wall."""
    from app.migrations import upgrade

    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'house.sqlite3'}", clock=ManualClock(NOW))
        upgrade(database)
        with database.transaction() as session:
            _fill(session, shoppers)
        figures: dict[str, Any] = {"shoppers": shoppers, "visits": shoppers * VISITS_EACH}
        for name, document in (("count_everybody_s", None), ("count_s", AUDIENCE)):
            took: list[float] = []
            for _ in range(ROUNDS):
                with database.reading() as session:
                    begun = time.perf_counter()
                    found = offers.count_audience(session, document, at=NOW)
                    took.append(time.perf_counter() - begun)
                figures[f"{name.removesuffix('_s')}_members"] = found.members
            figures[name] = round(median(took), 2)
        database.close()
    return figures


def print_lines(figures: dict[str, Any]) -> None:
    """For people."""
    for name, value in figures.items():
        print(f"{name:<24} {value:>12,}" if value is not None else f"{name:<24} {'hidden':>12}")


def _fill(session: Session, shoppers: int) -> None:
    """Everybody agreed to everything; ten visits within ninety days, spread evenly; one in three has bought."""
    ids = [f"shp_{n:06d}" for n in range(shoppers)]
    insert_many(session, ShopperRow, ("id", "created_at"), [(i, NOW - timedelta(days=n % 365)) for n, i in enumerate(ids)])
    columns = ("shopper_id", "purpose", "sequence", "granted", "notice_version", "source", "at")
    for purpose in Purpose:
        agreed = (purpose.value, 1, True, NOTICES[purpose].version, "bench", NOW - timedelta(days=400))
        insert_many(session, ConsentStateRow, columns, [(i, *agreed) for i in ids])
    for k in range(VISITS_EACH):
        geofences.bench_visits(
            session,
            [(i, f"plc_{(n + k) % STORES}", NOW - timedelta(days=(n * 7 + k * 9) % 90, hours=1)) for n, i in enumerate(ids)],
        )
    for n in range(0, shoppers, 3):
        line = PurchaseLine(1, f"prd_{n % 50}", f"cat_{n % 7}", 1_000)
        at = NOW - timedelta(days=n % 180)
        offers.note_purchase(session, order_id=f"ord_{n}", shopper_id=ids[n], currency="EUR", lines=[line], at=at)
