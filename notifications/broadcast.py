"""Waking the open inbox streams of this process the moment something was committed for them.

Owns the listeners, and the crossing from the threads that commit to the event loop that streams. Must not carry data: a wake
says "look", the stream reads what is committed, so that a lost or doubled wake costs nothing. Other processes are told by a keyed hash of
her id (`elsewhere`); should that be lost, one look for all streams of a process finds it (tide.py).
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from app.security.sealing import keyed_hash


def key_of(shopper_id: str) -> str:
    """As whom other processes are told of her: it says nothing to whoever reads it."""
    return keyed_hash("inbox-stream", shopper_id)[:32]


class Listener:
    """One open stream: `event` is set in its own loop; the stream clears it before it looks. `position`: how far it has looked."""

    def __init__(self, loop: asyncio.AbstractEventLoop, position: int) -> None:
        self.loop = loop
        self.position = position
        self.event = asyncio.Event()

    def wake(self) -> None:
        """From any thread."""
        try:
            self.loop.call_soon_threadsafe(self.event.set)
        except RuntimeError:
            return  # the loop has ended, and with it the stream


class Broadcaster:
    """Thread-safe. `close` ends every stream: call it before the server waits for its connections to finish."""

    def __init__(self) -> None:
        # Re-entrant: `close` may be called by a signal handler that interrupts this very thread inside the lock.
        self._lock = threading.RLock()
        self._listeners: dict[str, set[Listener]] = {}
        self._closed = False
        self.limiter: anyio.CapacityLimiter | None = None
        """How many streams may look at once; set by the first stream (stream.py)."""
        self.tide: Any = None
        """What looks for all streams; as above."""
        self.elsewhere: Callable[[str], None] | None = None
        """Tells other processes to look for whoever has this key."""
        self._known_as: dict[str, str] = {}

    @property
    def closed(self) -> bool:
        return self._closed

    @contextmanager
    def listening(self, shopper_id: str, position: int) -> Iterator[Listener]:
        """Inside an event loop: a listener that hears `wake(shopper_id)` until the block ends. It has looked as far as `position`."""
        listener = Listener(asyncio.get_running_loop(), position)
        key = key_of(shopper_id) if self.elsewhere is not None else None
        with self._lock:
            self._listeners.setdefault(shopper_id, set()).add(listener)
            if key is not None:
                self._known_as[key] = shopper_id
        try:
            yield listener
        finally:
            with self._lock:
                mine = self._listeners.get(shopper_id, set())
                mine.discard(listener)
                if not mine:
                    self._listeners.pop(shopper_id, None)
                    self._known_as.pop(key or "", None)

    def wake(self, shopper_id: str) -> None:
        """Hers, here and in other processes."""
        self.wake_here(shopper_id)
        if self.elsewhere is not None:
            self.elsewhere(key_of(shopper_id))

    def hear(self, key: str) -> None:
        """Another process has something for whoever has this key; an empty one: for anybody."""
        with self._lock:
            shopper_id = self._known_as.get(key)
        if shopper_id is not None:
            self.wake_here(shopper_id)
        elif not key:
            self.wake_all()

    def wake_here(self, shopper_id: str, position: int | None = None) -> None:
        """Hers in this process, or only those of them that have not looked as far as `position`."""
        with self._lock:
            listeners = list(self._listeners.get(shopper_id, ()))
        for listener in listeners:
            if position is None or listener.position < position:
                listener.wake()

    def wake_all(self) -> None:
        with self._lock:
            listeners = [one for several in self._listeners.values() for one in several]
        for listener in listeners:
            listener.wake()

    def close(self) -> None:
        self._closed = True
        self.wake_all()

    def open_streams(self) -> int:
        with self._lock:
            return sum(len(several) for several in self._listeners.values())
