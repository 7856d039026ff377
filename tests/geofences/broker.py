"""A real mosquitto for tests: on this machine only, on a free port, stopped by the process that started it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def mosquitto() -> str:
    """Where it is; a test that needs it is skipped with a message where it is absent (and fails where nothing may be skipped)."""
    found = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if found is None:
        pytest.skip("mosquitto is not installed: apt-get install mosquitto")
    return found


class Mosquitto:
    """`stop` and `start` keep the port and, unlike the broker's own default, nothing else."""

    def __init__(self, folder: Path) -> None:
        self._program = mosquitto()
        self._folder, self._config = folder, folder / "mosquitto.conf"
        self.take_a_port()
        folder.chmod(0o777)  # started by root, mosquitto goes on as its own user
        self._process: subprocess.Popen[bytes] | None = None

    def take_a_port(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location {self._folder}/\n"
            "log_type error\nmax_queued_messages 10000\n"
        )

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = subprocess.Popen([self._program, "-c", str(self._config)])
        end = time.monotonic() + 60
        while self._process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=10).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"mosquitto does not listen; it ended with {self._process.poll()}")

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def running_mosquitto(folder: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(folder)
    for left in (2, 1, 0):
        try:
            broker.start()
            break
        except RuntimeError:  # between our look and its start another may have taken the port
            if not left:
                raise
            broker.take_a_port()
    try:
        yield broker
    finally:
        broker.stop()
