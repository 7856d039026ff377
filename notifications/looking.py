"""A thread that looks for what is due: when it is woken, and when it has waited.

Owns its life: started once, woken from any thread, stopped with patience for what is on its way. Must not know what is looked for: that
is what `_run` of a kind of it does, until `_stopping` is set.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import Database
from notifications.breaking import Breaker

_LEAST_S = 0.05


def until_due_s(database: Database, next_due_at: Callable[[Session], datetime | None], breaker: Breaker, idle_s: float) -> float:
    """How long to wait for what is due next, and for a provider that is left alone; at most `idle_s`, as others may queue something."""
    try:
        with database.reading() as session:
            due_at = next_due_at(session)
    except Exception:  # noqa: BLE001 - the database is away: look again later
        return idle_s
    if due_at is None:
        return idle_s
    due_at = max(due_at, breaker.until or due_at)
    return min(max((due_at - database.clock.now()).total_seconds(), _LEAST_S), idle_s)


class LookingThread:
    """`start` once; `wake` from any thread; `stop` waits at most `patience_s` for what is on its way."""

    def __init__(self, name: str, *, patience_s: float) -> None:
        self.name, self._patience_s = name, patience_s
        self.elsewhere: Callable[[], None] | None = None
        """Set where this thread is not started: wakes its like in the processes that have one."""
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Here, or where it runs."""
        self.wake_here()
        if self.elsewhere is not None:
            self.elsewhere()

    def wake_here(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout=self._patience_s)

    def _run(self) -> None:
        raise NotImplementedError
