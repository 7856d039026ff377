"""The one runner: turns partitions of the fix log into visits and moments, a transaction a flush.

Owns the memory of its partitions between flushes and the guard that lets only the newest owner of each write. Must not read a
clock: what time it is, is told in `tick` and `flush`. docs/algorithms/fix-log.md draws the life of a batch.

    claim -> (feed -> tick -> flush)* ; a flush of which a partition is not ours any more touches nothing and drops that partition.

What one process has of several partitions lies together, since the index wants many fixes at once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.privacy.gate import hold, refused_now
from app.privacy.purposes import Purpose
from geofences import partition_store as store
from geofences import visit_store
from geofences.careful import REASON, Trial, may_be_of_a_device
from geofences.columns import FixColumns, Flags
from geofences.deadlines import Deadlines
from geofences.history import in_time
from geofences.index import FenceIndex
from geofences.memory import Memory
from geofences.partition_store import Dead, Held, Mark
from geofences.partitions import partition_of
from geofences.ports import FixLog, LogBatch
from geofences.presence.early import shown_before
from geofences.revision_store import revise_keys
from geofences.spoofing.judging import judged
from geofences.track import Key, Sample, TrackRules, TrackState, advance_many
from geofences.transitions import Transition
from geofences.upkeep import Upkeep
from geofences.waiting import Waiting

log = get_logger(__name__)


class PartitionRunner:
    """One owner of some of `partitions` partitions. Not thread-safe: one thread runs it."""

    def __init__(
        self,
        database: Database,
        fix_log: FixLog,
        rules: TrackRules,
        *,
        partitions: int = 1,
        lease_s: float = 5.0,
        history_fixes: int = 2_000_000,
    ) -> None:
        self._database, self._log, self._rules = database, fix_log, rules
        self._partitions, self._lease_s = partitions, lease_s
        self._history_fixes = history_fixes
        self.owner = new_id("own")
        self._trial: Trial | None = None  # after a failure: each device is looked at alone
        self.late = self.corrected = self.fenced = 0
        self.drop()

    def drop(self) -> None:
        """Forget everything that is not committed."""
        self.held: dict[int, Held] = {}
        self._memory = Memory(self._rules, self._history_fixes)
        self._waiting = Waiting()
        self._dead: list[Dead] = []
        self._deadlines: dict[int, Deadlines] = {}
        self._changed: set[int] = set()
        self._overdue: dict[int, list[Sample]] = {}
        self._found: list[Transition] = []
        self._places: dict[str, str] = {}
        self._upkeep = Upkeep(self._log, self._rules)
        self._trial = self._trial.anew() if self._trial is not None else None
        self._renewed_at: datetime | None = None
        self._stored: set[Key] = set()

    # -- ownership -------------------------------------------------------------------------------------------------

    def claim(self, at: datetime, partitions: Collection[int] = (0,), *, at_once: bool = False) -> bool:
        """Take those of the partitions that are free (or `at_once` whoever has them), with the states their last owners committed.
        True if we have any of them now."""
        self.hand_over(self.held.keys() & set(partitions))
        with self._database.transaction() as session:
            claimed = store.claim(session, partitions, self.owner, at=at, lease_s=self._lease_s, at_once=at_once)
            if not claimed:
                return False
            states, unreadable = store.load_states(session, claimed)
            visit_store.close_unseen(session, unreadable)  # they begin anew with what is reported next
            store.forget_states(session, unreadable)
            since = at - timedelta(seconds=self._rules.history_s)
            lately = self._log.read_back(session, {p: one.position for p, one in claimed.items()}, since, self._history_fixes)
            decided_s = visit_store.decided_since(session, since)
        begun = self._log.begun(self._database, claimed)
        with self._or_begin_again():
            for partition, one in claimed.items():
                self.held[partition] = Held(one.epoch, one.watermark_s, one.read, one.read, one.position, one.kept)
                self._deadlines[partition] = Deadlines()
            self._stored |= states.keys()
            ours = {key: at_s for key, at_s in decided_s.items() if self._of(key) in claimed}
            known = [batch.columns for batch in lately.batches]
            for batch in begun:  # some of it was worked in, and the rest waited
                done: Flags = batch.columns.at_s <= claimed[batch.partition].watermark_s
                known.append(batch.columns.take(done))
                self._wait(batch, batch.columns.take(~done))
            for no in self._memory.recall(states, known, ours, lately.cut_s):
                self._look_at(no, -math.inf)  # the first tick reckons every deadline anew
        return True

    def release(self, partitions: Collection[int] | None = None) -> None:
        """Hand partitions (None: all) back after a last flush."""
        going = set(self.held if partitions is None else partitions) & self.held.keys()
        with self._database.transaction() as session:
            store.release(session, {partition: self.held[partition].epoch for partition in going})
        self.hand_over(going)

    def hand_over(self, partitions: Collection[int]) -> None:
        """These are another's from now on: forget what is not committed of them, and whatever they have told us."""
        for partition in partitions:
            self.held.pop(partition, None)
            self._deadlines.pop(partition, None)
        if not self.held:
            self.drop()
            return
        if not partitions:
            return
        keys = self._memory.live.keys
        theirs = [no for no, key in enumerate(keys) if self._of(key) in partitions]
        self._memory.hand_over(theirs)
        self._changed.difference_update(theirs)
        for no in theirs:
            self._overdue.pop(no, None)
        self._stored.difference_update(keys[no] for no in theirs)
        self._found = [t for t in self._found if self._of(Key(t.shopper_id, t.device_id)) not in partitions]
        self._waiting.forget(partitions)
        self._dead = [dead for dead in self._dead if dead.partition not in partitions]
        self._given_up().difference_update(keys[no] for no in theirs)

    @contextmanager
    def _or_begin_again(self) -> Iterator[None]:
        """What fails on the way would be half worked in or half told: begin again from what is committed, and, where it may be for the sake
        of a device, look at each alone."""
        try:
            yield
        except store.Fenced:
            raise
        except BaseException as error:
            if may_be_of_a_device(error):
                self._trial = Trial(self.held)
            self.drop()
            raise

    def _of(self, key: Key) -> int:
        return partition_of(key.shopper_id, self._partitions)

    def _look_at(self, no: int, at_s: float | None) -> None:
        self._deadlines[self._of(self._memory.live.keys[no])].put(no, at_s)

    # -- work ------------------------------------------------------------------------------------------------------

    def read(self, session: Session, limit: int) -> tuple[list[LogBatch], bool]:
        """The next batches of the log, and whether there are more."""
        return self._log.read(session, {partition: held.position for partition, held in self.held.items()}, limit)

    def feed(self, batch: LogBatch) -> None:
        """Take in a batch of the log; it is applied by a later tick."""
        self._wait(batch, batch.columns)
        held = self.held.get(batch.partition)
        if held is not None:
            held.fresh = held.fresh or batch.position
            held.position = held.fed = max(held.position, batch.position)

    def pass_over(self, partition: int, position: int) -> None:
        """What stands there holds no fixes: that it was read need not be written down at once."""
        held = self.held.get(partition)
        if held is not None:
            held.position = max(held.position, position)

    def bury(self, dead: Dead) -> None:
        """What stands there cannot be worked in: the next flush says so."""
        self._dead.append(dead)
        self.held[dead.partition].position = self.held[dead.partition].fed = dead.position

    def _wait(self, batch: LogBatch, columns: FixColumns) -> None:
        self._waiting.put(batch.partition, batch.position, columns, self._memory.live.numbers(columns.keys))

    def tick(self, watermark_s: float, fences: FenceIndex, partitions: Collection[int] | None = None) -> int:
        """Let time pass to `watermark_s` (event time) in some of our partitions (None: all); returns the number of transitions found."""
        # in whole milliseconds, so that what is written down is the same to whoever goes on from there
        told_s = math.floor(watermark_s * 1000) / 1000
        same: dict[float, set[int]] = {}
        for partition in self.held.keys() if partitions is None else self.held.keys() & set(partitions):
            held = self.held[partition]
            held.watermark_s, held.fresh = max(held.watermark_s, told_s), None
            same.setdefault(held.watermark_s, set()).add(partition)
        with self._or_begin_again():
            return sum(self._pass_to(reached_s, of, fences) for reached_s, of in same.items())

    def _pass_to(self, watermark_s: float, partitions: Set[int], fences: FenceIndex) -> int:
        ready = self._waiting.take(watermark_s, partitions)
        keys = self._memory.live.keys
        due = sorted(no for partition in partitions for no in self._deadlines[partition].due(watermark_s))
        new = {partition for partition in partitions if self.held[partition].fences is not fences}
        if new:  # visits of fences that are gone end now, not when their phones are next heard
            for partition in new:
                self.held[partition].fences = fences
            due = sorted({*due, *(no for no, state in self._memory.states.items() if state.presences and self._of(keys[no]) in new)})
        if not len(ready) and not due:
            return 0
        work = self._memory.take_in(ready, fences)
        for no, samples in work.overdue.items():
            self._set_aside(no, samples, watermark_s)
        states = {keys[no]: self._memory.awake(no) for no in sorted({*due, *work.for_rules})}
        events = {keys[no]: samples for no, samples in work.for_rules.items()}
        advance = self._trial.advance if self._trial is not None else advance_many
        found, wakes = advance(states, events, watermark_s, fences, self._rules)
        for key, wake_s in wakes.items():
            no = self._memory.live.number(key)
            late = states[key].take_overdue()
            if late:
                self._set_aside(no, self._memory.unknown(no, late), watermark_s)
            self._look_at(no, self._memory.settle(no, wake_s))
            self._changed.add(no)
        self._memory.remember(work)  # now, so that what is overdue was not known before
        self._found += found
        self._changed.update(self._memory.live.number(key) for key in self._given_up())
        self._places |= {t.fence_id: fence.place_id for t in found if (fence := fences.get(t.fence_id)) is not None}
        return len(found)

    def _set_aside(self, no: int, samples: list[Sample], watermark_s: float) -> None:
        """For the next flush to correct with; what lies too far back is counted and let go."""
        since_s = watermark_s - self._rules.correction_window_s
        good = [s for s in samples if s.at_s >= since_s] if self._rules.correction_window_s else []
        self.late += len(samples) - len(good)
        if good:
            self._overdue.setdefault(no, []).extend(good)

    def flush(self, at: datetime, fences: FenceIndex) -> bool:
        """Commit positions, states, visits, moments and events together. False: partitions were another's; nothing is written, they are
        dropped, and the next flush writes what is found of the others."""
        if not self.held:
            return False
        positions = self._committable(at)
        try:
            with self._or_begin_again():
                new = self._commit(positions, at, fences)
        except store.Fenced as fenced:  # the transaction has touched no row
            log.warning("partitions_lost", partitions=sorted(fenced.lost))
            self.fenced += 1
            self.hand_over(fenced.lost)
            return False
        if self._trial is not None:
            self._trial = None if self._trial.over(self.held) else self._trial.anew()
        if self._found or self._overdue:
            log.info("detected", transitions=len(self._found), moments=new, corrected=len(self._overdue))
        self.let_go()
        for partition, position in positions.items():
            self.held[partition].flushed = position
        return True

    def _committable(self, at: datetime) -> dict[int, int]:
        """Of each partition that this flush is about, the position before the first batch of which something still waits."""
        waits = self._waiting.first()
        positions = {p: min(held.position, waits[p] - 1) if p in waits else held.position for p, held in self.held.items()}
        if self._renewed_at is None or (at - self._renewed_at).total_seconds() >= self._lease_s / 3:
            self._renewed_at = at
            return positions
        keys = self._memory.live.keys
        touched = {self._of(keys[no]) for no in self._changed | self._overdue.keys()}
        return {p: position for p, position in positions.items() if p in touched or self.held[p].fed > self.held[p].flushed}

    def _commit(self, positions: Mapping[int, int], at: datetime, fences: FenceIndex) -> int:
        """The number of new moments, committed. Raises `Fenced`, and nothing is written."""
        held = self.held
        mine = {p: Mark(held[p].epoch, position, held[p].worked_in(position), held[p].watermark_s) for p, position in positions.items()}
        with self._database.transaction() as session:
            store.advance(session, mine, at=at, lease_s=self._lease_s)
            return self._write(session, positions, at, fences)

    def _write(self, session: Session, positions: Mapping[int, int], at: datetime, fences: FenceIndex) -> int:
        """Everything but the positions; returns the number of new moments."""
        keys = self._memory.live.keys
        touched = self._changed | self._overdue.keys()
        people = {keys[no].shopper_id for no in touched}
        hold(session, people)  # what is found under a consent commits before the withdrawal that would have hidden it
        refused = refused_now(session, people, Purpose.LOCATION)
        unseen = {no for no in touched if keys[no].shopper_id in refused}
        hidden = {keys[no] for no in unseen}
        seen = [t for t in self._found if not hidden or Key(t.shopper_id, t.device_id) not in hidden]
        tell = partial(self._tell, session, at)
        new = self._trial.tell(session, seen, tell) if self._trial is not None else tell(seen)
        late = {no: self._overdue[no] for no in sorted(self._overdue.keys() - unseen)}
        if late:
            self._correct(session, late, at, fences)
        unseen |= {no for no in touched if keys[no] in self._given_up()}
        hidden = {keys[no] for no in unseen}
        self._dead += [Dead(p, self.held[p].position, REASON, 0) for p in {self._of(key) for key in self._given_up()}]
        visit_store.close_unseen(session, hidden)
        if refused:
            self._log.forget(session, refused)
        for no in unseen:
            self._memory.forget(no)
            self._look_at(no, None)
        store.bury(session, self._dead, at=at)
        kept: list[tuple[Key, TrackState, float | None]] = []
        gone = set(hidden)
        for no in sorted(touched - unseen):
            state = self._memory.states.get(no)
            if state is None:
                gone.add(keys[no])
            else:
                kept.append((keys[no], state, self._deadlines[self._of(keys[no])].of(no)))
        store.save_states(session, self._partitions, kept, lean=self._rules.correction_window_s > 0, at=at)
        store.forget_states(session, gone & self._stored | hidden)
        self._stored = (self._stored - gone) | {key for key, _, _ in kept}
        # where it is not all, this transaction does not know whether the others are ours; a flush that knows comes in a moment
        if len(positions) == len(self.held) and self._upkeep.due(at):
            self._upkeep.trim(session, self.held, positions, self._memory, fences, at)
        return new

    def _given_up(self) -> set[Key]:
        return self._trial.failed if self._trial is not None else set()

    def _tell(self, session: Session, at: datetime, found: list[Transition]) -> int:
        """Returns the number of new moments."""
        return visit_store.record(session, self._judged(session, found), self._places, at=at, shown=shown_before) if found else 0

    def _correct(self, session: Session, late: Mapping[int, list[Sample]], at: datetime, fences: FenceIndex) -> None:
        """Fixes that came too late: tell their devices' stories again from before them, and write down what is different."""
        same: dict[float, dict[int, list[Sample]]] = {}
        for no, samples in late.items():
            same.setdefault(self.held[self._of(self._memory.live.keys[no])].watermark_s, {})[no] = samples
        keys = self._memory.live.keys
        for watermark_s, some in same.items():
            if self._trial is None:
                self._correct_to(watermark_s, session, some, at=at, fences=fences)
                continue
            own = {keys[no]: {no: samples} for no, samples in some.items()}
            correct = partial(self._correct_to, watermark_s, session, at=at, fences=fences)
            self._trial.each(own, lambda key, own=own, correct=correct: correct(own[key]), session)

    def _correct_to(self, watermark_s: float, session: Session, late: Mapping[int, list[Sample]], *, at: datetime, fences: FenceIndex) -> None:
        memory = self._memory
        cases = [(memory.live.keys[no], memory.awake(no), samples, partial(memory.heard, no)) for no, samples in late.items()]
        judge = partial(self._judged, session, late=late)
        corrected = revise_keys(session, cases, watermark_s=watermark_s, fences=fences, rules=self._rules, at=at, judge=judge)
        for (no, samples), found in zip(late.items(), corrected, strict=True):
            memory.put_late(no, samples)
            memory.states[no] = found.state
            self._look_at(no, memory.settle(no, found.wake_s))
            self.corrected += len(samples) - found.dropped
            self.late += found.dropped

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
            return sorted([*known, *late[no]], key=in_time) if late and no in late else known

        return judged(session, found, heard)

    def let_go(self) -> None:
        """Instead of a flush, where nothing is stored: what was found is not kept."""
        self._changed, self._found, self._places, self._overdue, self._dead = set(), [], {}, {}, []

    @property
    def watermark_s(self) -> float:
        """Up to where time has passed in all our partitions (event time)."""
        return min((held.watermark_s for held in self.held.values()), default=-math.inf)

    @property
    def unflushed(self) -> bool:
        """Whether a flush would write more than the lease."""
        return bool(self._changed or self._found or self._overdue or any(held.fed > held.flushed for held in self.held.values()))

    @property
    def found(self) -> bool:
        """Whether something happened that the world should be told at once."""
        return bool(self._found or self._overdue)

    def next_wake_s(self) -> float | None:
        """Event time of the next deadline or waiting fix; None when nothing waits."""
        next_s = min([self._waiting.next_s(), *(deadlines.next_s() for deadlines in self._deadlines.values())])
        return None if next_s == math.inf else next_s
