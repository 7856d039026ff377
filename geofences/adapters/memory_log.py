"""A shared log in memory: the twin of the Kafka gateway for tests and demonstrations.

Owns the records, and the dividing of partitions among the members of one group: whoever keeps a partition keeps reading it, one that
moves is given back before it is handed on, and a member not heard of for a session has lost everything. Keeps the promises of
`ports.IntakeProducer` and `ports.IntakeConsumer`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import uuid4

from app.kernel.errors import TooLarge
from geofences.adapters.memory_group import Group
from geofences.errors import IntakeBusy, LogUnfit
from geofences.ports import Record


class MemoryLog:
    """The topic. `away` is a broker that nobody reaches; `forget` is a retention that has run out."""

    def __init__(self, partitions: int = 8, *, session_s: float = 10, most_bytes: int = 8_000_000) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.group = Group(partitions, session_s)
        self.away = False
        self.most_bytes = most_bytes
        self._records: list[list[bytes]] = [[] for _ in range(partitions)]
        self._forgotten = [0] * partitions

    def append(self, parts: Sequence[tuple[int, bytes]]) -> None:
        with self.changed:
            if self.away:
                raise IntakeBusy
            for partition, payload in parts:
                if len(payload) > self.most_bytes:
                    raise TooLarge
                self._records[partition].append(payload)
            self.changed.notify_all()

    def after(self, partition: int, position: int, most: int) -> list[Record]:
        gone = self._forgotten[partition]
        found = self._records[partition][position - gone : position - gone + most]
        return [Record(partition, position + n, payload) for n, payload in enumerate(found, start=1)]

    def first(self, partition: int) -> int:
        """The position before the first record that is still there."""
        return self._forgotten[partition]

    def last(self, partition: int) -> int:
        return self._forgotten[partition] + len(self._records[partition])

    def forget(self, partition: int, upto: int) -> None:
        with self.changed:
            del self._records[partition][: upto - self._forgotten[partition]]
            self._forgotten[partition] = upto


class MemoryProducer:
    """Any number may write to one log."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def send(self, parts: Sequence[tuple[int, bytes]]) -> None:
        self._log.append(parts)

    def close(self) -> None:
        """Nothing is on its way."""


class MemoryReader:
    """Looks back into a log."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log

    def between(self, spans: Mapping[int, tuple[int, int]]) -> list[Record]:
        with self._log.changed:
            if self._log.away:
                raise IntakeBusy
            found: list[Record] = []
            for partition, (after, upto) in sorted(spans.items()):
                begins = max(after, self._log.first(partition))
                found += self._log.after(partition, begins, upto - begins) if begins < upto else []
            return found

    def close(self) -> None:
        """Nothing is open."""


class MemoryConsumer:
    """A member of the log's group; with a `name` its seat is kept for a session when it closes."""

    def __init__(self, log: MemoryLog, name: str | None = None) -> None:
        self._log, self._group = log, log.group
        self._named, self._name = name is not None, name or uuid4().hex
        self._seat = 0
        self._next: dict[int, int] = {}
        """What it reads: the last position given of each partition."""
        self._unplaced: set[int] = set()
        self._paused: set[int] = set()
        self._assigned: Callable[[Sequence[int]], Mapping[int, int]] = lambda _: {}
        self._revoked: Callable[[Sequence[int]], None] = lambda _: None
        self._lost: Callable[[Sequence[int]], None] = lambda _: None

    def open(
        self,
        assigned: Callable[[Sequence[int]], Mapping[int, int]],
        revoked: Callable[[Sequence[int]], None],
        lost: Callable[[Sequence[int]], None],
    ) -> None:
        self._assigned, self._revoked, self._lost = assigned, revoked, lost
        with self._log.changed:
            self._seat = self._group.join(self._name, time.monotonic())
            self._log.changed.notify_all()

    def poll(self, most: int, wait_s: float) -> list[Record]:
        until = time.monotonic() + wait_s
        while True:
            self._follow_the_group()
            with self._log.changed:
                found = [] if self._log.away else self._read(most)
                left = until - time.monotonic()
                if found or left <= 0:
                    return found
                # nobody says when another's session ends: look now and then
                self._log.changed.wait(min(left, self._group.session_s / 4))

    def pause(self, partitions: Collection[int]) -> None:
        self._paused |= self._held() & set(partitions)

    def resume(self, partitions: Collection[int]) -> None:
        self._paused -= set(partitions)

    def rewind(self, positions: Mapping[int, int]) -> None:
        self._next |= {p: position for p, position in positions.items() if p in self._next}
        self._paused -= positions.keys()

    def lag(self, partitions: Collection[int]) -> Mapping[int, int]:
        with self._log.changed:
            if self._log.away:
                raise IntakeBusy
            return {p: self._log.last(p) - self._next[p] for p in partitions if p in self._next}

    def close(self, *, leaving: bool = False) -> None:
        if not self._seat:
            return
        try:
            if self._group.sits(self._name, self._seat):
                self._drop(self._held(), self._revoked)
        finally:
            with self._log.changed:
                self._group.leave(self._name, self._seat, for_good=leaving or not self._named)
                self._seat = 0
                self._log.changed.notify_all()

    def _held(self) -> set[int]:
        return self._next.keys() | self._unplaced

    def _follow_the_group(self) -> None:
        """The callbacks are called without the lock: they take their time, and others go on meanwhile."""
        with self._log.changed:
            if not self._seat:
                raise LogUnfit("this member has not joined, or has left")
            sits = self._group.heard(self._name, self._seat, time.monotonic())
            if not sits and self._group.sits_another(self._name):
                self._seat = 0
        if not sits:
            self._drop(self._held(), self._lost)
            if not self._seat:
                raise LogUnfit(f"another member of the group has the name {self._name} too; each needs its own")
            self.open(self._assigned, self._revoked, self._lost)
            return
        leaving = self._held() & self._group.to_give_back(self._name)
        if leaving:
            try:
                self._drop(leaving, self._revoked)
            finally:
                with self._log.changed:
                    self._group.give_back(self._name, self._seat, leaving)
                    self._log.changed.notify_all()
        with self._log.changed:
            self._unplaced |= self._group.take(self._name, self._seat)
        if self._unplaced:
            self._next |= self._assigned(sorted(self._unplaced))
            self._unplaced.clear()

    def _drop(self, partitions: set[int], say: Callable[[Sequence[int]], None]) -> None:
        placed = sorted(partitions & self._next.keys())
        try:
            if placed:
                say(placed)
        finally:
            for partition in partitions:
                self._next.pop(partition, None)
            self._unplaced -= partitions
            self._paused -= partitions

    def _read(self, most: int) -> list[Record]:
        found: list[Record] = []
        for partition in sorted(self._next.keys() - self._paused):
            if self._next[partition] > self._log.last(partition):
                raise LogUnfit(beyond(partition))
            self._next[partition] = max(self._next[partition], self._log.first(partition))
            found += self._log.after(partition, self._next[partition], most - len(found))
            if found and found[-1].partition == partition:
                self._next[partition] = found[-1].position
        return found


def beyond(partition: int) -> str:
    return f"partition {partition} of the log ends before what is done of it: it is another log, or was made anew"
