"""What is known of the days ahead where a store lies, and whether it is what a campaign asks for.

Pure. Owns the facts a decision is made with (they are stored with it) and the rules over them. Must not look anything up
(almanac.py does) and must not name a reason (conditions.py does).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from offers.outside.asked import (
    DRY_BELOW_MM,
    SUNNY_MOST_CLOUD_PCT,
    DayKind,
    Rain,
    SpecialDays,
    Weather,
    ahead,
    is_weekend,
    weather_days,
)


class DayForecast(Struct, frozen=True, gc=False):
    """Of one day of the area's calendar: its highest temperature, its rain, how much of the sky is clouds (None: nobody said)."""

    day: str
    high_c: float
    rain_mm: float
    cloud_pct: int | None
    source: str
    known_at: datetime

    @property
    def dry(self) -> bool:
        return self.rain_mm < DRY_BELOW_MM

    @property
    def sunny(self) -> bool:
        return self.cloud_pct is not None and self.cloud_pct <= SUNNY_MOST_CLOUD_PCT


class NamedDay(Struct, frozen=True, gc=False):
    """A day the calendar of a region names; `holiday`: people are off work."""

    day: str
    name: str
    holiday: bool


class Outlook(Struct, frozen=True, gc=False):
    """What was known when it was weighed, of the days the campaign asks about. `today` is the store's day of the moment; empty
    where its time zone is not known. `area` and `region` are None where nobody watches the store's surroundings."""

    today: str
    area: str | None = None
    region: str | None = None
    forecasts: tuple[DayForecast, ...] = ()
    named_days: tuple[NamedDay, ...] = ()
    calendar_from: str | None = None
    calendar_until: str | None = None
    """The calendar of the region tells all special days between these two, both included."""


class Found(StrEnum):
    FITS = "fits"
    MISSES = "misses"
    FAR = "far"
    """No day of the kind that is asked for is so near."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class WeatherFound:
    """`day` is the first that fits, or the one that comes closest. `unknown_days`: so many had no forecast."""

    found: Found
    day: DayForecast | None = None
    unknown_days: int = 0


@dataclass(frozen=True, slots=True)
class SpecialFound:
    found: Found
    day: str = ""
    name: str = ""


def weather(asked: Weather, outlook: Outlook) -> WeatherFound:
    days = weather_days(asked, date.fromisoformat(outlook.today))
    if not days:
        return WeatherFound(Found.FAR)
    by_day = {one.day: one for one in outlook.forecasts}
    known = [by_day[day.isoformat()] for day in days if day.isoformat() in by_day]
    if not known:
        return WeatherFound(Found.UNKNOWN, None, len(days))
    closest = min(known, key=lambda one: (_missed(asked, one), one.day))
    found = Found.MISSES if _missed(asked, closest) else Found.FITS
    return WeatherFound(found, closest, len(days) - len(known))


def _missed(asked: Weather, day: DayForecast) -> int:
    """How much of what is asked the day is not."""
    return sum(
        (
            asked.rain is not None and (asked.rain is Rain.DRY) is not day.dry,
            asked.sunny and not day.sunny,
            asked.min_high_c is not None and day.high_c < asked.min_high_c,
            asked.max_high_c is not None and day.high_c > asked.max_high_c,
        )
    )


def special(asked: SpecialDays, outlook: Outlook) -> SpecialFound:
    """The first day that is one. Where the calendar does not reach, only what is found counts: nothing is concluded from silence."""
    days = ahead(date.fromisoformat(outlook.today), asked.within_days)
    for day in days:
        name = _name_of(asked, day, outlook)
        if name is not None:
            return SpecialFound(Found.FITS, day.isoformat(), name)
    last = days[-1] + timedelta(days=1 if DayKind.BEFORE_PUBLIC_HOLIDAY in asked.kinds else 0)
    reaches = (outlook.calendar_from or "9999") <= days[0].isoformat() and last.isoformat() <= (outlook.calendar_until or "")
    return SpecialFound(Found.MISSES if reaches or not asked.needs_calendar else Found.UNKNOWN)


def _name_of(asked: SpecialDays, day: date, outlook: Outlook) -> str | None:
    """Which special day it is, of those asked for."""
    on = [one for one in outlook.named_days if one.day == day.isoformat()]
    after = (day + timedelta(days=1)).isoformat()
    eve = DayKind.BEFORE_PUBLIC_HOLIDAY
    told = [one.name for one in on if one.name in asked.named or (one.holiday and DayKind.PUBLIC_HOLIDAY in asked.kinds)]
    told += [f"{eve}: {one.name}" for one in outlook.named_days if eve in asked.kinds and one.holiday and one.day == after]
    told += [DayKind.WEEKEND.value] if DayKind.WEEKEND in asked.kinds and is_weekend(day) else []
    return told[0] if told else None
