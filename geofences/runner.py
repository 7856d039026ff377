"""The one runner: turns a partition of the fix log into visits and moments, a transaction a flush.

Owns the memory of a partition between flushes and the guard that lets only its newest owner write. Must not read a
clock: what time it is, is told in `tick` and `flush`. docs/algorithms/fix-log.md draws the life of a batch.

    claim -> (feed -> tick -> flush)* ; a flush that is not ours any more touches nothing and drops the partition.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.privacy.gate import hold, refused_of
from app.privacy.purposes import Purpose
from geofences import partition_store as store
from geofences import visit_store
from geofences.coarsening import coarsened, near, with_speed
from geofences.columns import FixColumns, Flags, Floats, Ints, empty, joined
from geofences.index import FenceIndex
from geofences.memory import Memory
from geofences.ports import FixLog, LogBatch
from geofences.presence.early import shown_before
from geofences.revision_store import revise_keys
from geofences.spoofing.judging import judged
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition

log = get_logger(__name__)

TRIM_EVERY_S = 5.0
"""This often, what lies outside every fence is coarsened in the log, and what is too old to correct anything taken out of it (at every
flush when nothing is to be kept)."""
PRECISE_S = 86_400.0
"""No position is kept longer, be it inside a fence."""


class PartitionRunner:
    """One owner of one partition. Not thread-safe: one thread runs it."""

    def __init__(
        self,
        database: Database,
        fix_log: FixLog,
        rules: TrackRules,
        *,
        partition: int = 0,
        lease_s: float = 5.0,
        history_fixes: int = 2_000_000,
    ) -> None:
        self._database, self._log, self._rules = database, fix_log, rules
        self._partition, self._lease_s = partition, lease_s
        self._history_fixes = history_fixes
        self._trim_every_s = TRIM_EVERY_S if rules.correction_window_s else 0.0
        self._owner = new_id("own")
        self.late = 0
        self.corrected = 0
        self.drop()

    def drop(self) -> None:
        """Forget everything that is not committed."""
        self._epoch: int | None = None
        self.position = self._flushed_position = 0
        self.watermark_s = -math.inf
        self._memory = Memory(self._rules, self._history_fixes)
        self._waiting: list[tuple[int, FixColumns, Ints]] = []
        self._fences: FenceIndex | None = None
        self._wake: dict[int, float] = {}
        self._heap: list[tuple[float, int]] = []
        self._changed: set[int] = set()
        self._overdue: dict[int, list[Sample]] = {}
        self._found: list[Transition] = []
        self._trimmed_at: datetime | None = None
        self._stored: set[Key] = set()

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
            states, unreadable = store.load_states(session, self._partition)
            visit_store.close_unseen(session, unreadable)  # they begin anew with what is reported next
            store.forget_states(session, unreadable)
            since = at - timedelta(seconds=self._rules.history_s)
            lately = self._log.read_back(session, self._partition, claimed.position, since, self._history_fixes)
            decided_s = visit_store.decided_since(session, since)
        self._epoch, self.position, self._flushed_position = claimed.epoch, claimed.position, claimed.position
        self._stored = set(states)
        for no in self._memory.recall(states, [batch.columns for batch in lately], decided_s):
            self._wake_at(no, -math.inf)  # the first tick reckons every deadline anew
        return True

    def release(self) -> None:
        """Hand the partition back after a last flush."""
        if self._epoch is not None:
            with self._database.transaction() as session:
                store.release(session, self._partition, self._epoch)
        self.drop()

    # -- work ------------------------------------------------------------------------------------------------------

    def read(self, session: Session, limit: int) -> list[LogBatch]:
        """The next batches of the log."""
        return self._log.read(session, self._partition, self.position, limit)

    def feed(self, position: int, columns: FixColumns) -> None:
        """Take in what stands at `position` of the log; it is applied by a later tick."""
        if len(columns):
            self._waiting.append((position, columns, self._memory.live.numbers(columns.keys)))
        self.position = max(self.position, position)

    def tick(self, watermark_s: float, fences: FenceIndex) -> int:
        """Let time pass to `watermark_s` (event time); returns the number of transitions found."""
        self.watermark_s = max(self.watermark_s, watermark_s)
        ready = self._take_ready()
        due = self._due(self.watermark_s)
        if fences is not self._fences:  # visits of fences that are gone end now, not when their phones are next heard
            self._fences = fences
            due = sorted({*due, *(no for no, state in self._memory.states.items() if state.presences)})
        if not len(ready) and not due:
            return 0
        work = self._memory.take_in(ready, fences)
        for no, samples in work.overdue.items():
            self._set_aside(no, samples)
        states = {self._memory.live.keys[no]: self._memory.awake(no) for no in sorted({*due, *work.for_rules})}
        events = {self._memory.live.keys[no]: samples for no, samples in work.for_rules.items()}
        found, wakes = advance_many(states, events, self.watermark_s, fences, self._rules)
        for key, wake_s in wakes.items():
            no = self._memory.live.number(key)
            late = states[key].take_overdue()
            if late:
                self._set_aside(no, self._memory.unknown(no, late))
            self._wake_at(no, self._memory.settle(no, wake_s))
            self._changed.add(no)
        self._memory.remember(work)  # now, so that what is overdue was not known before
        self._found += found
        return len(found)

    def _take_ready(self) -> FixColumns:
        """What the watermark has passed, sorted by device and time; the rest goes on waiting."""
        if not self._waiting:
            return empty()
        ready: list[tuple[FixColumns, Ints]] = []
        waiting: list[tuple[int, FixColumns, Ints]] = []
        for position, columns, nos in self._waiting:
            passed: Flags = columns.at_s <= self.watermark_s
            if passed.all():
                ready.append((columns, nos))
                continue
            if passed.any():
                ready.append((columns.take(passed), nos))
            waiting.append((position, columns.take(~passed), nos))
        self._waiting = waiting
        together = joined(ready)
        return together.take(np.lexsort((together.at_s, together.key_no)))

    def _set_aside(self, no: int, samples: list[Sample]) -> None:
        """For the next flush to correct with; what lies too far back is counted and let go."""
        since_s = self.watermark_s - self._rules.correction_window_s
        good = [s for s in samples if s.at_s >= since_s] if self._rules.correction_window_s else []
        self.late += len(samples) - len(good)
        if good:
            self._overdue.setdefault(no, []).extend(good)

    def flush(self, at: datetime, fences: FenceIndex) -> bool:
        """Commit position, states, visits, moments and events together. False: fenced, nothing written, partition dropped."""
        if self._epoch is None:
            return False
        position = min([self.position, *(p - 1 for p, _, _ in self._waiting)])
        try:
            mine, new = self._commit(position, at, fences)
        except BaseException:
            self.drop()  # what was worked out may be half told: begin again from what is committed
            raise
        if not mine:  # the transaction has touched no row
            log.warning("partition_lost", partition=self._partition)
            self.drop()
            return False
        if self._found or self._overdue:
            log.info("detected", transitions=len(self._found), moments=new, corrected=len(self._overdue))
        self.let_go()
        self._flushed_position = position
        return True

    def _commit(self, position: int, at: datetime, fences: FenceIndex) -> tuple[bool, int]:
        """(whether the partition was ours, the number of new moments), committed."""
        assert self._epoch is not None
        with self._database.transaction() as session:
            told_s = self.watermark_s if math.isfinite(self.watermark_s) else at.timestamp()
            mine = store.advance_position(
                session, self._partition, self._epoch, position, watermark_s=told_s, at=at, lease_s=self._lease_s
            )
            new = self._write(session, position, at, fences) if mine else 0
        return mine, new

    def _write(self, session: Session, position: int, at: datetime, fences: FenceIndex) -> int:
        """Everything but the position; returns the number of new moments."""
        keys = self._memory.live.keys
        touched = self._changed | self._overdue.keys()
        people = {keys[no].shopper_id for no in touched}
        hold(session, people)  # what is found under a consent commits before the withdrawal that would have hidden it
        refused = refused_of(session, people, Purpose.LOCATION, at)
        unseen = {no for no in touched if keys[no].shopper_id in refused}
        hidden = {keys[no] for no in unseen}
        seen = [t for t in self._found if not hidden or Key(t.shopper_id, t.device_id) not in hidden]
        places = {t.fence_id: fence.place_id for t in seen if (fence := fences.get(t.fence_id)) is not None}
        new = visit_store.record(session, self._judged(session, seen), places, at=at, shown=shown_before) if seen else 0
        visit_store.close_unseen(session, hidden)
        if refused:
            self._log.forget(session, refused)
        for no in unseen:
            self._memory.forget(no)
            self._wake.pop(no, None)
        late = {no: self._overdue[no] for no in sorted(self._overdue.keys() - unseen)}
        if late:
            self._correct(session, late, at, fences)
        kept: list[tuple[Key, TrackState, float | None]] = []
        gone = set(hidden)
        for no in sorted(touched - unseen):
            state = self._memory.states.get(no)
            if state is None:
                gone.add(keys[no])
            else:
                kept.append((keys[no], state, self._finite_wake(no)))
        store.save_states(session, self._partition, kept, lean=self._rules.correction_window_s > 0, at=at)
        store.forget_states(session, gone & self._stored | hidden)
        self._stored = (self._stored - gone) | {key for key, _, _ in kept}
        self._trim(session, position, at, fences)
        return new

    def _correct(self, session: Session, late: Mapping[int, list[Sample]], at: datetime, fences: FenceIndex) -> None:
        """Fixes that came too late: tell their devices' stories again from before them, and write down what is different."""
        memory = self._memory
        cases = [
            (memory.live.keys[no], memory.awake(no), samples, partial(memory.heard, no)) for no, samples in late.items()
        ]
        corrected = revise_keys(
            session,
            cases,
            watermark_s=self.watermark_s,
            fences=fences,
            rules=self._rules,
            at=at,
            judge=lambda told: self._judged(session, told, late),
        )
        for (no, samples), found in zip(late.items(), corrected, strict=True):
            memory.put_late(no, samples)
            memory.states[no] = found.state
            self._wake_at(no, memory.settle(no, found.wake_s))
            self.corrected += len(samples) - found.dropped
            self.late += found.dropped

    def _coarsen(self, session: Session, position: int, fences: FenceIndex) -> None:
        """Of what is processed, what lies outside every fence becomes a cell."""
        while batches := self._log.whole(session, self._partition, position):
            kept: list[tuple[int, FixColumns, datetime]] = []
            for batch in batches:
                columns = batch.columns
                nos = self._memory.live.numbers(columns.keys)
                due_s = float(columns.at_s.min(initial=self.watermark_s)) + PRECISE_S
                keep = near(columns, fences, self._rules, self._remembered_since_s(nos))
                columns = with_speed(columns, keep, partial(self._before, nos), self._rules)
                kept.append((batch.position, coarsened(columns, keep), from_epoch_s(due_s)))
            self._log.coarsen(session, self._partition, kept)

    def _before(self, nos: Ints, key_no: int, at_s: float) -> Sample | None:
        return self._memory.history.before(int(nos[key_no]), at_s, at_s - self._rules.forget_s - 1.0)

    def _remembered_since_s(self, nos: Ints) -> Floats:
        """Since when something of each device is remembered that a fix could change; inf where nothing is."""
        out = np.full(len(nos), math.inf)
        for at in np.flatnonzero(self._memory.live.busy[nos]).tolist():
            state = self._memory.states.get(int(nos[at]))
            several = [*state.presences.values(), *state.dormant.values()] if state is not None else []
            out[at] = min((p.first_s for p in several), default=math.inf)
        return out

    def _judged(
        self,
        session: Session,
        found: Sequence[Transition],
        late: Mapping[int, list[Sample]] | None = None,
    ) -> list[Transition]:
        """With the doubts of the ways that led to them; `late` are fixes that are not remembered yet."""

        def heard(key: Key, since_s: float, most: int) -> list[Sample]:
            no = self._memory.live.number(key)
            known = self._memory.history.recent(no, most, since_s)
            return sorted([*known, *late[no]]) if late and no in late else known

        return judged(session, found, heard)

    def _trim(self, session: Session, position: int, at: datetime, fences: FenceIndex) -> None:
        if self._trimmed_at is not None and (at - self._trimmed_at).total_seconds() < self._trim_every_s:
            return
        keep_s = self._rules.history_s if self._rules.correction_window_s else -1.0
        if self._rules.correction_window_s:
            self._coarsen(session, position, fences)
        self._log.trim(session, self._partition, position, at - timedelta(seconds=min(keep_s, PRECISE_S)))
        self._memory.history.expire(self.watermark_s - max(keep_s, self._rules.forget_s))
        self._trimmed_at = at

    def let_go(self) -> None:
        """Instead of a flush, where nothing is stored: what was found is not kept."""
        self._changed, self._found, self._overdue = set(), [], {}

    @property
    def unflushed(self) -> bool:
        """Whether a flush would write more than the lease."""
        return bool(self._changed or self._found or self._overdue or self.position > self._flushed_position)

    @property
    def found(self) -> bool:
        """Whether something happened that the world should be told at once."""
        return bool(self._found or self._overdue)

    # -- deadlines -------------------------------------------------------------------------------------------------

    def next_wake_s(self) -> float | None:
        """Event time of the next deadline or waiting fix; None when nothing waits."""
        waits_s = min((float(columns.at_s.min()) for _, columns, _ in self._waiting), default=math.inf)
        while self._heap and self._wake.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        next_s = min(waits_s, self._heap[0][0] if self._heap else math.inf)
        return None if next_s == math.inf else next_s

    def _wake_at(self, no: int, wake_s: float | None) -> None:
        if wake_s is None:
            self._wake.pop(no, None)
        elif self._wake.get(no) != wake_s:
            self._wake[no] = wake_s
            heapq.heappush(self._heap, (wake_s, no))

    def _due(self, watermark_s: float) -> list[int]:
        due: list[int] = []
        while self._heap and self._heap[0][0] <= watermark_s:
            wake_s, no = heapq.heappop(self._heap)
            if self._wake.get(no) == wake_s:
                del self._wake[no]
                due.append(no)
        return due

    def _finite_wake(self, no: int) -> float | None:
        wake_s = self._wake.get(no)
        return wake_s if wake_s is not None and math.isfinite(wake_s) else None
