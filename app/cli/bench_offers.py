"""`moments bench decide` and `moments bench simulate`: what deciding costs, through the doors of the rooms.

Owns the made-up stores, campaigns and moments, in a temporary SQLite file, and the measuring. Nothing of the user's is touched.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from app.kernel.clock import ManualClock
from app.kernel.db import Database
from app.kernel.logs import configure_logs
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security.sealing import use_secrets
from app.security.secrets import new_secrets
from app.security.vault import open_vault, use_vault, vault
from geofences import facade as geofences
from geofences.contracts import MomentKind, MomentView, TrustLevel
from offers import facade as offers

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
STORES, WARM_UP = 100, 20
TARGETS = {"decide_p99_ms": 5.0, "simulate_s": 3.0}


def decide(campaigns: int, moments: int) -> dict[str, Any]:
    """One campaign in a hundred listens at each store; then, said apart, all of them listen everywhere."""
    figures: dict[str, Any] = {"campaigns": campaigns, "moments": moments, "listening_at_a_store": campaigns // STORES}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        figures |= _measured(Path(folder), campaigns, moments, "decide", lambda n: {"place_ids": [f"plc_{n % STORES}"]})
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        worst = _measured(Path(folder), campaigns, max(20, moments // 40), "all_listen", lambda _: {"everywhere": True})
    return figures | worst | {"reached": {"decide_p99_ms": figures["decide_p99_ms"] <= TARGETS["decide_p99_ms"]}}


def simulate(days: int, shoppers: int) -> dict[str, Any]:
    """Each shopper in a store once a day; one campaign simulated among five rivals."""
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        database = _house(Path(folder))
        with database.transaction() as session:
            for n in range(6):
                caps = {"per_shopper": None, "per_shopper_window": {"count": 1 + n % 2, "window_s": 86_400 * 3}}
                trigger = {"place_ids": [f"plc_{k}" for k in range(n, STORES, 2)]}
                _live(session, n, trigger, caps=caps, priority=n % 2)
            ids = [f"shp_{n:05d}" for n in range(shoppers)]
            for shopper_id in ids:
                set_consent(session, shopper_id, Purpose.PERSONALISATION, granted=True, source="bench", at=START)
            geofences.bench_moments(session, [
                (at, _moment(f"mom_{day:02d}{n:05d}", who, (day + n) % STORES, at))
                for day in range(days)
                for n, who in enumerate(ids)
                for at in (START + timedelta(days=day, seconds=18 * n),)
            ])  # fmt: skip
        with database.reading() as session:
            begun = time.perf_counter()
            end = START + timedelta(days=days)
            found = offers.simulate(session, "cam_0000", since=START, until=end, at=end)
            took_s = time.perf_counter() - begun
        database.close()
    figures: dict[str, Any] = {"days": days, "shoppers": shoppers, "moments": days * shoppers, "simulate_s": round(took_s, 2)}
    figures |= {"weighed": found.weighed.moments, "offered": found.offered.moments}
    return figures | {"reached": {"simulate_s": took_s <= TARGETS["simulate_s"]}}


def print_lines(figures: dict[str, Any]) -> None:
    """For people: a line for each figure, with what it is to reach."""
    for name, value in figures.items():
        if name == "reached":
            continue
        target = TARGETS.get(name)
        goal = "" if target is None else f"   to reach: {target:g}   {'reached' if figures['reached'][name] else 'not reached'}"
        shown = f"{value:,}" if value is not None else "hidden"
        print(f"{name:<24} {shown:>10}{goal}")


def _house(folder: Path) -> Database:
    from app.migrations import upgrade

    configure_logs(level="ERROR", as_json=False)
    use_secrets(new_secrets())
    use_vault(open_vault(folder))
    database = Database(f"sqlite:///{folder / 'house.sqlite3'}", clock=ManualClock(START))
    upgrade(database)
    features = [
        {
            "type": "Feature",
            "id": f"plc_{n}",
            "geometry": {"type": "Point", "coordinates": [24.9 + n * 0.01, 60.17]},
            "properties": {"name": f"Store {n}", "kind": "shop", "radius_m": 30, "timezone": "Europe/Helsinki"},
        }
        for n in range(STORES)
    ]
    with database.transaction() as session:
        geofences.import_geojson(session, {"type": "FeatureCollection", "features": features}, at=START)
    return database


def _live(session: Any, n: int, trigger: dict[str, Any], **changes: Any) -> None:
    document = {
        "name": f"Campaign {n}",
        "title": f"20 % off {n}",
        "because": "it is on sale there",
        "trigger": {"moment_kinds": ["store_visit"], **trigger},
        "benefit": {"kind": "percent", "percent": 20, "categories": [f"cat_{n % 17}"], "max_discount_minor": 500},
        "schedule": {"starts_on": "2026-11-01", "ends_on": "2026-12-31"},
        "caps": {"per_shopper": 1, "total": 100_000},
        "budget_minor": 100_000_000,
        "priority": n % 3,
        "expected_value_minor": 50 + n % 7,
        **changes,
    }
    campaign_id = offers.draft_campaign(session, document, by="psn_bench", at=START, campaign_id=f"cam_{n:04d}")
    offers.activate_campaign(session, campaign_id, at=START)


def _moment(moment_id: str, shopper_id: str, store: int, at: datetime) -> MomentView:
    return MomentView(
        moment_id, MomentKind.STORE_VISIT, shopper_id, "dev", f"plc_{store}", f"vis_{moment_id}", at, 0, 1, 0.9, TrustLevel.VERIFIED, ()
    )  # fmt: skip


def _measured(
    folder: Path, campaigns: int, moments: int, name: str, trigger: Callable[[int], dict[str, Any]]
) -> dict[str, Any]:
    """p50 and p99 in milliseconds from the moment to the commit, by the wall and by the processor; `cpu_all` is what a decision costs on
    average with whatever the process does beside it (the copying of the log, app/kernel/write_ahead.py).

    Every shopper's key is there and open, as it is of somebody who was located: a fix is sealed with it before it becomes a moment. What
    was loaded is left alone by the garbage collector, as in a process that detects (geofences/jobs.py).
    """
    database = _house(folder)
    with database.transaction() as session:
        for n in range(campaigns):
            _live(session, n, trigger(n))
        for n in range(moments + WARM_UP):
            set_consent(session, f"shp_{n}", Purpose.PERSONALISATION, granted=True, source="bench", at=START)
    vault().keys_of([f"shp_{n}" for n in range(moments + WARM_UP)])
    gc.collect()
    gc.freeze()
    wall: list[float] = []
    cpu: list[float] = []
    all_cpu = 0.0
    for n in range(moments + WARM_UP):
        if n == WARM_UP:
            all_cpu = time.process_time()
        begun, begun_cpu = time.perf_counter(), time.thread_time()
        with database.transaction() as session:
            offers.decide(session, _moment(f"mom_{n}", f"shp_{n}", n % STORES, START), at=START)
        wall.append((time.perf_counter() - begun) * 1_000)
        cpu.append((time.thread_time() - begun_cpu) * 1_000)
    all_cpu = time.process_time() - all_cpu
    gc.unfreeze()
    database.close()
    return {
        f"{name}_p50_ms": round(median(wall[WARM_UP:]), 2),
        f"{name}_p99_ms": round(_p99(wall[WARM_UP:]), 2),
        f"{name}_cpu_p50_ms": round(median(cpu[WARM_UP:]), 2),
        f"{name}_cpu_p99_ms": round(_p99(cpu[WARM_UP:]), 2),
        f"{name}_cpu_all_ms": round(all_cpu * 1_000 / moments, 2),
    }


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]
