"""How far a fence must stay from a sensitive place, in a jurisdiction, on a day.

Owns the lookup `rules_at` and the house's own choice of distances. Pure. What a law says is never undercut by the choice; where
no jurisdiction is told, every row of the table holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from geofences.sensitive.kinds import HEALTH, Kind
from geofences.sensitive.laws import FOOT_M, LAWS, Law, standing_over

DEFAULT_M = 2000 * FOOT_M
"""609.6 m, the longest distance any row asks for: kept everywhere unless a house chooses otherwise."""
REACH_M = 1_000.0
"""Nothing farther than this is ever asked about: the most a house may choose, and more than any row."""
OURS = "this house keeps 2,000 feet (609.6 m) from the perimeter, whatever the jurisdiction"
STRICTEST = "nobody has told the jurisdiction, so the strictest holds"
UNKNOWN = ""
"""A jurisdiction nobody told."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a house keeps where no law asks for more. `jurisdiction` is that of places which do not say theirs."""

    jurisdiction: str = UNKNOWN
    health_m: float = DEFAULT_M
    other_m: float = DEFAULT_M


@dataclass(frozen=True, slots=True)
class Rule:
    """A fence may not come within `distance_m`. `since` is None where the house alone asks."""

    distance_m: float
    source: str
    since: date | None


def rules_at(
    jurisdiction: str, on: date, choice: Choice | None = None, laws: Sequence[Law] = LAWS
) -> Mapping[Kind, Rule]:
    """The rule for each kind: the longest of the house's distance and those of the rows in force on the day."""
    choice = choice or Choice()
    found: dict[Kind, Rule] = {}
    over = None if jurisdiction == UNKNOWN else standing_over(jurisdiction)
    standing = [law for law in laws if law.in_force(on) and (over is None or law.jurisdiction in over)]
    for kind in Kind:
        own_m = choice.health_m if kind in HEALTH else choice.other_m
        named = [law for law in standing if kind in law.kinds]
        asked = max((law for law in named if law.distance_ft is not None), key=lambda law: law.distance_ft or 0, default=None)
        law_m = (asked.distance_ft or 0) * FOOT_M if asked is not None else -1.0
        if asked is not None and (law_m > own_m or (law_m == own_m and over is not None)):
            found[kind] = Rule(law_m, asked.source if over is not None else f"{STRICTEST}: {asked.source}", asked.since)
            continue
        why = OURS if own_m == DEFAULT_M else f"this house keeps {own_m:g} m from the perimeter"
        unmeasured = next((law for law in named if law.distance_ft is None), None)
        found[kind] = Rule(own_m, f"{why} ({unmeasured.source})" if unmeasured is not None and over is not None else why, None)
    return found


def epoch(on: date, laws: Sequence[Law] = LAWS) -> int:
    """Counts up on every day on which a row begins or ends: what was worked out before it is old."""
    return sum(day is not None and day <= on for law in laws for day in (law.since, law.until))
