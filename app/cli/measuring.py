"""Measurements of the real processes: how long they take to start, how much memory they hold, how soon an offer is seen.

Owns the measuring and the figures to reach. Every figure is taken from outside, through the command line and HTTP, in a
folder of its own; nothing of the user's is touched.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from app.cli.bench_house import end
from app.kernel.clock import SystemClock
from app.kernel.errors import AppError

if TYPE_CHECKING:
    from app.bootstrap import House
    from app.demo.phone import Phone
    from app.demo.walkers import SimFix

LIMITS: Mapping[str, float] = {"help_s": 0.5, "server_ready_s": 3.0, "demo_rss_mb": 300.0, "offer_visible_p95_s": 2.0}
START_LIMIT_S = 60.0
SETTLE_S = 20.0
OFFER_LIMIT_S = 20.0
SHOP_OFF_DEG = 0.002
COMMAND = (sys.executable, "-m", "app.cli")


def startup() -> dict[str, float | int]:
    """help_s (median of 5), first_run_ready_s (empty folder, with migration), server_ready_s (median of 3), demo_rss_mb."""
    figures: dict[str, float | int] = {"help_s": round(median(_help_s() for _ in range(5)), 3)}
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        home = Path(folder)
        with _running("serve", "--no-links", home=home) as (_url, _process, ready_s):
            figures["first_run_ready_s"] = round(ready_s, 2)
        again: list[float] = []
        for _ in range(3):
            with _running("serve", "--no-links", home=home) as (_url, _process, ready_s):
                again.append(ready_s)
        figures["server_ready_s"] = round(median(again), 2)
    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder, _running("demo", home=Path(folder)) as (_url, process, ready_s):
        figures["demo_ready_s"] = round(ready_s, 2)
        time.sleep(SETTLE_S)  # the walkers are out, the first moments have been decided
        figures["demo_rss_mb"] = round(_resident_mb(process.pid), 1)
    return figures


def moment(shoppers: int, per_second: float) -> dict[str, float | int]:
    """offer_visible_p50_s and _p95_s: from sending the fix that enters the shop to the message on the open inbox stream."""
    from app.demo.phone import Phone

    with tempfile.TemporaryDirectory(prefix="moments-bench-") as folder:
        home = Path(folder)
        known = _seed(home, shoppers)
        with _running("serve", "--no-links", home=home) as (url, _process, _ready_s):
            phones = [Phone(url, "", one) for one in known]
            for phone in phones:
                phone.listen()
                phone.report([(SystemClock().now() - timedelta(seconds=60), _fix(SHOP_OFF_DEG))])
            time.sleep(SETTLE_S)  # they were outside long before they come to the shop
            waits = _enter_all(phones, per_second)
            for phone in phones:
                phone.__exit__(None, None, None)
    seen = sorted(w for w in waits if w is not None)
    if len(seen) < 2:
        raise AppError(f"only {len(seen)} of {shoppers} shoppers saw an offer within {OFFER_LIMIT_S:.0f} s; look at the server with `moments doctor`")
    return {
        "shoppers": shoppers,
        "entering_per_second": per_second,
        "offers_seen": len(seen),
        "offer_visible_p50_s": round(median(seen), 3),
        "offer_visible_p95_s": round(quantiles(seen, n=20, method="inclusive")[18], 3),
        "offer_visible_most_s": round(seen[-1], 3),
    }


def _enter_all(phones: list[Phone], per_second: float) -> list[float | None]:
    """Each walks in a little after the one before; the seconds each waited, None for whoever saw nothing."""
    import httpx2 as httpx

    from app.demo.phone import Refusal

    waits: list[float | None] = [None] * len(phones)

    def enter(i: int) -> None:
        time.sleep(i / per_second)
        inside = _fix(0.0)
        try:
            begun = time.perf_counter()
            phones[i].report([(SystemClock().now(), inside)])
            phones[i].inbox.get(timeout=OFFER_LIMIT_S)
        except (queue.Empty, httpx.HTTPError, Refusal):  # nothing was seen, or the server did not answer in time
            return
        waits[i] = time.perf_counter() - begun

    threads = [threading.Thread(target=enter, args=(i,), daemon=True) for i in range(len(phones))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits


def _fix(off_deg: float) -> SimFix:
    """So far north of the middle of the shop."""
    from app.demo.city.layers import city_place
    from app.demo.jane import SHOP
    from app.demo.walkers import SimFix

    shop = city_place(SHOP)
    lat_deg = shop.lat_deg + off_deg
    return SimFix(0.0, lat_deg=lat_deg, lon_deg=shop.lon_deg, accuracy_m=6.0, speed_mps=0.5, true_lat=lat_deg, true_lon=shop.lon_deg)


def _seed(home: Path, shoppers: int) -> list[dict[str, str]]:
    """The demo city's shops and campaigns, without its walkers, and people who have registered and agreed: what their phones know."""
    from app.bootstrap import build
    from app.demo.seed import seed
    from app.kernel.logs import configure_logs
    from app.migrations import upgrade
    from app.settings import load_settings

    configure_logs(level="ERROR", as_json=False)
    house = build(load_settings(data_dir=home, database_url="", loops=False))
    try:
        upgrade(house.database)
        with house.database.transaction() as session:
            seed(session, house.clock.now())
        return [_joined(house, number) for number in range(shoppers)]
    finally:
        house.stop()


def _joined(house: House, number: int) -> dict[str, str]:
    from app.demo.phone import PURPOSES
    from app.privacy.consents import grant
    from app.privacy.purposes import Purpose
    from app.security.people import register_device

    at = house.clock.now()
    with house.database.transaction() as session:
        phone = register_device(session, f"bench {number}", "android", at)
        for purpose in PURPOSES:
            grant(session, phone.shopper_id, Purpose(purpose), source="bench", at=at)
    return {"shopper_id": phone.shopper_id, "device_id": phone.device_id, "token": phone.token}


def _help_s() -> float:
    begun = time.perf_counter()
    subprocess.run([*COMMAND, "--help"], check=True, capture_output=True)  # noqa: S603 - our own command
    return time.perf_counter() - begun


@contextmanager
def _running(*arguments: str, home: Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str], float]]:
    """A server process on a free port: (address, process, seconds from its start to /readyz)."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")}
    env = clean | {"MOMENTS_DATA_DIR": str(home), "MOMENTS_LOG_LEVEL": "ERROR"} | environment
    begun = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *arguments, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)  # noqa: S603 - as above
    try:
        url = _address(process)
        _wait_ready(url)
        yield url, process, time.perf_counter() - begun
    finally:
        end(process, within_s=15)


def _address(process: subprocess.Popen[str]) -> str:
    """The first address the process prints."""
    assert process.stdout is not None
    for line in process.stdout:
        for word in line.split():
            if word.startswith("http://127.0.0.1:"):
                return word.rstrip(",.")
    raise AppError(f"the server did not start: {(process.stderr.read() if process.stderr else '').strip()[-300:]}")


def _wait_ready(url: str) -> None:
    until = time.perf_counter() + START_LIMIT_S
    while time.perf_counter() < until:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - our own server on 127.0.0.1
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise AppError(f"{url} was not ready within {START_LIMIT_S:.0f} s")


def _resident_mb(pid: int) -> float:
    """Resident memory in MB, of Linux's /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        raise AppError("memory is measured on Linux only, by /proc") from None
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
