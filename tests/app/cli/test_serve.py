"""The server as a process: secrets, links, readiness, a taken port, a clean end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli.measuring import _wait_ready

pytestmark = pytest.mark.timeout(180)


@dataclass
class Server:
    url: str
    process: subprocess.Popen[bytes]
    folder: Path

    def end(self) -> tuple[str, str]:
        """SIGTERM, wait; what it had said on standard output and standard error."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        return (self.folder / "out").read_text(), (self.folder / "err").read_text()


@contextmanager
def _serve(*arguments: str, home: Path) -> Iterator[Server]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {"MOMENTS_DATA_DIR": str(home)}
    folder = home.parent
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        process = subprocess.Popen([sys.executable, "-m", "app.cli", "serve", "--port", "0", *arguments], stdout=out, stderr=err, env=env)
    try:
        until = time.monotonic() + 90
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", (folder / "out").read_text())):
            assert process.poll() is None, (folder / "err").read_text()
            assert time.monotonic() < until
            time.sleep(0.05)
        _wait_ready(found[0])
        yield Server(found[0], process, folder)
    finally:
        process.kill()
        process.wait()


class TestServe:
    def test_first_run_second_run_and_a_clean_end(self, tmp_path: Path) -> None:
        home = tmp_path / "data"
        with _serve(home=home) as server:
            assert json.load(urllib.request.urlopen(f"{server.url}/healthz")) == {"status": "ok"}
            assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
            assert stat.S_IMODE(home.stat().st_mode) == 0o700
            out, err = server.end()
        assert server.process.returncode in (0, -signal.SIGTERM)
        assert len(re.findall(rf"{server.url}/enter/lnk_[\w-]+", out)) == 4
        assert "Traceback" not in err
        assert not re.search(r"lnk_[\w-]{8,}", err), "a link must not reach the log"
        with _serve(home=home) as server:
            out, _ = server.end()
        assert "/enter/" not in out, "links are made on the first run only, unless asked for"
        assert "moments links" in out

    def test_a_taken_port_is_one_line(self, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {"MOMENTS_DATA_DIR": str(tmp_path / "d"), "MOMENTS_LOG_LEVEL": "ERROR"}
            done = subprocess.run([sys.executable, "-m", "app.cli", "serve", "--port", str(port)], capture_output=True, text=True, env=env, timeout=90, check=False)
        assert done.returncode == 1
        assert f"--port: 127.0.0.1:{port}" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr


class TestScheduler:
    def test_runs_the_loops_until_told_to_stop(self, tmp_path: Path) -> None:
        env = {k: v for k, v in os.environ.items() if not k.startswith("MOMENTS_")} | {"MOMENTS_DATA_DIR": str(tmp_path / "d")}
        process = subprocess.Popen([sys.executable, "-m", "app.cli", "scheduler"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        assert process.stdout is not None
        assert process.stdout.readline() == "The loops run. Stop with Ctrl-C.\n"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=90)
        assert process.returncode == 0
        assert "Traceback" not in err
