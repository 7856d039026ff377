"""A week of opening hours as a picture: for each day the stretches in which a campaign may offer.

Pure. Owns the arithmetic of days, over midnight too. Must not judge hours (the room does).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.web.console.words import DAYS

DAY_MIN = 24 * 60
ORDER = tuple(DAYS)


@dataclass(frozen=True, slots=True)
class DayRow:
    """`stretches` are (first minute, minutes long) of the local day, in order."""

    day: str
    stretches: tuple[tuple[int, int], ...]


def week(weekly: Sequence[Mapping[str, Any]]) -> list[DayRow]:
    """Monday first; without any hours the whole week."""
    found: dict[str, list[tuple[int, int]]] = {day: [] for day in ORDER}
    for hours in weekly:
        begin, end = _minute(hours["from"]), _minute(hours["until"])
        for day in hours["days"]:
            if end > begin:
                found[day].append((begin, end - begin))
                continue
            found[day].append((begin, DAY_MIN - begin))
            if end:
                found[ORDER[(ORDER.index(day) + 1) % 7]].append((0, end))
    if not weekly:
        found = {day: [(0, DAY_MIN)] for day in ORDER}
    return [DayRow(DAYS[day], tuple(sorted(stretches))) for day, stretches in found.items()]


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
