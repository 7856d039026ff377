"""The published rules about geofences near sensitive places, by jurisdiction, each with its dates and its source.

Owns a table of facts and nothing else: it is read by people who review it, and looked up by rules.py. A row without a distance
names kinds and leaves the distance to the house. Not legal advice: a house asks its own counsel and may only add strictness here.

Jurisdictions are ISO 3166 codes (`US-WA`, `FI`) and `EU`; a place in `US-WA` stands under the rows of `US-WA` and of `US`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geofences.sensitive.kinds import HEALTH, Kind

FOOT_M = 0.3048
_ALL = frozenset(Kind)
_MIND_AND_BODY = frozenset({Kind.MENTAL_HEALTH, Kind.REPRODUCTIVE_HEALTH})


@dataclass(frozen=True, slots=True)
class Law:
    """One row: a fence may not come within `distance_ft` of the perimeter, from `since` until before `until`."""

    jurisdiction: str
    kinds: frozenset[Kind]
    distance_ft: int | None
    since: date
    until: date | None
    source: str

    def in_force(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


LAWS: tuple[Law, ...] = (
    Law("US-WA", HEALTH, 2000, date(2023, 7, 23), None, "Washington My Health My Data Act, RCW 19.373.080 (in-person health care services)"),
    Law("US-NY", HEALTH, 1850, date(2023, 7, 2), None, "New York General Business Law section 394-g (health care facilities)"),
    Law("US-CT", _MIND_AND_BODY, 1750, date(2023, 7, 1), None, "Connecticut Public Act 23-56 (SB 3): mental health, reproductive and sexual health facilities"),
    Law("US-NV", HEALTH, 1750, date(2024, 3, 31), None, "Nevada SB 370 (2023): in-person health care services or products"),
    Law("US-MD", _MIND_AND_BODY, 1750, date(2025, 10, 1), None, "Maryland Online Data Privacy Act: mental health, reproductive and sexual health facilities"),
    Law("US-CA", HEALTH, 1850, date(2026, 1, 1), None, "California AB 45 (2025): in-person health care; its precise geolocation is 1,850 feet"),
    Law("US", _ALL, None, date(2024, 4, 11), None, "Sensitive locations as US Federal Trade Commission orders name them (X-Mode, 2024, and those after it); no distance"),
    Law("EU", _ALL, None, date(2018, 5, 25), None, "GDPR Article 9(1): what reveals health, belief or opinion; no distance"),
)  # fmt: skip

_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - reads better
)


def standing_over(jurisdiction: str) -> tuple[str, ...]:
    """The jurisdictions whose rows hold in this one, the nearest first."""
    country = jurisdiction.partition("-")[0]
    own = (jurisdiction,) if jurisdiction == country else (jurisdiction, country)
    return (*own, "EU") if country in _UNION else own
