"""`moments demo` as a person starts it: a process that prints where to go, has people walking, and leaves on Ctrl-C."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.paths import REPOSITORY

pytestmark = pytest.mark.timeout(240)


def started(home: Path, port: str = "0") -> subprocess.Popen[str]:
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")}, "MOMENTS_DATA_DIR": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "demo", "--port", port], cwd=REPOSITORY, env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip


def said_until(process: subprocess.Popen[str], word: str, limit_s: float = 120.0) -> str:
    """Everything printed up to a line with `word`."""
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in process.stdout or ()], daemon=True)
    reader.start()
    text, deadline = "", time.monotonic() + limit_s
    while word not in text:
        try:
            text += lines.get(timeout=max(0.1, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"never said {word!r}: {text}") from None
    return text


class TestRun:
    def test_links_people_and_a_clean_end(self, tmp_path: Path) -> None:
        process = started(tmp_path)
        try:
            text = said_until(process, "Stop with Ctrl-C")
            assert sorted(re.findall(r"^ +(\w+) +http://127\.0\.0\.1:\d+/enter/", text, re.MULTILINE)) == ["clerk", "marketer", "operator", "shopper"]
            assert "© OpenStreetMap contributors" in text
            url = re.findall(r"curl -s '([^']+)'", text)[0]
            assert httpx.get(url, timeout=30).json()["products"][0]["id"] == "prd_salted_rye_bonbon"
            deadline = time.monotonic() + 90
            while self.moments(tmp_path) == 0 and time.monotonic() < deadline:
                time.sleep(0.5)
            assert self.moments(tmp_path) > 0
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0

    def moments(self, home: Path) -> int:
        with sqlite3.connect(f"file:{home / 'moments.sqlite3'}?mode=ro", uri=True) as database:
            return int(database.execute("SELECT count(*) FROM geofences_moment").fetchone()[0])

    def test_a_taken_port_is_one_clear_line(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            process = started(tmp_path, str(port))
            said, _ = process.communicate(timeout=120)
        assert process.returncode != 0
        assert f"127.0.0.1:{port} cannot be listened on" in said
        assert "Traceback" not in said
