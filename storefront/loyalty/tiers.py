"""Which tier somebody has on a day, how long she keeps it, and what is missing to the next. Pure.

Owns the rule: the sum of the last `window_days` days decides; a tier that was reached stays `kept_days` after the last day on which the sum was
enough. So it never goes from one day to the next, and when it goes is known beforehand. What was given back was never spent: the days are looked at
with what is kept of them by now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from storefront.loyalty.programme import Level, Tiers

Amounts = Sequence[tuple[date, int]]


@dataclass(frozen=True, slots=True)
class Standing:
    """`level` None: none yet. `kept_until` is the last day she surely has it, if nothing more is counted. `missing` to `upper` is within `window_days`."""

    level: Level | None
    kept_until: date | None
    total: int
    upper: Level | None
    missing: int


def standing(tiers: Tiers, amounts: Amounts, today: date) -> Standing:
    """`amounts`: day -> what was counted on it; several of one day are added."""
    known = sorted((day, amount) for day, amount in amounts if day <= today and amount)
    total = _sum(tiers, known, today)
    earliest = today - timedelta(days=tiers.kept_days)
    looked_at = {today, earliest, *(day for day, _ in known if day > earliest)}
    best = max(_sum(tiers, known, day) for day in looked_at)
    level = next((one for one in reversed(tiers.levels) if one.least <= best), None)
    upper = next((one for one in tiers.levels if one.least > max(best, total)), None)
    missing = upper.least - total if upper else 0
    return Standing(level, _kept_until(tiers, known, level, today) if level else None, total, upper, missing)


def _sum(tiers: Tiers, known: Amounts, day: date) -> int:
    since = day - timedelta(days=tiers.window_days)
    return sum(amount for at, amount in known if since < at <= day)


def _kept_until(tiers: Tiers, known: Amounts, level: Level, today: date) -> date:
    """The last day with enough, and `kept_days` on."""
    enough = today if _sum(tiers, known, today) >= level.least else None
    if enough is None:
        enough = max(day for day in _turns(tiers, known) if day < today and _sum(tiers, known, day) >= level.least)
    else:
        later = [day for day in _turns(tiers, known) if day >= today]
        enough = next((day for day in later if _sum(tiers, known, day + timedelta(days=1)) < level.least), today)
    return enough + timedelta(days=tiers.kept_days)


def _turns(tiers: Tiers, known: Amounts) -> list[date]:
    """The last days before something falls out of the window; the sum can only fall after one of these."""
    return sorted({day + timedelta(days=tiers.window_days - 1) for day, _ in known} | {day for day, _ in known})
