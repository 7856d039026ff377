"""What was answered survives kill -9: the real server as a process of its own, killed at random while clients write.

Planted bugs, each seen to fail: answering before the commit (the work done a moment later, on a timer) loses answered
lines; storing the idempotent answer in a second transaction after the effect's doubles what is retried.
A kill leaves the kernel's file cache alone; that a commit is also on the disk is what synchronous=FULL says (test_db.py).
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from app.bootstrap import build
from app.demo.seed import seed
from app.migrations import upgrade
from app.settings import Settings
from geofences.facade import place

CLIENTS = 4
ROUNDS = 3
STORE = "plc_ooey_gooey_kluuvi"


class Server:
    """`moments serve` on a free port over one data folder; `start` after `kill` is the unaided restart."""

    def __init__(self, folder: Path) -> None:
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {
            "MOMENTS_DATA_DIR": str(folder),
            "MOMENTS_LOG_LEVEL": "ERROR",
        }
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", "0", "--no-links"], env=self._environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                self.url = found.group()
                return
        raise AssertionError("the server ended before it listened")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "data"
    house = build(Settings(data_dir=folder, loops=False, _env_file=None))  # type: ignore[call-arg]
    upgrade(house.database)
    with house.database.transaction() as session:
        seed(session, house.clock.now())
    house.stop()
    server = Server(folder)
    yield server
    server.kill()


class Shopper:
    """Adds one piece at a time, and repeats with the same key whatever it has no answer to."""

    def __init__(self, server: Server) -> None:
        self._server = server
        made = httpx.post(f"{server.url}/v1/devices", json={"name": "Phone", "platform": "android"}, timeout=60).json()
        self.headers = {"Authorization": f"Bearer {made['token']}"}
        products = httpx.get(f"{server.url}/v1/products", timeout=60).json()["products"]
        self._products = [p["id"] for p in products if p["in_stock"] > 20]
        self.answered: list[str] = []
        self.open: tuple[str, dict[str, Any]] | None = None

    def shop_until(self, stop: threading.Event) -> None:
        with httpx.Client(timeout=5) as client:
            while not stop.is_set():
                if self.open is None:
                    product = self._products[len(self.answered) // 90]
                    self.open = (uuid.uuid4().hex, {"product_id": product, "quantity": 1})
                key, body = self.open
                try:
                    answer = client.post(f"{self._server.url}/v1/cart/lines", json=body, headers=self.headers | {"Idempotency-Key": key})
                except httpx.HTTPError:
                    time.sleep(0.02)
                    continue
                assert answer.status_code == 200, answer.text
                self.answered.append(key)
                self.open = None

    def pieces(self) -> int:
        cart = httpx.get(f"{self._server.url}/v1/cart", headers=self.headers, timeout=60).json()
        return sum(line["quantity"] for line in cart["lines"])


@pytest.mark.timeout(300)
class TestKill:
    def test_every_answered_piece_is_there_exactly_once(self, server: Server) -> None:
        chance = random.Random(7306)
        server.start()
        shoppers = [Shopper(server) for _ in range(CLIENTS)]
        for _ in range(ROUNDS):
            stop = threading.Event()
            threads = [threading.Thread(target=s.shop_until, args=(stop,)) for s in shoppers]
            for thread in threads:
                thread.start()
            self._until_answered(shoppers, chance.randint(8, 20))
            server.kill()
            server.start()
            self._until_answered(shoppers, CLIENTS)  # what was open finds its stored answer, or is done now
            stop.set()
            for thread in threads:
                thread.join()
            for shopper in shoppers:
                kept = shopper.pieces()
                assert kept - len(shopper.answered) in ((0,) if shopper.open is None else (0, 1))

    def _until_answered(self, shoppers: list[Shopper], more: int) -> None:
        target = sum(len(s.answered) for s in shoppers) + more
        deadline = time.monotonic() + 60
        while sum(len(s.answered) for s in shoppers) < target:
            assert time.monotonic() < deadline, "the clients get no answers"
            time.sleep(0.005)

    def test_fixes_that_were_answered_become_a_visit_after_the_restart(self, server: Server, tmp_path: Path) -> None:
        house = build(Settings(data_dir=tmp_path / "data", loops=False, _env_file=None))  # type: ignore[call-arg]
        with house.database.reading() as session:
            store = place(session, STORE)
        house.stop()
        assert store is not None
        server.start()
        shopper = Shopper(server)
        httpx.put(f"{server.url}/v1/consents/location", json={"granted": True}, headers=shopper.headers, timeout=60).raise_for_status()
        now = time.time()
        fixes = [{"ts": now - 60 + 5 * i, "lat": store.lat_deg, "lon": store.lon_deg, "accuracy_m": 6} for i in range(12)]
        answer = httpx.post(f"{server.url}/v1/fixes", json={"fixes": fixes}, headers=shopper.headers, timeout=60)
        server.kill()  # at once: nothing but the log has seen them
        assert answer.json()["accepted"] == 12
        server.start()
        deadline = time.monotonic() + 60
        visits: list[dict[str, Any]] = []
        while STORE not in (v["place_id"] for v in visits) and time.monotonic() < deadline:
            visits = httpx.get(f"{server.url}/v1/visits", headers=shopper.headers, timeout=60).json()["visits"]
            time.sleep(0.1)
        assert [v["place_id"] for v in visits].count(STORE) == 1
