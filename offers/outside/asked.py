"""What a campaign may ask of the weather and of the calendar of a region.

Pure. Owns these shapes and their words. Must not look at a forecast (outlook.py does).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

DRY_BELOW_MM = 1.0
"""A day with 1 mm of rain or more is a wet one (World Meteorological Organization)."""
SUNNY_MOST_CLOUD_PCT = 40
"""Three eighths of the sky, the bound of `mostly clear`."""
MOST_DAYS_AHEAD = 9
"""Forecasts reach ten days; what is said of later ones is climate."""
_SATURDAY = 5


class WeatherOn(StrEnum):
    """Which days of those ahead count."""

    ANY = "any"
    WEEKEND = "weekend"


class Rain(StrEnum):
    DRY = "dry"
    WET = "wet"


class DayKind(StrEnum):
    WEEKEND = "weekend"
    PUBLIC_HOLIDAY = "public_holiday"
    BEFORE_PUBLIC_HOLIDAY = "day_before_public_holiday"


@dataclass(frozen=True, slots=True)
class Weather:
    """All that is set must be forecast for one and the same day, from today to `within_days` later."""

    within_days: int = 0
    on: WeatherOn = WeatherOn.ANY
    rain: Rain | None = None
    sunny: bool = False
    min_high_c: float | None = None
    max_high_c: float | None = None


@dataclass(frozen=True, slots=True)
class SpecialDays:
    """One day from today to `within_days` later is of one of the kinds, or is one that the calendar of the region names so."""

    within_days: int = 0
    kinds: tuple[DayKind, ...] = ()
    named: tuple[str, ...] = ()

    @property
    def needs_calendar(self) -> bool:
        return bool(self.named) or any(kind is not DayKind.WEEKEND for kind in self.kinds)


def is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def ahead(today: date, within_days: int) -> list[date]:
    return [today + timedelta(days=n) for n in range(within_days + 1)]


def weather_days(asked: Weather, today: date) -> list[date]:
    """The days whose forecast counts; none where no weekend is that near."""
    return [day for day in ahead(today, asked.within_days) if asked.on is WeatherOn.ANY or is_weekend(day)]


def _degrees(value: float) -> str:
    return f"{value:g} °C"


def _within(days: int) -> str:
    return {0: "today", 1: "today or tomorrow"}.get(days, f"within {days} days")


def weather_words(asked: Weather) -> str:
    """`dry weather with sun and at least 18 °C on a Saturday or Sunday within 3 days`."""
    extras = ["sun"] if asked.sunny else []
    extras += [f"at least {_degrees(asked.min_high_c)}"] if asked.min_high_c is not None else []
    extras += [f"at most {_degrees(asked.max_high_c)}"] if asked.max_high_c is not None else []
    what = " ".join(filter(None, (asked.rain, "weather")))
    day = " on a Saturday or Sunday" if asked.on is WeatherOn.WEEKEND else ""
    return f"{what}{' with ' if extras else ''}{' and '.join(extras)}{day} {_within(asked.within_days)}"


_KINDS = {
    DayKind.WEEKEND: "a Saturday or Sunday",
    DayKind.PUBLIC_HOLIDAY: "a public holiday",
    DayKind.BEFORE_PUBLIC_HOLIDAY: "the day before a public holiday",
}


def special_words(asked: SpecialDays) -> str:
    """`the day before a public holiday or midsummer eve within 3 days`."""
    names = [_KINDS[kind] for kind in asked.kinds] + [name.replace("_", " ") for name in asked.named]
    return f"{' or '.join(names)} {_within(asked.within_days)}"
