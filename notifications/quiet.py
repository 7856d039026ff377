"""Quiet hours: when they hold, and at which instant they are over.

Owns the arithmetic on wall clocks. An instant has one wall-clock time in a zone; a wall-clock time may belong to one instant, to two
(the hour repeated in autumn) or to none (the hour skipped in spring), and each is answered here. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_SECOND = timedelta(seconds=1)
_MOST_TURNS = 8
"""Each turn ends the night of one zone. Where the nights of two zones leave no hour between them, there is no end to find."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Wall-clock time [starts, ends) in which nobody is disturbed; it may span midnight. Equal ends: never quiet."""

    starts: time
    ends: time

    def covers(self, wall: time) -> bool:
        if self.starts == self.ends:
            return False
        if self.starts < self.ends:
            return self.starts <= wall < self.ends
        return wall >= self.starts or wall < self.ends


def is_quiet(hours: QuietHours, zones: Sequence[str], at: datetime) -> bool:
    """Quiet in any zone is quiet."""
    return any(hours.covers(at.astimezone(ZoneInfo(zone)).time()) for zone in zones)


def quiet_until(hours: QuietHours, zones: Sequence[str], at: datetime) -> datetime | None:
    """The first instant from `at` on that is quiet in no zone (UTC); None if there is none within some days."""
    for _ in range(_MOST_TURNS):
        asleep = [zone for zone in zones if is_quiet(hours, (zone,), at)]
        if not asleep:
            return at
        at = _ends_in(hours, ZoneInfo(asleep[0]), at)
    return None


def _ends_in(hours: QuietHours, zone: ZoneInfo, at: datetime) -> datetime:
    """The first instant after the quiet `at` at which the wall clock of `zone` reads the end, or has leapt over it."""
    wall = at.astimezone(zone)
    day = wall.date() + timedelta(days=wall.time() >= hours.ends)
    first, second = (datetime.combine(day, hours.ends).replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first > second:  # the wall clock never reads it: it leaps from before to after between `second` and `first`
        return _first_after_leap(hours, zone, second, first)
    return first if first > at else second


def _first_after_leap(hours: QuietHours, zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    while after - before > _SECOND:
        middle = before + (after - before) // 2
        if hours.covers(middle.astimezone(zone).time()):
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
