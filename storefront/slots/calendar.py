"""Which times can be booked: a week's grid of windows in a zone, days that are different, how far ahead, and until when. Pure.

Owns the calendar alone: a slot is a window on a day. Who has taken how many, and what is brought or given then, is not known here.
The grid is in local time: 10 to 12 stays 10 to 12 when clocks change. A time in an hour that is left out is the end of that hour, and a window of
which nothing is left that day is not there; an hour that comes twice belongs to the window it began in. So windows that do not overlap on the wall
never do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MIN = 24 * 60
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Window:
    """Minutes of the local day. `capacity` orders fit in; booked no later than `closes_min_before` minutes before it begins. `prices_minor`:
    currency -> what it costs; where it names none the way's own price holds. `lasts_min`: what is given then takes so long by any clock: a day that leaves
    less of the window has none of it."""

    start_min: int
    end_min: int
    capacity: int
    closes_min_before: int
    prices_minor: Mapping[str, int] = field(default_factory=dict[str, int])
    lasts_min: int | None = None


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week`: seven days from Monday. `other_days`: what holds on that date instead; nothing at all when it is empty."""

    timezone: str
    week: Sequence[Sequence[Window]]
    other_days: Mapping[date, Sequence[Window]]
    ahead_days: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A window on a day of an area or service, in UTC. `closes_at`: from then on it is neither booked nor left."""

    id: str
    day: date
    starts_at: datetime
    ends_at: datetime
    closes_at: datetime
    capacity: int
    prices_minor: Mapping[str, int]

    def price_minor(self, currency: str, otherwise: int) -> int:
        """`otherwise`: the price of the way, or the product, itself."""
        return self.prices_minor.get(currency, otherwise)


def of_day(area_id: str, calendar: Calendar, day: date) -> list[Slot]:
    """All of that day, by when they begin, whether or not they can still be booked."""
    zone = ZoneInfo(calendar.timezone)
    windows = calendar.other_days.get(day, calendar.week[day.weekday()])
    found = (_slot(area_id, zone, day, window) for window in sorted(windows, key=lambda w: (w.start_min, w.end_min)))
    return [slot for slot in found if slot is not None]


def bookable(area_id: str, calendar: Calendar, now: datetime) -> list[Slot]:
    """Those that can be booked at `now`, the soonest first: today, and so many days ahead."""
    return [slot for day in _days(calendar, now) for slot in of_day(area_id, calendar, day) if slot.closes_at > now]


def find(area_id: str, calendar: Calendar, slot_id: str, now: datetime) -> Slot | None:
    """The slot of that id if it can be booked at `now`; None for one that is closed, too far ahead, of another area, or no more."""
    days = [day for day in _days(calendar, now) if slot_id.startswith(_named(area_id, day))]
    return next((slot for day in days for slot in of_day(area_id, calendar, day) if slot.id == slot_id and slot.closes_at > now), None)


def zone_of(calendar: Calendar) -> ZoneInfo:
    return ZoneInfo(calendar.timezone)


def _named(area_id: str, day: date) -> str:
    """How every slot of that day begins."""
    return f"{area_id}.{day:%Y%m%d}."


def _days(calendar: Calendar, now: datetime) -> Iterator[date]:
    today = now.astimezone(ZoneInfo(calendar.timezone)).date()
    return (today + timedelta(days=ahead) for ahead in range(calendar.ahead_days + 1))


def _slot(area_id: str, zone: ZoneInfo, day: date, window: Window) -> Slot | None:
    starts_at, ends_at = _instant(zone, day, window.start_min), _instant(zone, day, window.end_min)
    if ends_at <= starts_at:
        return None  # the clocks went over it
    if window.lasts_min is not None:
        lasts = timedelta(minutes=window.lasts_min)
        if ends_at - starts_at < lasts:
            return None
        ends_at = starts_at + lasts
    closes_at = starts_at - timedelta(minutes=window.closes_min_before)
    slot_id = f"{_named(area_id, day)}{window.start_min // 60:02}{window.start_min % 60:02}"  # named by the wall clock: no two of a day begin alike
    return Slot(slot_id, day, starts_at, ends_at, closes_at, window.capacity, window.prices_minor)


def _instant(zone: ZoneInfo, day: date, minute: int) -> datetime:
    """24:00 is the next midnight. Of an hour that comes twice the first is meant; for a time that is left out, when the clocks went over it."""
    day, minute = (day + timedelta(days=1), 0) if minute == DAY_MIN else (day, minute)
    wall = datetime.combine(day, time(minute // 60, minute % 60), zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    before, after = wall.replace(fold=1).astimezone(UTC), instant  # by the clock as it went after, and as it went before
    while after - before > MINUTE:
        middle = before + (after - before) // (2 * MINUTE) * MINUTE
        before, after = (middle, after) if middle.astimezone(zone).utcoffset() == before.astimezone(zone).utcoffset() else (before, middle)
    return after


def minute_of(clock: str) -> int:
    """`HH:MM` as a minute of the day; 24:00 is its end."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
