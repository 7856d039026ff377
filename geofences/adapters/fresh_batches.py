"""Batches this process has sealed or opened itself lately, so that they need not be opened again.

Owns that memory, bounded in fixes. Must not be believed: the row says whether a batch is still there, and whole.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from sqlalchemy.orm import Session

from geofences.columns import FixColumns

At = tuple[int, int]
"""A partition and a position in it."""


class _Batches:
    """Batches by position: at most so many fixes, the oldest are let go first."""

    MOST_FIXES = 200_000

    def __init__(self) -> None:
        self._columns: dict[At, FixColumns] = {}
        self._fixes = 0

    def put(self, at: At, columns: FixColumns) -> None:
        self._columns[at] = columns
        self._fixes += len(columns)
        while self._fixes > self.MOST_FIXES:
            self.pop(next(iter(self._columns)))

    def pop(self, at: At) -> FixColumns | None:
        columns = self._columns.pop(at, None)
        self._fixes -= len(columns) if columns is not None else 0
        return columns

    def keep(self, partitions: frozenset[int]) -> None:
        for at in [at for at in self._columns if at[0] not in partitions]:
            self.pop(at)

    def let_go(self, upto: Mapping[int, int]) -> None:
        for at in [at for at in self._columns if at[1] <= upto.get(at[0], 0)]:
            self.pop(at)


class Fresh:
    """What this process has committed and its runner has not read yet, and what it has read and not coarsened yet."""

    def __init__(self) -> None:
        self._new, self._read = _Batches(), _Batches()
        self._readers = frozenset[int]()
        self._lock = threading.Lock()

    @staticmethod
    def of(session: Session) -> Fresh:
        return session.info["remembered"].setdefault(Fresh, Fresh())

    def read_here(self, partitions: frozenset[int]) -> None:
        """These are read in this process; of others nothing is kept, since nobody would ever take it."""
        if partitions == self._readers:
            return
        with self._lock:
            self._readers = partitions
            self._new.keep(partitions)
            self._read.keep(partitions)

    def put(self, at: At, columns: FixColumns) -> None:
        if at[0] not in self._readers:
            return
        with self._lock:
            self._new.put(at, columns)

    def take(self, at: At, fixes: int) -> FixColumns | None:
        """What stands at that position, unless somebody was taken out of it since: then it holds another number of fixes."""
        with self._lock:
            columns = self._new.pop(at)
            if columns is None or len(columns) != fixes:
                return None
            self._read.put(at, columns)
            return columns

    def again(self, at: At, fixes: int) -> FixColumns | None:
        """What was taken from that position, under the same condition."""
        with self._lock:
            columns = self._read.pop(at)
            return columns if columns is not None and len(columns) == fixes else None

    def let_go(self, upto: Mapping[int, int]) -> None:
        """What was taken from positions up to this one is not asked for again."""
        with self._lock:
            self._read.let_go(upto)
