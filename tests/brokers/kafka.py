"""A real Apache Kafka for tests: on this machine only, on free ports, without ZooKeeper, stopped by the process that started it."""

from __future__ import annotations

import base64
import re
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path

import pytest

JARS = Path(__file__).parent / "jars"
LEAST_JAVA = 17
START_S = 90.0
SMALL = ("-Xms32m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
"""A server that lives for a minute: compiled lightly, it needs half the processor time."""


def java() -> str:
    """Where it is; a test that needs a broker is skipped with a message where there is none (and fails where nothing may be skipped)."""
    found = shutil.which("java")
    if found is None:
        pytest.skip(f"Apache Kafka needs Java {LEAST_JAVA} or newer: apt-get install default-jre-headless maven, then make test")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=True).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < LEAST_JAVA:
        pytest.skip(f"Apache Kafka needs Java {LEAST_JAVA} or newer, and this is {said.splitlines()[0]}")
    if not (JARS / ".ready").exists():
        pytest.skip("Apache Kafka is not there: apt-get install maven, then make test")
    return found


class Kafka:
    """One broker that is its own controller, or several of them. `kill` is kill -9; `start` brings a node back with what it had on disk."""

    def __init__(self, folder: Path, nodes: int = 1) -> None:
        self._java, self._folder = java(), folder
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._ports = _free_ports(2 * nodes)
        self.nodes = range(1, nodes + 1)
        for node in self.nodes:
            (folder / f"{node}.properties").write_text("\n".join(f"{k}={v}" for k, v in self._configured(node).items()))
        self._format()
        for node in self.nodes:
            self._launch(node)
        for node in self.nodes:
            self._wait_for(node)

    @property
    def url(self) -> str:
        return "kafka://" + ",".join(f"127.0.0.1:{self._port(node)}" for node in self.nodes)

    def start(self, node: int) -> None:
        self._launch(node)
        self._wait_for(node)

    def kill(self, node: int) -> None:
        process = self._running.pop(node)
        process.kill()
        process.wait(timeout=60)

    def stop(self) -> None:
        """Nobody needs what it would write down on leaving."""
        for node in list(self._running):
            self.kill(node)

    def _port(self, node: int) -> int:
        return self._ports[2 * node - 2]

    def _configured(self, node: int) -> dict[str, object]:
        copies = min(3, len(self.nodes))
        voters = ",".join(f"{n}@127.0.0.1:{self._port_of_controller(n)}" for n in self.nodes)
        return {
            "process.roles": "broker,controller",
            "node.id": node,
            "listeners": f"PLAINTEXT://127.0.0.1:{self._port(node)},CONTROLLER://127.0.0.1:{self._port_of_controller(node)}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self._port(node)}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": voters,
            "log.dirs": self._data(node),
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": 1,
            # tests do not wait: not for more members to come, not for a second of silence
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 200,
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 300,
            "num.network.threads": 1,
            "num.io.threads": 2,
            "log.cleaner.enable": "false",
        }

    def _port_of_controller(self, node: int) -> int:
        return self._ports[2 * node - 1]

    def _data(self, node: int) -> Path:
        return self._folder / f"data{node}"

    def _format(self) -> None:
        """The first by Kafka's own tool, which takes a second; the others are its copies with a number and an id of their own."""
        cluster, first = _id(), self.nodes[0]
        asked = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._folder / f"{first}.properties")]
        done = subprocess.run([self._java, *SMALL, "-cp", f"{JARS}/*", *asked], capture_output=True, text=True, timeout=START_S, check=False)
        if done.returncode:
            raise RuntimeError(f"Kafka's storage cannot be made: {(done.stdout + done.stderr)[-2000:]}")
        for node in self.nodes[1:]:
            shutil.copytree(self._data(first), self._data(node))
            (self._data(node) / "meta.properties").write_text(f"node.id={node}\ndirectory.id={_id()}\nversion=1\ncluster.id={cluster}\n")

    def _launch(self, node: int) -> None:
        with (self._folder / f"{node}.log").open("ab") as words:
            asked = [self._java, *SMALL, "-cp", f"{JARS}/*", "kafka.Kafka", str(self._folder / f"{node}.properties")]
            self._running[node] = subprocess.Popen(asked, stdout=words, stderr=words, cwd=self._folder)

    def _wait_for(self, node: int) -> None:
        end = time.monotonic() + START_S
        while self._running[node].poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self._port(node)), timeout=10).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        words = (self._folder / f"{node}.log").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"Kafka does not listen: {words[-2000:]}")


def _id() -> str:
    """As Kafka makes them; one that began with a hyphen would be taken for an option."""
    made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return _id() if made.startswith("-") else made


def _free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in held]
    finally:
        for one in held:
            one.close()
