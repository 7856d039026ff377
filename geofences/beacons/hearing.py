"""The core: sightings of one device, in whatever order they came, into zone transitions in the order they happened.

Owns `advance_sightings`: sightings wait until the watermark passes, then apply in event-time order, interleaved with the
presences' own deadlines, so that the outcome depends on the set of sightings, never on arrival order, batching or engine. Pure:
`watermark_s` is the only "now".
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from geofences.beacons.sightings import Sighting
from geofences.beacons.smoothing import Signal, SmoothingRules, first_word, hear, speaks
from geofences.beacons.transmitters import USUAL_POWER_DBM, Beacon, Registry, Told
from geofences.beacons.zones import ZoneMachine, ZonePresence, ZoneRules
from geofences.track import Key
from geofences.transitions import Transition

OUTLIER = 0.02


@dataclass(frozen=True, slots=True)
class HearingRules:
    """`reach_m`: a zone whose nearest beacon sounds further off than this is more likely another's; `decay`: path-loss exponent."""

    smoothing: SmoothingRules = field(default_factory=SmoothingRules)
    zones: ZoneRules = field(default_factory=ZoneRules)
    reach_m: float = 15.0
    decay: float = 2.0
    forget_s: float = 600.0


@dataclass(slots=True)
class HearingState:
    """All that is remembered of what one device hears. `floor_s`: everything up to there has been applied and is not applied again."""

    buffer: list[Sighting] = field(default_factory=list[Sighting])
    signals: dict[str, Signal] = field(default_factory=dict[str, Signal])
    presences: dict[str, ZonePresence] = field(default_factory=dict[str, ZonePresence])
    floor_s: float = -math.inf
    floor_ids: tuple[str, ...] = ()
    late: int = 0
    strangers: int = 0
    ambiguous: int = 0

    def idle(self, watermark_s: float, rules: HearingRules) -> bool:
        """Nothing in here can still matter."""
        return not self.buffer and not self.presences and watermark_s - self.floor_s > rules.forget_s


def advance_sightings(
    state: HearingState,
    sightings: Iterable[Sighting],
    watermark_s: float,
    registry: Registry,
    key: Key,
    rules: HearingRules | None = None,
    *,
    echoed: Collection[str] = (),
    doubts: tuple[str, ...] = (),
) -> tuple[HearingState, list[Transition], float | None]:
    """Take in `sightings`, apply what `watermark_s` has passed. Returns state (the same object), transitions, next wake-up.

    `echoed`: ids of sightings that contradict another phone's; they carry `doubts`.
    """
    _take_in(state, sightings)
    hearing = _Hearing(key, state, registry, rules or HearingRules())
    out: list[Transition] = []
    due = [s for s in state.buffer if s.at_s <= watermark_s]
    state.buffer = state.buffer[len(due) :]
    for sighting in due:
        out += hearing.apply(sighting, doubts if sighting.id in echoed else ())
    out += hearing.fire_until(watermark_s)
    return state, out, hearing.wake_at()


def _take_in(state: HearingState, sightings: Iterable[Sighting]) -> None:
    known = {s.id for s in state.buffer}
    for sighting in sightings:
        if sighting.id in known or (sighting.at_s == state.floor_s and sighting.id in state.floor_ids):
            continue
        if sighting.at_s < state.floor_s:
            state.late += 1
            continue
        known.add(sighting.id)
        state.buffer.append(sighting)
    state.buffer.sort(key=lambda s: s.order)


