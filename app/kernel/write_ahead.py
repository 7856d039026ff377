"""SQLite's write-ahead log is copied into the database file beside the work, not within it.

Owns the thread that does so for one database file and process. Left to itself SQLite copies at the end of whichever commit fills the
log, and that one request waits for thousands of pages and two more trips to the disk. What is durable does not change: a commit is
on the disk in the log before it is answered, and the log is read again after a crash. Must not write anything of the house.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from app.kernel.logs import get_logger

log = get_logger(__name__)

EVERY = 128
"""Commits between two copyings."""
LONG_PAGES = 8_000
"""From here on (32 MB) writers are held up for a moment, so that the log can begin anew; before, it does so in the next gap."""
BACKSTOP_PAGES = 20_000
"""At this length SQLite itself copies at a commit: a process that writes much in few commits, or whose thread has died."""


class Copying:
    """`written()` is called after each commit, by whoever holds the `turn` of writers; `pause()` before a turn is asked for."""

    def __init__(self, path: str, turn: threading.Lock, most_wait_s: float) -> None:
        self._path, self._turn, self._most_wait_s = str(Path(path).resolve()), turn, most_wait_s  # a command may go elsewhere before the first copying
        self._commits = 0
        self._due, self._stopping = threading.Event(), threading.Event()
        self._open = threading.Event()
        self._open.set()
        self._thread: threading.Thread | None = None
        self.alone = threading.Lock()
        """Held while pages are copied; whoever wants to cut the log takes it first."""

    def pause(self) -> None:
        """Waits while the last pages of a long log are copied. Without it the copying thread would hardly get its turn: a lock is
        not given to whoever has waited longest."""
        self._open.wait(self._most_wait_s)

    def written(self) -> None:
        self._commits += 1
        if self._commits < EVERY:
            return
        self._commits = 0
        if self._thread is None or not self._thread.is_alive():
            self._stopping.clear()
            thread = threading.Thread(target=self._run, name="write-ahead-log", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads, or the process ends: SQLite does it by itself
                return
            self._thread = thread
        self._due.set()

    def close(self) -> None:
        self._stopping.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(timeout=self._most_wait_s)

    def _run(self) -> None:
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                connection.execute("PRAGMA synchronous=FULL")  # the file is on the disk before the log begins anew
                while self._due.wait() and not self._stopping.is_set():
                    self._due.clear()
                    with self.alone:
                        self._copy(connection)
        except sqlite3.Error as error:  # no descriptor left, or the folder is gone: the next commits try again
            log.warning("log_not_copied", error=type(error).__name__)  # SQLite does it by itself at BACKSTOP_PAGES

    def _copy(self, connection: sqlite3.Connection) -> None:
        if _copied(connection) < LONG_PAGES:
            return
        self._open.clear()
        try:
            if self._turn.acquire(timeout=self._most_wait_s):
                try:
                    _copied(connection)  # what came meanwhile; with all of it copied the next writer begins the log anew
                finally:
                    self._turn.release()
        finally:
            self._open.set()


def _copied(connection: sqlite3.Connection) -> int:
    """Copies what no reader needs in the log; nobody waits for it. Returns how many pages the log is long."""
    _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(pages)
