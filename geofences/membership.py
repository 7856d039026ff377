"""How likely a fix lies inside a fence, and the thresholds that evidence is held to.

Owns the measure of one fix and the rules. Pure: metres in, probability out. docs/algorithms/detection.md explains each number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RADIUS68_TO_SIGMA = 1 / math.sqrt(-2 * math.log(1 - 0.68))
"""Phones report the radius that holds the truth in 68 % of cases; for a round normal error that is 1.51 sigma."""


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """Thresholds; the defaults are those of docs/algorithms/detection.md."""

    enter_probability: float = 0.8
    """One fix that is inside with this probability (and not driving) opens a visit."""
    settle_s: float = 180.0
    """A phone last heard inside, then silent this long, has stayed: the visit opens from its first fix inside."""
    evidence_s: float = 20.0
    """Errors of fixes closer together than this are the same error: they count in proportion to the time between."""
    exit_evidence_s: float = 60.0
    """The same for leaving: a wander of the position outside has to last."""
    exit_margin_m: float = 25.0
    """Leaving is weighed against the border moved outwards by this much and by the fix's accuracy."""
    exit_score: float = 4.0
    """Log-odds of being outside at which a visit closes at once: more than any single fix is worth."""
    hold_score: float = 5.0
    """Log-odds of being inside are not piled up beyond this: a long stay does not glue the visit to the fence."""
    exit_wait_s: float = 300.0
    """Heard outside but not yet convincingly, then silent this long (three times as long if the odds say inside): closed."""
    memory_s: float = 1800.0
    """Evidence fades with this time constant while nothing is heard."""
    silence_s: float = 10_800.0
    """Nothing heard at all for this long: closed, as of the last fix inside."""
    leaving_m: float = 150.0
    """A phone silent inside and next heard this near was there all the time: as far as one walks until it reports."""
    vague_m: float = 200.0
    """A fix less accurate than this does not say whether a silent phone is leaving or gone."""
    dormant_s: float = 86_400.0
    """So long after it was last heard inside, a visit closed for silence may still be found to have lasted."""
    rival_margin_m: float = 5.0
    """`exit_margin_m` where a neighbour holds the fix: being next door speaks for having left."""
    rival_reach_m: float = 10.0
    """An open visit this near (and twice the fix's accuracy) holds up one at a neighbour: the fix may be hers still. Farther away
    she is plainly next door, and need not be seen to have left first."""
    drive_mps: float = 4.0
    """Faster than this is passing through, not visiting."""
    walk_mps: float = 1.4
    """Speed used to reckon when a shopper first heard outside has left."""
    outlier: float = 0.04
    """Share of fixes that lie, whatever accuracy they claim: no fix is worth more than log-odds of about 3.9."""
    min_accuracy_m: float = 5.0
    dwell_steps_s: tuple[int, ...] = (120, 300, 900)
    crossed_max_gap_s: float = 120.0
    """A way between two fixes is judged straight only if they lie no further apart in time."""

    @property
    def longest_s(self) -> float:
        """After so long without a fix nothing is remembered that could still change."""
        return 2 * self.settle_s + self.silence_s


def inside_probability(distance_m: float, accuracy_m: float, rules: PresenceRules) -> float:
    """P(inside) for a border that is straight at the scale of the error, with a share of outliers that mean nothing."""
    sigma = max(accuracy_m, rules.min_accuracy_m) * RADIUS68_TO_SIGMA
    normal = 0.5 * math.erfc(distance_m / (sigma * math.sqrt(2)))
    return rules.outlier / 2 + (1 - rules.outlier) * normal


def log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


CHOSEN = 1.25
"""Log-odds that the first fix inside is worth less: of a phone's many fixes it was chosen for being inside."""
SHARED = 0.35
"""What a further fix adds of its log-odds: its error is partly that of the ones before."""
BELIEF_S = 60.0
"""Fixes closer together than this add in proportion to the time between."""
MOST_BELIEF = 4.0
"""Positions alone never say more than 0.982 or less than 0.018."""


def believed(belief: float, gap_s: float, evidence: float) -> float:
    """Log-odds that the shopper is in the fence after a further fix; tests/geofences/test_membership.py holds it to its word."""
    weight = SHARED * min(1.0, max(0.01, gap_s / BELIEF_S))
    return max(-MOST_BELIEF, min(MOST_BELIEF, belief + weight * evidence))


def confidence(belief: float) -> float:
    """The probability of these log-odds, three digits."""
    return round(1 / (1 + math.exp(-max(-MOST_BELIEF, min(MOST_BELIEF, belief)))), 3)
