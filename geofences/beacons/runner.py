"""The one runner of sightings: turns the log of sightings into zone visits and moments, a transaction a flush.

Owns its memory between flushes and the guard that lets only the newest owner write; the same pattern as the runner of fixes, called by the same
thread. docs/algorithms/fix-log.md draws the life of a batch. Must not decide what is heard (hearing.py).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.ids import new_id
from app.kernel.logs import get_logger
from app.privacy.gate import hold, refused_now
from app.privacy.purposes import Purpose
from geofences import partition_store
from geofences.beacons import repository, sighting_log, zone_store
from geofences.beacons.echoes import Echoes, Heard
from geofences.beacons.frames import Kind
from geofences.beacons.hearing import HearingState, advance_sightings
from geofences.beacons.reasons import ECHOED
from geofences.beacons.settings import BeaconSettings
from geofences.beacons.sighting_log import PARTITION
from geofences.beacons.sightings import Sighting
from geofences.beacons.transmitters import Registry
from geofences.careful import REASON, Trial
from geofences.track import Key
from geofences.transitions import Transition, visit_id

log = get_logger(__name__)

BATCHES_PER_TURN = 500


class BeaconRunner:
    """One owner of the log of sightings. Not thread-safe: one thread runs it."""

    def __init__(
        self, database: Database, settings: BeaconSettings, *, flush_every_s: float = 0.5, lease_s: float = 5.0
    ) -> None:
        self._database, self._settings = database, settings
        self._rules, self._flush_every_s, self._lease_s = settings.hearing_rules(), flush_every_s, lease_s
        self._owner = new_id("own")
        self._claim_at_once = database.dialect == "sqlite"  # one process is at work there
        self._registry = Registry([], [], version=-1)
        self.late = 0
        self._forget_all()

    def _forget_all(self) -> None:
        self._epoch: int | None = None
        self.position = self._flushed_position = 0
        self.watermark_s = -math.inf
        self._states: dict[Key, HearingState] = {}
        self._pending: dict[Key, list[Sighting]] = {}
        self._wake: dict[Key, float] = {}
        self._heap: list[tuple[float, str, Key]] = []
        self._changed: set[Key] = set()
        self._found: list[Transition] = []
        self._rotating: set[str] = set()
        self._withdrawn: dict[str, tuple[str, ...]] = {}
        self._echoed: dict[str, float] = {}
        self._echoes = Echoes(self._settings.echo_rules())
        self._trial = Trial()
        self._flushed_at: datetime | None = None

    # -- ownership -------------------------------------------------------------------------------------------------

    @property
    def owns(self) -> bool:
        return self._epoch is not None

    def claim(self, at: datetime, *, at_once: bool = False) -> bool:
        """Take the log if it is free (or `at_once` whoever has it), with the states its last owner committed."""
        self.drop()
        with self._database.transaction() as session:
            taken = partition_store.claim(session, [PARTITION], self._owner, at=at, lease_s=self._lease_s, at_once=at_once)
            claimed = taken.get(PARTITION)
            if claimed is None:
                return False
            self._states = zone_store.load_states(session, PARTITION)
        self._epoch, self.position, self._flushed_position = claimed.epoch, claimed.position, claimed.position
        self._flushed_at = at
        for key in self._states:
            self._wake_at(key, -math.inf)  # the first tick reckons every deadline anew
        return True

    def drop(self) -> None:
        """Forget everything that is not committed."""
        self._forget_all()

    def release(self) -> None:
        """Hand the log back after a last flush."""
        if self._epoch is not None:
            with self._database.transaction() as session:
                partition_store.release(session, {PARTITION: self._epoch})
        self.drop()

    # -- work ------------------------------------------------------------------------------------------------------

    def run_once(self) -> bool:
        """One turn at the present time: read, tick, flush if due. True when there may be more to read."""
        now = self._database.clock.now()
        if not self.owns:
            if not self.claim(now, at_once=self._claim_at_once):
                return False
            self._claim_at_once = False
        with self._database.reading() as session:
            batches = sighting_log.read(session, self.position, BATCHES_PER_TURN)
            if repository.version(session) != self._registry.version:
                self._registry = repository.registry(session, self._settings.drift_rules())
        for batch in batches:
            self.feed(batch.position, batch.key, batch.sightings)
        self.tick(now.timestamp() - self._settings.lateness_s)
        if self._flush_due(now):
            self.flush(now)
        return len(batches) == BATCHES_PER_TURN

    def settle(self) -> None:
        """Turns until the log is read and everything found is committed; for tests and one-shot commands."""
        while self.run_once():
            pass
        if self.unflushed:
            self.flush(self._database.clock.now())

    def feed(self, position: int, key: Key, sightings: tuple[Sighting, ...]) -> None:
        """Take in what stands at `position` of the log; it is applied by a later tick."""
        if sightings:
            if key not in self._states:
                with self._database.reading() as session:
                    told = zone_store.told_until(session, [key], list(self._registry.zones))
                # what is told is told: the same sightings once more are not a second visit
                self._states[key] = HearingState(floor_s=told[key] + 0.001) if key in told else HearingState()
            self._pending.setdefault(key, []).extend(sightings)
        self.position = max(self.position, position)

    def tick(self, watermark_s: float) -> int:
        """Let time pass to `watermark_s` (event time); returns the number of transitions found."""
        self.watermark_s = max(self.watermark_s, watermark_s)
        for key, sightings in self._pending.items():
            for sighting in sightings:
                self._listen_for_echoes(key, sighting)
        keys = sorted({*self._pending, *self._due(self.watermark_s)}, key=Key.text)
        before = len(self._found)
        try:
            self._trial.each(keys, self._advance)
        except BaseException:  # what was heard would be heard twice: begin again from what is committed
            self.drop()
            raise
        self._changed |= set(keys)
        self._pending = {}
        self._echoed = {i: at_s for i, at_s in self._echoed.items() if at_s > self.watermark_s}
        return len(self._found) - before

    def _advance(self, key: Key) -> None:
        state = self._states[key]
        late = state.late
        _, found, wake_s = advance_sightings(
            state,
            self._pending.get(key, ()),
            self.watermark_s,
            self._registry,
            key,
            self._rules,
            echoed=self._echoed.keys(),
            doubts=(ECHOED,),
        )
        self.late += state.late - late
        self._found += found
        self._note_rotating(key, state)
        self._wake_at(key, self._forget_at(state) if wake_s is None else wake_s)

    def flush(self, at: datetime) -> bool:
        """Commit position, states, visits, moments and events together. False: fenced, nothing written, all dropped."""
        if self._epoch is None:
            return False
        told_s = self.watermark_s if math.isfinite(self.watermark_s) else at.timestamp()
        mine = {PARTITION: partition_store.Mark(self._epoch, self.position, self.position, told_s)}
        try:
            with self._database.transaction() as session:
                partition_store.advance(session, mine, at=at, lease_s=self._lease_s)
                gone, new = self._write(session, at) if self.unflushed or self._states else (set[Key](), 0)
        except partition_store.Fenced:  # the transaction has touched no row
            log.warning("partitions_lost", partitions=[PARTITION])
            self.drop()
            return False
        for key in gone:
            self._states.pop(key, None)
            self._wake.pop(key, None)
        if self._found:
            log.info("heard", transitions=len(self._found), moments=new)
        self._changed, self._found, self._rotating, self._withdrawn, self._trial = set(), [], set(), {}, Trial()
        self._flushed_position, self._flushed_at = self.position, at
        return True

    def _write(self, session: Session, at: datetime) -> tuple[set[Key], int]:
        """Everything but the position; returns devices of which nothing is kept, and the number of new moments."""
        people = {key.shopper_id for key in self._changed}
        hold(session, people)  # what is found under a consent commits before the withdrawal that would have hidden it
        refused = refused_now(session, people, Purpose.LOCATION)
        unheard = {key for key in self._changed if key.shopper_id in refused or key in self._trial.failed}
        seen = [t for t in self._found if t.shopper_id not in refused]
        new = zone_store.record(session, seen, self._registry, self._rotating, at=at) if seen else 0
        zone_store.confirm(session, self._open(refused), self._registry, at=at)
        zone_store.withdraw(session, self._withdrawn)
        zone_store.close_unseen(session, unheard, list(self._registry.zones))
        zone_store.raise_trust(session, {k.shopper_id for k, s in self._states.items() if s.presences} - refused)
        idle = {key for key in self._changed - unheard if self._states[key].idle(self.watermark_s, self._rules)}
        kept = sorted(self._changed - unheard - idle, key=Key.text)
        zone_store.save_states(session, PARTITION, [(key, self._states[key]) for key in kept], at=at)
        zone_store.forget_states(session, unheard | idle)
        if self._trial.failed:
            partition_store.bury(session, [partition_store.Dead(PARTITION, self.position, REASON, 0)], at=at)
        if self.position > self._flushed_position:
            sighting_log.trim(session, self.position)
        return unheard | idle, new

    @property
    def unflushed(self) -> bool:
        """Whether a flush would write more than the lease."""
        return bool(self._changed or self._found or self._withdrawn or self.position > self._flushed_position)

    def next_wake_s(self) -> float | None:
        """Event time of the next deadline or waiting sighting; None when nothing waits. It is due `lateness_s` later."""
        if self._pending:
            return -math.inf
        while self._heap and self._wake.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    # -- echoes ----------------------------------------------------------------------------------------------------

    def _listen_for_echoes(self, key: Key, sighting: Sighting) -> None:
        """A passing id heard far away at the same time flags everybody who heard it."""
        if sighting.kind != Kind.EDDYSTONE_EID:
            return
        where = self._where(key, sighting)
        beacon = self._registry.tell(sighting).beacon
        if where is None or beacon is None:
            return
        flagged = self._echoes.note(sighting.identity, Heard(key, sighting.at_s, *where))
        if not flagged:
            return
        self._echoed[sighting.id] = sighting.at_s
        log.warning("beacon_echoed", beacon_id=beacon.id, devices=len(flagged))
        for other in flagged:
            presence = (
                self._states[other].presences.get(beacon.zone_id)
                if isinstance(other, Key) and other in self._states
                else None
            )
            if presence is None or not isinstance(other, Key):
                continue
            presence.doubts = tuple(sorted({*presence.doubts, ECHOED}))
            self._changed.add(other)
            if presence.is_open:
                self._withdrawn[visit_id(other.shopper_id, presence.zone_id, presence.since_s)] = presence.doubts

    def _where(self, key: Key, sighting: Sighting) -> tuple[float, float, float] | None:
        """Where this phone is by anything but the passing id: its own word, else a beacon with a lasting id that it hears."""
        if sighting.lat_deg is not None and sighting.lon_deg is not None:
            return sighting.lat_deg, sighting.lon_deg, sighting.accuracy_m or 0.0
        state = self._states.get(key)
        for beacon_id, signal in sorted(state.signals.items()) if state else []:
            beacon = self._registry.beacons.get(beacon_id)
            recent = sighting.at_s - signal.heard_s < self._settings.most_hold_s
            if (
                beacon is not None
                and recent
                and beacon.identity
                and beacon.lat_deg is not None
                and beacon.lon_deg is not None
            ):
                return beacon.lat_deg, beacon.lon_deg, self._settings.echo_reach_m
        return None

    # -- inside ----------------------------------------------------------------------------------------------------

    def _open(self, refused: Collection[str]) -> list[zone_store.Claim]:
        """The zone visits that are open in what has changed: positions may have begun to tell of them meanwhile."""
        return [
            zone_store.Claim(
                visit_id(key.shopper_id, p.zone_id, p.since_s),
                key.shopper_id,
                p.zone_id,
                p.since_s,
                max(p.weighed_s, self.watermark_s),
                p.rotating,
                p.doubts,
            )
            for key in self._changed
            if key.shopper_id not in refused and key not in self._trial.failed
            for p in self._states[key].presences.values()
            if p.is_open
        ]

    def _note_rotating(self, key: Key, state: HearingState) -> None:
        for presence in state.presences.values():
            if presence.rotating and presence.is_open:
                self._rotating.add(visit_id(key.shopper_id, presence.zone_id, presence.since_s))

    def _wake_at(self, key: Key, wake_s: float | None) -> None:
        if wake_s is None:
            self._wake.pop(key, None)
        elif self._wake.get(key) != wake_s:
            self._wake[key] = wake_s
            heapq.heappush(self._heap, (wake_s, key.text(), key))

    def _forget_at(self, state: HearingState) -> float | None:
        """Nothing is open: when the last word has become too old to matter, the device can be let go."""
        if not math.isfinite(state.floor_s):
            return self.watermark_s + self._rules.forget_s
        return max(state.floor_s + self._rules.forget_s, self.watermark_s) + 0.001

    def _due(self, watermark_s: float) -> list[Key]:
        due: list[Key] = []
        while self._heap and self._heap[0][0] <= watermark_s:
            wake_s, _, key = heapq.heappop(self._heap)
            if self._wake.get(key) == wake_s:
                del self._wake[key]
                due.append(key)
        return due

    def _flush_due(self, now: datetime) -> bool:
        since_s = (now - self._flushed_at).total_seconds() if self._flushed_at else self._lease_s
        if self._found or self._withdrawn:
            return True
        return since_s >= (self._flush_every_s if self.unflushed else self._lease_s / 3)
