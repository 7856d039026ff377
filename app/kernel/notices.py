"""Waking across processes: "look" is told to the other processes on the same PostgreSQL, as soon as something has committed.

Owns the one connection of this process that listens (LISTEN) and tells (NOTIFY), and its thread. A notice carries a topic and at most an
opaque key, never a thing to know: who hears it looks at what is committed, so that a lost or doubled notice costs nothing but time, and
whoever is woken looks by itself from time to time anyway. Must not be told anything that names a person; a key is a keyed hash.

It is told after the commit, from here, and not inside the transaction: PostgreSQL lets transactions that notify commit only one after
another, each with its own wait for the disk (docs/operations.md has the figures). Told from here, a burst is one notice in `GATHER_S`.
SQLite has one process at work; there nothing is told or heard.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from app.kernel.db import Database
from app.kernel.logs import get_logger

log = get_logger(__name__)

CHANNEL = "moments"
GATHER_S = 0.02
MOST_AT_ONCE = 500
"""Above so many different notices in one go, the topic is told without keys: everybody looks."""
PROBE_S = 15.0
RETRY_FIRST_S, RETRY_MOST_S = 0.25, 5.0

Heard = Callable[[str], None]
"""Handed the key; an empty one means: whatever it may be, look."""


class Bell:
    """One topic to be told without a key; has the `set` of an event, so that it may stand where one is set after a commit."""

    def __init__(self, notices: Notices, topic: str) -> None:
        self._notices, self._topic = notices, topic

    def set(self) -> None:
        self._notices.tell(self._topic)


class Notices:
    """`on` before `start`; `tell` from any thread, after the commit; `stop` tells what is still to be told."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wanted: dict[str, list[Heard]] = {}
        self._lock = threading.Lock()
        self._to_tell: set[str] = set()
        self._stopping = False
        self._ears: tuple[int, int] | None = None
        self._connection: Any = None
        self._thread: threading.Thread | None = None
        self.listening = threading.Event()
        """Set while a connection listens."""

    def on(self, topic: str, heard: Heard) -> None:
        """Called in the thread of the notices: it must only wake somebody."""
        self._wanted.setdefault(topic, []).append(heard)

    def bell(self, topic: str) -> Bell:
        return Bell(self, topic)

    @property
    def running(self) -> bool:
        return self._database.dialect == "sqlite" or self._listens()

    def _listens(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """May be called again after `stop`: an application's lifespan may be entered more than once."""
        if self._database.dialect == "sqlite" or self._listens():
            return
        self._stopping = False
        self._ears = os.pipe()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping = True
        if self._thread is not None and self._thread.is_alive():
            self._poke()
            self._thread.join(timeout=10)
        with self._lock:
            ears, self._ears = self._ears, None
        for ear in ears or ():
            os.close(ear)

    def tell(self, topic: str, key: str = "") -> None:
        """The other processes are to look. Costs a microsecond; before `start` nobody is told."""
        with self._lock:
            if self._ears is None:
                return
            first = not self._to_tell
            self._to_tell.add(f"{topic} {key}" if key else topic)
            if first:
                os.write(self._ears[1], b".")

    def _poke(self) -> None:
        with self._lock:
            if self._ears is not None:
                os.write(self._ears[1], b".")

    def _run(self) -> None:
        wait_s = RETRY_FIRST_S
        while not self._stopping:
            try:
                self._listen()
                wait_s = RETRY_FIRST_S
                self._attend()
            except Exception as error:  # noqa: BLE001 - the database is away; everybody looks by themselves meanwhile
                self.listening.clear()
                if not self._stopping:
                    log.warning("notices_lost", error=type(error).__name__)
                self._idle(wait_s)
                wait_s = min(2 * wait_s, RETRY_MOST_S)
            finally:
                self.listening.clear()
                if self._connection is not None:
                    with suppress(Exception):
                        self._connection.close()
                    self._connection = None

    def _listen(self) -> None:
        self._connection = self._database.apart()
        self._connection.add_notify_handler(lambda notice: self._hear(notice.payload, notice.pid))
        self._connection.execute(f"LISTEN {CHANNEL}")
        self.listening.set()
        for topic in self._wanted:
            self._wake(topic, "")  # what was told while nobody listened was missed

    def _attend(self) -> None:
        """Until told to stop, or the connection breaks (which raises)."""
        link = self._connection.pgconn
        while True:
            self._tell()
            if self._stopping:
                return
            self._read_pipe_or(link.socket)
            link.consume_input()
            while notice := link.notifies():
                self._hear(notice.extra.decode(), notice.be_pid)

    def _read_pipe_or(self, socket: int) -> None:
        assert self._ears is not None
        ready, _, _ = select.select([socket, self._ears[0]], [], [], PROBE_S)
        if self._ears[0] in ready:
            time.sleep(GATHER_S)  # what else commits meanwhile is told with it
            os.read(self._ears[0], 4096)
        elif not ready:
            self._connection.execute("SELECT 1")  # a line that was cut in silence shows

    def _idle(self, most_s: float) -> None:
        """Not connected: keep the pipe from filling, and wake for the end."""
        assert self._ears is not None
        end_s = time.monotonic() + most_s
        while not self._stopping and (left_s := end_s - time.monotonic()) > 0:
            if select.select([self._ears[0]], [], [], left_s)[0]:
                os.read(self._ears[0], 4096)

    def _tell(self) -> None:
        with self._lock:
            told, self._to_tell = self._to_tell, set()
        if len(told) > MOST_AT_ONCE:
            told = {one.partition(" ")[0] for one in told}
        if told:
            self._connection.execute("SELECT pg_notify(%s, told) FROM unnest(%s::text[]) AS told", (CHANNEL, sorted(told)))

    def _hear(self, told: str, teller: int) -> None:
        if teller != self._connection.info.backend_pid:  # who told it has woken its own already
            topic, _, key = told.partition(" ")
            self._wake(topic, key)

    def _wake(self, topic: str, key: str) -> None:
        for heard in self._wanted.get(topic, ()):
            try:
                heard(key)
            except Exception as error:
                log.exception("notice_not_heard", topic=topic, error=type(error).__name__, exc_info=error)
