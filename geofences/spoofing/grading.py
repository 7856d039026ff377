"""How much a stretch of motion looks made up: plain signs, and a sum of log-odds over measured features.

Owns the grade, its threshold and the words for what spoke. Pure: the calibration is handed in. Too few fixes are graded as nothing,
never as suspicion. It must not decide what a grade costs (`geofences.trust`, and the rooms above).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from geofences import trust
from geofences.spoofing.evidence import FEATURES, PlainRules, carried_off, features, frozen, ruled
from geofences.spoofing.motion import Motion

MOST_FIXES = 128
LONGEST_S = 900.0
"""A stretch holds at most so many fixes and so much time."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds: `intercept` plus the sum of each feature times its weight; suspicious from `suspect_at` on. `genuine`: what the features
    usually are, to tell which spoke."""

    weights: Mapping[str, float]
    intercept: float
    suspect_at: float
    genuine: Mapping[str, float]

    def log_odds(self, values: Mapping[str, float]) -> float:
        return self.intercept + sum(self.weights[name] * value for name, value in values.items())


@dataclass(frozen=True, slots=True)
class Grade:
    """`grades`: each reason for doubt with its strength (0 to 1), in alphabetical order. `log_odds` of having been made up, less the
    threshold, and None where too little is known; `spoke`: the features that said most for it."""

    grades: tuple[tuple[str, float], ...]
    log_odds: float | None = None
    spoke: tuple[str, ...] = ()

    @property
    def strength(self) -> float:
        return 1.0 - math.prod(1.0 - strength for _, strength in self.grades)

    @property
    def suspect(self) -> bool:
        return self.strength >= trust.SUSPECT

    @property
    def abstains(self) -> bool:
        return self.log_odds is None and not self.grades


def grade(motion: Motion, weights: Weights, rules: PlainRules | None = None) -> Grade:
    """Judge one stretch (`MOST_FIXES`, `LONGEST_S`) by itself."""
    rules = rules or PlainRules()
    found: dict[str, float] = {}
    share = frozen(motion, rules)
    if share >= rules.frozen_share:
        found[trust.STATIC] = 0.9
    if carried_off(motion, rules):
        found[trust.JUMP] = 0.7
    if ruled(motion, rules):
        found[trust.TOO_SMOOTH] = 0.9
    measured = features(motion)
    if measured is None:
        return Grade(tuple(sorted(found.items())))
    values: dict[str, float] = dict(zip(FEATURES, measured.tolist(), strict=True))
    over = weights.log_odds(values) - weights.suspect_at
    if over >= 0:
        found[trust.SYNTHETIC] = 1.0 / (1.0 + math.exp(-min(over, 30.0)))
    said = sorted(values, key=lambda name: -weights.weights[name] * (values[name] - weights.genuine[name]))
    return Grade(tuple(sorted(found.items())), over, tuple(said[:3]))
