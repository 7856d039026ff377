"""The one runner: turns a partition of the fix log into visits and moments, a transaction a flush.

Owns the memory of a partition between flushes and the guard that lets only its newest owner write. Must not read a
clock: what time it is, is told in `tick` and `flush`. docs/algorithms/fix-log.md draws the life of a batch.

    claim -> (feed -> tick -> flush)* ; a flush that is not ours any more touches nothing and drops the partition.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.privacy.gate import may_many
from app.privacy.purposes import Purpose
from geofences import partition_store as store
from geofences.index import FenceIndex
from geofences.ports import FixLog, LogBatch
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition

log = get_logger(__name__)


class PartitionRunner:
    """One owner of one partition. Not thread-safe: one thread runs it."""

    def __init__(
        self, database: Database, fix_log: FixLog, rules: TrackRules, *, partition: int = 0, lease_s: float = 5.0
    ) -> None:
        self._database, self._log, self._rules = database, fix_log, rules
        self._partition, self._lease_s = partition, lease_s
        self._owner = new_id("own")
        self._epoch: int | None = None
        self.position = 0
        self.watermark_s = -math.inf
        self.late = 0
        self._states: dict[Key, TrackState] = {}
        self._pending: dict[Key, list[Sample]] = {}
        self._wake: dict[Key, float] = {}
        self._heap: list[tuple[float, str, Key]] = []
        self._changed: set[Key] = set()
        self._found: list[Transition] = []
        self._flushed_position = 0

    # -- ownership -------------------------------------------------------------------------------------------------

    @property
    def owns(self) -> bool:
        return self._epoch is not None

    def claim(self, at: datetime, *, at_once: bool = False) -> bool:
        """Take the partition if it is free (or `at_once` whoever has it), with the states its last owner committed."""
        self.drop()
        with self._database.transaction() as session:
            claimed = store.claim(session, self._partition, self._owner, at=at, lease_s=self._lease_s, at_once=at_once)
            if claimed is None:
                return False
            states = store.load_states(session, self._partition)
        self._epoch, self.position, self._flushed_position = claimed.epoch, claimed.position, claimed.position
        self._states = states
        for key in states:
            self._wake_at(key, -math.inf)  # the first tick reckons every deadline anew
        return True

    def drop(self) -> None:
        """Forget everything that is not committed."""
        self._epoch = None
        self._states, self._pending, self._wake, self._heap = {}, {}, {}, []
        self._changed, self._found = set(), []
        self.watermark_s = -math.inf

    def release(self) -> None:
        """Hand the partition back after a last flush."""
        if self._epoch is not None:
            with self._database.transaction() as session:
                store.release(session, self._partition, self._epoch)
        self.drop()

    # -- work ------------------------------------------------------------------------------------------------------

    def read(self, limit: int) -> list[LogBatch]:
        """The next batches of the log."""
        with self._database.reading() as session:
            return self._log.read(session, self._partition, self.position, limit)

    def feed(self, position: int, events: Mapping[Key, Iterable[Sample]]) -> None:
        """Take in what stands at `position` of the log; it is applied by a later tick."""
        unknown = [key for key in events if key not in self._states]
        if unknown:
            with self._database.reading() as session:
                told = store.floors(session, unknown)
            for key in unknown:
                # what is told is told: the same fixes once more are not a second visit
                self._states[key] = TrackState(floor_s=told[key] + 0.001) if key in told else TrackState()
        for key, samples in events.items():
            self._pending.setdefault(key, []).extend(samples)
        self.position = max(self.position, position)

    def tick(self, watermark_s: float, fences: FenceIndex) -> int:
        """Let time pass to `watermark_s` (event time); returns the number of transitions found."""
        self.watermark_s = max(self.watermark_s, watermark_s)
        keys = {*self._pending, *self._due(self.watermark_s)}
        if not keys:
            return 0
        states = {key: self._states[key] for key in sorted(keys, key=Key.text)}
        late_before = sum(s.late for s in states.values())
        found, wakes = advance_many(states, self._pending, self.watermark_s, fences, self._rules)
        self.late += sum(s.late for s in states.values()) - late_before
        self._pending = {}
        self._found += found
        self._changed |= keys
        for key, wake_s in wakes.items():
            self._wake_at(key, self._forget_at(key) if wake_s is None else wake_s)
        return len(found)

    def flush(self, at: datetime, fences: FenceIndex) -> bool:
        """Commit position, states, visits, moments and events together. False: fenced, nothing written, partition dropped."""
        if self._epoch is None:
            return False
        with self._database.transaction() as session:
            told_s = self.watermark_s if math.isfinite(self.watermark_s) else at.timestamp()
            mine = store.advance_position(
                session, self._partition, self._epoch, self.position, watermark_s=told_s, at=at, lease_s=self._lease_s
            )
            unseen, idle, new = self._write(session, at, fences) if mine else (set[Key](), set[Key](), 0)
        if not mine:  # the transaction has touched no row
            log.warning("partition_lost", partition=self._partition, epoch=self._epoch)
            self.drop()
            return False
        for key in unseen | idle:
            self._states.pop(key, None)
            self._wake.pop(key, None)
        if self._found:
            log.info("detected", transitions=len(self._found), moments=new)
        self._changed, self._found, self._flushed_position = set(), [], self.position
        return True

    def _write(self, session: Session, at: datetime, fences: FenceIndex) -> tuple[set[Key], set[Key], int]:
        """Everything but the position; returns tracks that may no longer be looked at, tracks with nothing to keep, new moments."""
        verdicts = may_many(session, sorted({key.shopper_id for key in self._changed}), Purpose.LOCATION, at)
        unseen = {key for key in self._changed if not verdicts[key.shopper_id].ok}
        seen = [t for t in self._found if Key(t.shopper_id, t.device_id) not in unseen]
        places = {fence.id: fence.place_id for t in seen if (fence := fences.get(t.fence_id)) is not None}
        new = store.record(session, seen, places, at=at) if seen else 0
        store.close_unseen(session, unseen)
        idle = {key for key in self._changed - unseen if self._states[key].idle(self.watermark_s, self._rules)}
        for key in sorted(self._changed - unseen - idle, key=Key.text):
            store.save_state(session, self._partition, key, self._states[key], wake_s=self._finite_wake(key), at=at)
        store.forget_states(session, unseen | idle)
        if self.position > self._flushed_position:
            self._log.trim(session, self._partition, self.position)
        return unseen, idle, new

    @property
    def unflushed(self) -> bool:
        """Whether a flush would write more than the lease."""
        return bool(self._changed or self._found or self.position > self._flushed_position)

    @property
    def found(self) -> bool:
        """Whether something happened that the world should be told at once."""
        return bool(self._found)

    def next_wake_s(self) -> float | None:
        """Event time of the next deadline or waiting fix; None when nothing waits."""
        if self._pending:
            return -math.inf
        while self._heap and self._wake.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    # -- inside ----------------------------------------------------------------------------------------------------

    def _wake_at(self, key: Key, wake_s: float | None) -> None:
        if wake_s is None:
            self._wake.pop(key, None)
        elif self._wake.get(key) != wake_s:
            self._wake[key] = wake_s
            heapq.heappush(self._heap, (wake_s, key.text(), key))

    def _forget_at(self, key: Key) -> float | None:
        """Nothing is open: when the last fix has become too old to matter, the track can be let go."""
        last = self._states[key].last
        return max(last.at_s + self._rules.forget_s, self.watermark_s + 0.001) if last is not None else None

    def _due(self, watermark_s: float) -> list[Key]:
        due: list[Key] = []
        while self._heap and self._heap[0][0] <= watermark_s:
            wake_s, _, key = heapq.heappop(self._heap)
            if self._wake.get(key) == wake_s:
                del self._wake[key]
                due.append(key)
        return due

    def _finite_wake(self, key: Key) -> float | None:
        wake_s = self._wake.get(key)
        return wake_s if wake_s is not None and math.isfinite(wake_s) else None
