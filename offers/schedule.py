"""A campaign's calendar in a store's own time zone: dates, weekly hours, and when it ends as an instant.

Pure. An instant is turned into the store's wall clock (always possible), and the wall clock is compared: an hour that a
clock change repeats counts twice, one that it skips never comes. Must not read the clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from offers.definition import Schedule, WeeklyHours

DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def zone(name: str) -> ZoneInfo | None:
    """The IANA zone, or None when there is no such zone."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError; odd names raise the other two
        return None
    except KeyError:
        return None


@lru_cache(maxsize=1024)
def wall_clock(instant: datetime, zone_name: str) -> datetime | None:
    """The store's own time at an instant; None when there is no such zone. Many campaigns ask for the same one."""
    where = zone(zone_name)
    return instant.astimezone(where) if where is not None else None


@lru_cache(maxsize=1024)
def days(occurred_at: datetime, at: datetime, zone_name: str) -> tuple[datetime, str, str] | None:
    """The store's own time at the first instant, and its dates at both; None when there is no such zone. All campaigns of a moment ask it."""
    local, now = wall_clock(occurred_at, zone_name), wall_clock(at, zone_name)
    return (local, day_of(local), day_of(now)) if local is not None and now is not None else None


def day_of(local: datetime) -> str:
    """Its date; ISO dates sort as text. Not remembered by `local`: the same instant on the clocks of two zones counts as equal."""
    return local.date().isoformat()


def has_started(schedule: Schedule, day: str) -> bool:
    """`day` as `day_of` gives it."""
    return schedule.starts_on is None or day >= schedule.starts_on


def is_over(schedule: Schedule, day: str) -> bool:
    return schedule.ends_on is not None and day > schedule.ends_on


def _covers(hours: WeeklyHours, weekday: int, minute: int) -> bool:
    if hours.from_minute < hours.until_minute:
        return weekday in hours.days and hours.from_minute <= minute < hours.until_minute
    # Past midnight: the evening belongs to the named day, the small hours to the day after it.
    evening = weekday in hours.days and minute >= hours.from_minute
    small_hours = (weekday - 1) % 7 in hours.days and minute < hours.until_minute
    return evening or small_hours


def overlap(weekly: Sequence[WeeklyHours]) -> tuple[int, int, int] | None:
    """The first two entries that cover the same minute, and on which day; None if no two do."""
    taken: list[tuple[int, int, int]] = []  # from, until (minutes of the week), entry
    for n, hours in enumerate(weekly):
        length = (hours.until_minute - hours.from_minute) % DAY_MINUTES or DAY_MINUTES
        for day in hours.days:
            begins = day * DAY_MINUTES + hours.from_minute
            for at in (begins, begins - WEEK_MINUTES):  # Sunday night reaches into Monday
                for other_begins, other_ends, other in taken:
                    if at < other_ends and other_begins < at + length and other != n:
                        return other, n, max(at, other_begins) // DAY_MINUTES % 7
            taken += [(begins, begins + length, n), (begins - WEEK_MINUTES, begins - WEEK_MINUTES + length, n)]
    return None


def weekly_at(schedule: Schedule, place_id: str) -> tuple[WeeklyHours, ...]:
    """The store's own hours where it has some, else those of the campaign."""
    own = next((store.weekly for store in schedule.store_hours if store.place_id == place_id), None)
    return schedule.weekly if own is None else own


def within_weekly(schedule: Schedule, local: datetime, place_id: str = "") -> bool:
    """True when the store's wall clock is in one of its weekly hours, or there are none."""
    weekly = weekly_at(schedule, place_id)
    minute = local.hour * 60 + local.minute
    return not weekly or any(_covers(hours, local.weekday(), minute) for hours in weekly)


def last_instant(schedule: Schedule, where: ZoneInfo) -> datetime | None:
    """The first instant after the campaign in that store (UTC), i.e. local midnight after `ends_on`; None if it has no end."""
    return None if schedule.ends_on is None else _midnight_after(schedule.ends_on, where)


@lru_cache(maxsize=1024)
def _midnight_after(day: str, where: ZoneInfo) -> datetime:
    day_after = date.fromisoformat(day) + timedelta(days=1)
    return datetime.combine(day_after, time(), where).astimezone(UTC)