class _Hearing:
    """One device being advanced."""

    def __init__(self, key: Key, state: HearingState, registry: Registry, rules: HearingRules) -> None:
        self._state, self._registry, self._rules = state, registry, rules
        self._machine = ZoneMachine(key.shopper_id, key.device_id, rules.zones)

    def apply(self, sighting: Sighting, doubts: tuple[str, ...]) -> list[Transition]:
        """Deadlines before it, the sighting, deadlines it has made due."""
        out = self.fire_until(sighting.at_s)
        state = self._state
        told = self._registry.tell(sighting, self._sure(sighting.at_s))
        if told.beacon is None:
            state.ambiguous += bool(told.candidates)
            state.strangers += not told.candidates
        else:
            out += self._heard(told.beacon, told, sighting, doubts)
        state.floor_ids = (*state.floor_ids, sighting.id) if sighting.at_s == state.floor_s else (sighting.id,)
        state.floor_s = sighting.at_s
        return out

    def _sure(self, at_s: float) -> list[Beacon]:
        """The beacons that are heard just now and known for who they are."""
        beacons, rules = self._registry.beacons, self._rules.smoothing
        return [beacons[i] for i, s in sorted(self._state.signals.items()) if i in beacons and speaks(s, at_s, rules)]

    def _heard(self, beacon: Beacon, told: Told, sighting: Sighting, doubts: tuple[str, ...]) -> list[Transition]:
        state, at_s, rules = self._state, sighting.at_s, self._rules
        signal = state.signals.get(beacon.id)
        if signal is None:
            state.signals[beacon.id] = first_word(at_s, sighting.rssi_dbm, rules.smoothing)
        else:
            hear(signal, at_s, sighting.rssi_dbm, rules.smoothing)
        self._forget_old(at_s)
        likely = self._zones(at_s)
        out: list[Transition] = []
        for zone_id in sorted({*likely, *state.presences}):
            probability = likely.get(zone_id, OUTLIER)
            mine = zone_id == beacon.zone_id
            known = state.presences.get(zone_id)
            if zone_id not in self._registry.zones:
                out += self._machine.close_retired(state.presences.pop(zone_id), at_s)
                continue
            rotating = told.rotating and mine
            marks = doubts if mine else ()
            if known is None:
                after = self._machine.begin(zone_id, at_s, probability, rotating=rotating, doubts=marks)
            else:
                after, found = self._machine.weigh(
                    known, at_s, probability, of_zone=mine, rotating=rotating, doubts=marks
                )
                out += found
            if after is None:
                state.presences.pop(zone_id, None)
            else:
                state.presences[zone_id] = after
        return out

    def _forget_old(self, at_s: float) -> None:
        signals = self._state.signals
        for beacon_id in [i for i, s in signals.items() if at_s - s.heard_s > self._rules.forget_s]:
            del signals[beacon_id]

    def _zones(self, at_s: float) -> dict[str, float]:
        """How likely each zone is, of those with a beacon heard just now: their share of the inverse square distances of all beacons
        heard, first by floor, then on it, and less the further off the nearest sounds."""
        nearest: dict[str, float] = {}
        share: dict[str, float] = {}
        floors: dict[str, float] = {}
        for beacon_id, signal in self._state.signals.items():
            beacon = self._registry.beacons.get(beacon_id)
            if beacon is None or not speaks(signal, at_s, self._rules.smoothing):
                continue
            power = beacon.power_dbm if beacon.power_dbm is not None else USUAL_POWER_DBM
            # a clear word counts more than one grown uncertain
            distance_m = max(0.5, 10 ** ((power - signal.level_dbm) / (10 * self._rules.decay)))
            weight = distance_m**-2
            floor = self._registry.zones[beacon.zone_id].floor
            share[beacon.zone_id] = share.get(beacon.zone_id, 0.0) + weight
            floors[floor] = floors.get(floor, 0.0) + weight
            nearest[beacon.zone_id] = min(nearest.get(beacon.zone_id, math.inf), distance_m)
        total = sum(floors.values())
        out: dict[str, float] = {}
        for zone_id, weight in share.items():
            of_floor = floors[self._registry.zones[zone_id].floor]
            near = 1 / (1 + (nearest[zone_id] / self._rules.reach_m) ** 3)
            certain = (of_floor / total) * (weight / of_floor) * near
            out[zone_id] = OUTLIER + (1 - 2 * OUTLIER) * certain
        return out

    def fire_until(self, until_s: float) -> list[Transition]:
        """All deadlines up to `until_s`, in the order of their time."""
        out: list[Transition] = []
        presences = self._state.presences
        while presences:
            due_s, zone_id = min((self._machine.deadline_s(p), z) for z, p in presences.items())
            if due_s > until_s:
                break
            if zone_id not in self._registry.zones:
                out += self._machine.close_retired(presences.pop(zone_id), due_s)
                continue
            after, found = self._machine.fire(presences[zone_id], due_s)
            out += found
            if after is None:
                del presences[zone_id]
        return out

    def wake_at(self) -> float | None:
        """Event time at which the watermark next matters to this device, None for never."""
        times = [self._machine.deadline_s(p) for p in self._state.presences.values()]
        if self._state.buffer:
            times.append(self._state.buffer[0].at_s)
        return min(times) if times else None
