"""`python -m tests.brokers`: one Apache Kafka of the tests, on 127.0.0.1, until Ctrl-C; for trying things and for `moments bench scale`."""

from __future__ import annotations

import signal
import tempfile
import threading
from pathlib import Path

from tests.brokers.kafka import Kafka


def main() -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with tempfile.TemporaryDirectory(prefix="mmkafka", ignore_cleanup_errors=True) as folder:
        kafka = Kafka(Path(folder))
        try:
            print(kafka.url, flush=True)
            stopping.wait()
        finally:
            kafka.stop()


if __name__ == "__main__":
    main()
