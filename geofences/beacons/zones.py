"""One shopper and one zone: from how near its beacons sound to entered, dwelled, exited.

Owns the hysteresis of a zone presence, in the vocabulary of `geofences.transitions`. Pure. Must not know beacons or strengths: it is
told a probability. docs/algorithms/beacons.md explains each threshold.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geofences.transitions import Transition, TransitionKind, log_odds, visit_id


@dataclass(frozen=True, slots=True)
class ZoneRules:
    enter_probability: float = 0.9
    """Evidence that adds up to this opens a visit."""
    evidence_s: float = 8.0
    """Words closer together than this err together: they count in proportion to the time between."""
    least_words: int = 3
    """Fewer never open a visit, however loud."""
    exit_evidence_s: float = 30.0
    exit_score: float = 4.0
    hold_score: float = 5.0
    forget_s: float = 60.0
    """A candidate that does not become a visit in this time is none."""
    silence_s: float = 600.0
    """No beacon of the zone heard this long: the visit ends where it was last heard."""
    exit_wait_s: float = 90.0
    """Heard elsewhere and then nothing of this zone for this long: ended."""
    dwell_steps_s: tuple[int, ...] = (120, 300, 900)


@dataclass(slots=True)
class ZonePresence:
    """What is remembered of one shopper in one zone; seconds since 1970. `rotating`: an ephemeral id was among its words."""

    zone_id: str
    since_s: float
    last_in_s: float
    weighed_s: float
    score: float
    peak: float
    words: int = 1
    is_open: bool = False
    rotating: bool = False
    out_since_s: float | None = None
    dwelled: int = 0
    promised_s: float = 0.0
    doubts: tuple[str, ...] = ()


class ZoneMachine:
    """The rules applied to the presences of one shopper's one device."""

    def __init__(self, shopper_id: str, device_id: str, rules: ZoneRules) -> None:
        self._shopper_id, self._device_id, self._rules = shopper_id, device_id, rules
        self._enter_score = log_odds(rules.enter_probability)

    def begin(
        self, zone_id: str, at_s: float, probability: float, *, rotating: bool, doubts: tuple[str, ...]
    ) -> ZonePresence | None:
        """A zone of which nothing was remembered."""
        score = log_odds(probability)
        if score <= 0:
            return None
        # the first word counts as much as a second's worth
        first = score / self._rules.evidence_s
        return ZonePresence(zone_id, at_s, at_s, at_s, first, score, rotating=rotating, doubts=doubts)

    def weigh(
        self,
        presence: ZonePresence,
        at_s: float,
        probability: float,
        *,
        of_zone: bool,
        rotating: bool,
        doubts: tuple[str, ...],
    ) -> tuple[ZonePresence | None, list[Transition]]:
        """A word at `at_s`, after which the zone has this probability; `of_zone`: a beacon of this zone said it."""
        rules, gap_s = self._rules, at_s - presence.weighed_s
        full_s = rules.exit_evidence_s if presence.is_open else rules.evidence_s
        evidence = log_odds(probability)
        weighed = presence.score + min(1.0, max(0.01, gap_s / full_s)) * evidence
        presence.score = max(-rules.hold_score, min(rules.hold_score, weighed))
        presence.weighed_s = at_s
        presence.words += of_zone
        if of_zone:
            presence.rotating = presence.rotating or rotating
            presence.doubts = tuple(sorted({*presence.doubts, *doubts}))
        if evidence > 0:
            presence.last_in_s = at_s if of_zone else presence.last_in_s
            presence.out_since_s = None
            presence.peak = max(presence.peak, evidence)
        elif presence.out_since_s is None:
            presence.out_since_s = at_s
        if not presence.is_open:
            return self._maybe_open(presence, at_s)
        if presence.score <= -rules.exit_score:
            return None, [self._close(presence, at_s, "heard_elsewhere")]
        return presence, []

    def _maybe_open(self, presence: ZonePresence, at_s: float) -> tuple[ZonePresence | None, list[Transition]]:
        if presence.score <= 0:
            return None, []
        if presence.score < self._enter_score or presence.words < self._rules.least_words:
            return presence, []
        presence.is_open, presence.promised_s = True, presence.since_s
        presence.score = min(self._rules.hold_score, max(presence.score, presence.peak))
        return presence, [
            self._transition(TransitionKind.ENTERED, presence, presence.since_s, at_s, None, 0, "heard_near")
        ]

    # -- deadlines -------------------------------------------------------------------------------------------------

    def deadline_s(self, presence: ZonePresence) -> float:
        """When this presence next changes by itself if nothing more is heard."""
        rules = self._rules
        if not presence.is_open:
            return presence.weighed_s + rules.forget_s
        deadline = presence.last_in_s + rules.silence_s
        if presence.out_since_s is not None:
            return min(deadline, max(presence.weighed_s, presence.out_since_s + rules.exit_wait_s))
        if presence.dwelled < len(rules.dwell_steps_s):
            deadline = min(deadline, max(presence.weighed_s, presence.since_s + rules.dwell_steps_s[presence.dwelled]))
        return deadline

    def fire(self, presence: ZonePresence, at_s: float) -> tuple[ZonePresence | None, list[Transition]]:
        """The deadline of `presence`, which is `at_s`, has come."""
        rules = self._rules
        if not presence.is_open:
            return None, []
        if presence.out_since_s is not None and at_s < presence.last_in_s + rules.silence_s:
            if presence.score < 0:
                return None, [self._close(presence, at_s, "heard_elsewhere")]
            presence.score, presence.out_since_s = -0.01, at_s  # so far it was more in than out: it waits once more
            return presence, []
        steps = rules.dwell_steps_s
        if (
            presence.dwelled < len(steps)
            and presence.since_s + steps[presence.dwelled] <= at_s < presence.last_in_s + rules.silence_s
        ):
            step_s = steps[presence.dwelled]
            presence.dwelled += 1
            presence.promised_s = presence.since_s + step_s
            what = self._transition(
                TransitionKind.DWELLED, presence, presence.promised_s, at_s, None, step_s, f"dwell_{step_s}"
            )
            return presence, [what]
        return None, [self._close(presence, at_s, "heard_nothing")]

    def close_retired(self, presence: ZonePresence, at_s: float) -> list[Transition]:
        return [self._close(presence, at_s, "zone_retired")] if presence.is_open else []

    # -- transitions -----------------------------------------------------------------------------------------------

    def _close(self, presence: ZonePresence, now_s: float, why: str) -> Transition:
        ended_s = min(now_s, max(presence.last_in_s, presence.promised_s))
        return self._transition(
            TransitionKind.EXITED, presence, ended_s, now_s, ended_s, int(ended_s - presence.since_s), why
        )

    def _transition(
        self,
        kind: TransitionKind,
        presence: ZonePresence,
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
            fence_id=presence.zone_id,
            visit_id=visit_id(self._shopper_id, presence.zone_id, presence.since_s),
            at_s=at_s,
            decided_s=decided_s,
            started_s=presence.since_s,
            ended_s=ended_s,
            dwell_s=dwell_s,
            confidence=round(1 / (1 + math.exp(-presence.peak)), 3),
            doubts=presence.doubts,
            why=why,
        )
