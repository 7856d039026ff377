"""Until when somebody should have had an answer: so much time of the hours in which people are there to give one.

Pure. Owns the one way from "since when" and "within how long" to a moment, for threads that wait for a person and for cases. Hours are local: on the
night the clocks change an hour between opening and closing counts as long as it lasts. A store that is never open, or whose hours nobody knows,
counts as open day and night: a promise must end some time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OpenHours:
    """`days`: day -> `10:00-20:00` (an end that is not after the beginning lies on the next day) or `closed`."""

    zone: str = "UTC"
    days: tuple[tuple[str, str], ...] = ()

    @property
    def always(self) -> bool:
        return all(times == "closed" for _, times in self.days)


ALWAYS = OpenHours()


def due_at(since: datetime, within_s: int, hours: OpenHours = ALWAYS) -> datetime:
    """When so many open seconds have passed. None left, or less: at once."""
    left = timedelta(seconds=within_s)
    if left <= timedelta(0) or hours.always:
        return since + max(left, timedelta(0))
    for begins, ends in _open_from(since, hours):
        if begins + left <= ends:
            return begins + left
        left -= ends - begins
    raise ValueError("a week with open hours ended")  # never: it is followed by the next


def open_s(since: datetime, until: datetime, hours: OpenHours = ALWAYS) -> int:
    """Whole open seconds between the two."""
    if until <= since:
        return 0
    if hours.always:
        return int((until - since).total_seconds())
    passed = timedelta(0)
    for begins, ends in _open_from(since, hours):
        if begins >= until:
            break
        passed += min(ends, until) - begins
    return int(passed.total_seconds())


def is_late(due: datetime | None, at: datetime) -> bool:
    return due is not None and at > due


def _open_from(since: datetime, hours: OpenHours) -> Iterator[tuple[datetime, datetime]]:
    """The open stretches from then on, in order, none overlapping another; without end."""
    zone, times, reached = ZoneInfo(hours.zone), dict(hours.days), since.astimezone(UTC)
    day = since.astimezone(zone).date() - _DAY  # the evening before may last beyond midnight
    while True:
        stretch = _stretch(day, times, zone)
        day += _DAY
        if stretch is None or stretch[1] <= reached:
            continue
        begins, ends = max(stretch[0], reached), stretch[1]
        reached = ends
        yield begins, ends


def _stretch(day: date, times: Mapping[str, str], zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    told = times.get(WEEK[day.weekday()], "closed")
    if told == "closed":
        return None
    opens, closes = (_at(day, part, zone) for part in told.split("-"))
    return opens, closes if closes > opens else _at(day + _DAY, told.split("-")[1], zone)


def _at(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """The moment at which clocks there show it."""
    hour, minute = (int(part) for part in clock.split(":"))
    if hour == 24:
        day, hour = day + _DAY, 0
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
