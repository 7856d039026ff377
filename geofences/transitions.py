"""One shopper and one fence: from noisy distances to entered, dwelled, exited, crossed.

Owns membership (how likely a fix lies inside, given its accuracy), hysteresis by evidence, time and distance, and the
deadlines of a presence. Pure: seconds and metres in, transitions out. It must not know geometry, other fences or storage.

Invariant: every `exited` has its `entered`, with the same visit id; ids depend on shopper, fence and start alone.
docs/algorithms/detection.md explains each threshold and when it will be wrong.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from app.kernel.ids import derived_id
from geofences.membership import CHOSEN, PresenceRules, believed, confidence, inside_probability, log_odds

__all__ = [
    "Observation",
    "Presence",
    "PresenceMachine",
    "PresenceRules",
    "Transition",
    "TransitionKind",
    "inside_probability",
    "log_odds",
    "visit_id",
]


class TransitionKind(StrEnum):
    ENTERED = "entered"
    EXITED = "exited"
    DWELLED = "dwelled"
    CROSSED = "crossed"
    EXTENDED = "extended"
    """The visit had been told to have ended by silence; it ended later."""


class Observation(msgspec.Struct, gc=False):
    """One fix seen from one fence: `distance_m` signed (negative inside), `speed_mps` best estimate or None."""

    at_s: float
    distance_m: float
    accuracy_m: float
    speed_mps: float | None
    doubts: tuple[str, ...] = ()


class Presence(msgspec.Struct, array_like=True, gc=False):
    """What is remembered of one shopper at one fence. `is_open`: a visit; otherwise a candidate for one."""

    fence_id: str
    is_open: bool
    first_s: float
    since_s: float
    last_in_s: float
    seen_s: float
    score: float
    peak: float
    driving: bool
    out_since_s: float | None = None
    out_m: float = 0.0
    dwelled: int = 0
    opened_s: float = 0.0
    promised_s: float = 0.0
    doubts: tuple[str, ...] = ()
    parent_id: str = ""
    told_as: str = ""
    """The visit's id where its start has moved since it was told of; else it follows from the start."""
    belief: float = 0.0
    """Calibrated log-odds that the shopper is in there, of every fix while nothing spoke for her having left."""


class Transition(msgspec.Struct, frozen=True, gc=False):
    """`at_s` is when it happened, `decided_s` when it could be known (both event time). `visit_id` is "" for crossed.

    `parent_id`: the visit of the place this one lies in (the mall of a store), "" for none.
    """

    kind: TransitionKind
    shopper_id: str
    device_id: str
    fence_id: str
    visit_id: str
    at_s: float
    decided_s: float
    started_s: float
    ended_s: float | None
    dwell_s: int
    confidence: float
    doubts: tuple[str, ...]
    why: str
    parent_id: str = ""


def visit_id(shopper_id: str, fence_id: str, started_s: float) -> str:
    """The same stay always has the same id, whatever the batching, the engine or a restart."""
    return derived_id("vis", shopper_id, fence_id, round(started_s * 1000), "visit")


class PresenceMachine:
    """The rules applied to the presences of one shopper's one device."""

    def __init__(self, shopper_id: str, device_id: str, rules: PresenceRules) -> None:
        self._shopper_id = shopper_id
        self._device_id = device_id
        self._rules = rules
        self._enter_score = log_odds(rules.enter_probability)

    # -- fixes -----------------------------------------------------------------------------------------------------

    def begin(
        self, fence_id: str, seen: Observation, *, held: bool = False, parent_id: str = ""
    ) -> tuple[Presence | None, list[Transition]]:
        """A fix inside a fence where nothing was remembered. `held`: a neighbour's visit does not let one begin."""
        score = log_odds(inside_probability(seen.distance_m, seen.accuracy_m, self._rules))
        if score <= 0:
            return None, []
        presence = Presence(
            fence_id,
            False,
            seen.at_s,
            seen.at_s,
            seen.at_s,
            seen.at_s,
            score,
            score,
            self._driving(seen),
            doubts=seen.doubts,
            parent_id=parent_id,
            belief=score - CHOSEN,
        )
        return presence, [] if held else self._open_if_sure(presence, seen.at_s)

    def weigh(
        self, presence: Presence, seen: Observation, *, contested: bool = False, held: bool = False
    ) -> tuple[Presence | None, list[Transition]]:
        """A further fix for a remembered presence; deadlines up to `seen.at_s` must have been fired before.

        `contested`: a neighbour holds the fix; `held`: a neighbour's visit does not let one begin.
        """
        if presence.is_open:
            return self._weigh_open(presence, seen, contested=contested)
        return self._weigh_candidate(presence, seen, held=held)

    def _weigh_candidate(
        self, presence: Presence, seen: Observation, *, held: bool
    ) -> tuple[Presence | None, list[Transition]]:
        evidence = log_odds(inside_probability(seen.distance_m, seen.accuracy_m, self._rules))
        weight = self._weight(seen.at_s - presence.seen_s, self._rules.evidence_s)
        inside, driving = seen.distance_m <= 0, self._driving(seen)
        presence.belief = believed(presence.belief, seen.at_s - presence.seen_s, evidence)
        presence.score += weight * evidence
        presence.seen_s = seen.at_s
        if inside:
            presence.doubts = _union(presence.doubts, seen.doubts)
            presence.last_in_s = seen.at_s
            presence.out_since_s = None
            # One clear fix is enough, however soon after an unclear one; what was gathered while driving does not count.
            presence.score = evidence if presence.driving and not driving else max(presence.score, evidence)
            if presence.driving and not driving:
                presence.since_s = seen.at_s
                presence.belief = evidence - CHOSEN
            presence.driving = driving
            presence.peak = max(presence.peak, presence.score)
            return presence, [] if held else self._open_if_sure(presence, seen.at_s)
        if presence.score > 0:
            presence.out_since_s = seen.at_s if presence.out_since_s is None else presence.out_since_s
            return presence, []
        if presence.driving:
            return None, [self.crossed(presence.fence_id, presence.first_s, seen.at_s, presence.peak, presence.doubts)]
        return None, []

    def _weigh_open(
        self, presence: Presence, seen: Observation, *, contested: bool
    ) -> tuple[Presence | None, list[Transition]]:
        rules, gap = self._rules, seen.at_s - presence.seen_s
        margin_m = (rules.rival_margin_m if contested else rules.exit_margin_m) + seen.accuracy_m
        evidence = log_odds(inside_probability(seen.distance_m - margin_m, seen.accuracy_m, rules))
        faded = presence.score * math.exp(-max(0.0, gap) / rules.memory_s)
        if seen.distance_m <= margin_m:
            told = log_odds(inside_probability(seen.distance_m, seen.accuracy_m, rules))
            presence.belief = believed(presence.belief, gap, told)
            presence.peak = max(presence.peak, told)
        presence.score = min(rules.hold_score, faded + self._weight(gap, rules.exit_evidence_s) * evidence)
        presence.seen_s = seen.at_s
        if seen.distance_m <= margin_m:
            presence.last_in_s = seen.at_s
            presence.out_since_s = None
            if seen.distance_m <= 0:
                presence.doubts = _union(presence.doubts, seen.doubts)
        elif presence.out_since_s is None:
            presence.out_since_s, presence.out_m = seen.at_s, seen.distance_m
        if presence.score <= -rules.exit_score and presence.out_since_s is not None:
            return None, [self._close(presence, seen.at_s, "left")]
        return presence, []

    def _open_if_sure(self, presence: Presence, now_s: float) -> list[Transition]:
        if presence.driving or presence.score < self._enter_score:
            return []
        return [self._open(presence, now_s, "inside")]

    # -- deadlines -------------------------------------------------------------------------------------------------

    def deadline_s(self, presence: Presence) -> float:
        """When this presence next changes by itself if nothing more is heard."""
        rules = self._rules
        if not presence.is_open:
            return presence.seen_s + rules.settle_s * (2 if presence.driving else 1)
        deadline = presence.seen_s + rules.silence_s
        if presence.out_since_s is not None:
            return min(deadline, presence.seen_s + rules.exit_wait_s * (1 if presence.score < 0 else 3))
        if presence.dwelled < len(rules.dwell_steps_s) and not self._weak(presence):
            step_s = presence.since_s + rules.dwell_steps_s[presence.dwelled]
            return min(deadline, max(step_s, presence.seen_s, presence.opened_s))
        return deadline

    def _weak(self, presence: Presence) -> bool:
        """Opened by silence after unclear fixes: such a visit promises no dwell until a clearer fix is heard."""
        return presence.peak < self._enter_score

    def fire(self, presence: Presence, at_s: float, *, held: bool = False) -> tuple[Presence | None, list[Transition]]:
        """The deadline of `presence`, which is `at_s`, has come. `held`: a neighbour's visit goes on."""
        if not presence.is_open:
            if presence.out_since_s is not None or held:
                return None, []
            if presence.driving:
                presence.since_s, presence.driving = presence.last_in_s, False
            return presence, [self._open(presence, at_s, "settled")]
        if presence.out_since_s is not None:
            return None, [self._close(presence, at_s, "left")]
        steps = self._rules.dwell_steps_s
        if (
            presence.dwelled < len(steps)
            and presence.since_s + steps[presence.dwelled] <= at_s
            and not self._weak(presence)
        ):
            step_s = steps[presence.dwelled]
            presence.dwelled += 1
            presence.promised_s = presence.since_s + step_s
            return presence, [
                self._transition(
                    TransitionKind.DWELLED, presence, presence.promised_s, at_s, None, step_s, f"dwell_{step_s}"
                )
            ]
        return None, [self._close(presence, at_s, "silent")]

    def heard_leaving(self, dormant: Presence, seen: Observation) -> list[Transition]:
        """The first fix after a visit was closed for silence. Just outside: it lasted until now. Further off, nobody knows; inside
        begins another visit, for what was told of this one stays true: so long after, a shopper is welcomed anew.
        """
        ended_s = max(self._end_s(dormant, seen.at_s), seen.at_s - _way_back_s(seen.distance_m, self._rules.walk_mps))
        if seen.distance_m <= 0 or seen.distance_m - seen.accuracy_m > self._rules.leaving_m:
            return []
        return [
            self._transition(
                TransitionKind.EXTENDED,
                dormant,
                ended_s,
                seen.at_s,
                ended_s,
                int(ended_s - dormant.since_s),
                "heard_leaving",
            )
        ]

    def close_retired(self, presence: Presence, at_s: float) -> list[Transition]:
        """The fence is gone: an open visit ends with what was last heard inside."""
        return [self._close(presence, at_s, "fence_retired")] if presence.is_open else []

    def told_of(self, presence: Presence) -> list[Transition]:
        """What has been said so far of an open visit; `decided_s` of all is when it was opened."""
        if not presence.is_open:
            return []
        steps = self._rules.dwell_steps_s[: presence.dwelled]
        return [
            self._transition(TransitionKind.ENTERED, presence, presence.since_s, presence.opened_s, None, 0, "inside"),
            *(
                self._transition(
                    TransitionKind.DWELLED, presence, presence.since_s + s, presence.opened_s, None, s, f"dwell_{s}"
                )
                for s in steps
            ),
        ]

    def told_of_dormant(self, dormant: Presence) -> list[Transition]:
        """The same of a visit closed for silence."""
        return [*self.told_of(dormant), self._close(dormant, dormant.seen_s + self._rules.silence_s, "silent")]

    # -- transitions -----------------------------------------------------------------------------------------------

    def crossed(self, fence_id: str, at_s: float, decided_s: float, peak: float, doubts: tuple[str, ...]) -> Transition:
        sure = confidence(peak)
        return Transition(
            TransitionKind.CROSSED, self._shopper_id, self._device_id, fence_id, "", at_s, decided_s, at_s, at_s, 0, sure, doubts, "crossed"
        )  # fmt: skip

    def _open(self, presence: Presence, now_s: float, why: str) -> Transition:
        presence.is_open = True
        presence.opened_s = now_s
        presence.promised_s = presence.since_s
        return self._transition(TransitionKind.ENTERED, presence, presence.since_s, now_s, None, 0, why)

    def _end_s(self, presence: Presence, now_s: float) -> float:
        ended_s = presence.last_in_s
        if presence.out_since_s is not None:
            ended_s = max(ended_s, presence.out_since_s - _way_back_s(presence.out_m, self._rules.walk_mps))
        return min(now_s, max(ended_s, presence.promised_s))

    def _close(self, presence: Presence, now_s: float, why: str) -> Transition:
        ended_s = self._end_s(presence, now_s)
        return self._transition(
            TransitionKind.EXITED, presence, ended_s, now_s, ended_s, int(ended_s - presence.since_s), why
        )

    def _transition(
        self,
        kind: TransitionKind,
        presence: Presence,
        at_s: float,
        decided_s: float,
        ended_s: float | None,
        dwell_s: int,
        why: str,
    ) -> Transition:
        return Transition(
            kind=kind,
            shopper_id=self._shopper_id,
            device_id=self._device_id,
            fence_id=presence.fence_id,
            visit_id=presence.told_as or visit_id(self._shopper_id, presence.fence_id, presence.since_s),
            at_s=at_s,
            decided_s=decided_s,
            started_s=presence.since_s,
            ended_s=ended_s,
            dwell_s=dwell_s,
            confidence=confidence(presence.belief),
            doubts=presence.doubts,
            why=why,
            parent_id=presence.parent_id,
        )

    def _driving(self, seen: Observation) -> bool:
        return seen.speed_mps is not None and seen.speed_mps > self._rules.drive_mps

    @staticmethod
    def _weight(gap_s: float, full_s: float) -> float:
        return min(1.0, max(0.01, gap_s / full_s))


def _way_back_s(distance_m: float, walk_mps: float) -> float:
    """How long ago someone now `distance_m` away was at the border: on foot for 200 m, beyond that by some vehicle."""
    return min(distance_m, 200.0) / walk_mps + max(0.0, distance_m - 200.0) / 8.0


def _union(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*known, *new})) if new else known
