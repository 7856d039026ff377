"""All that is known of the areas and regions at one look, and what of it a decision at some instant may see.

Pure. Owns which area a place lies in, and which forecast counts: the newest that was known then and had not run out. A decision and a
simulation of it ask the same almanac, so that they see the same. Must not read a table (repository.py fills it).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from msgspec import UNSET, UnsetType

from geofences.contracts import Place
from offers.outside.asked import SpecialDays, Weather, ahead, weather_days
from offers.outside.outlook import DayForecast, NamedDay, Outlook

_EARTH_RADIUS_M = 6_371_000


@dataclass(frozen=True, slots=True)
class Area:
    """A round piece of land with one weather. `region` is the one whose calendar holds there (`FI`)."""

    id: str
    name: str
    lat_deg: float
    lon_deg: float
    radius_m: int
    timezone: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Issue:
    """One day of a forecast as it was issued; nobody goes by it from `good_until` on."""

    area_id: str
    forecast: DayForecast
    good_until: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """All special days of a region from one day to another, both included."""

    region: str
    first_day: str
    last_day: str
    days: tuple[NamedDay, ...] = ()


@dataclass(frozen=True)
class Almanac:
    areas: tuple[Area, ...] = ()
    issues: Mapping[tuple[str, str], tuple[Issue, ...]] = field(default_factory=dict[tuple[str, str], tuple[Issue, ...]])
    """By area and day."""
    calendars: Mapping[str, Calendar] = field(default_factory=dict[str, Calendar])

    def outlook(self, asked: Weather | None, special: SpecialDays | None, place: Place, today: date | None, at: datetime) -> Outlook | UnsetType:
        """What a campaign that asks this may see of it at `at`; unset where it asks nothing. `today`: the store's day of the moment."""
        if asked is None and special is None:
            return UNSET
        if today is None:
            return Outlook("")
        area = area_of(self.areas, place)
        if area is None:
            return Outlook(today.isoformat())
        days = [day.isoformat() for day in weather_days(asked, today)] if asked is not None else []
        forecasts = tuple(known for day in days if (known := self.known(area.id, day, at)) is not None)
        calendar = self.calendars.get(area.region or "") if special is not None else None
        if special is None or calendar is None:
            return Outlook(today.isoformat(), area.id, area.region, forecasts)
        near = {day.isoformat() for day in ahead(today, special.within_days + 1)}  # a holiday makes the day before it special
        named = tuple(one for one in calendar.days if one.day in near)
        return Outlook(today.isoformat(), area.id, area.region, forecasts, named, calendar.first_day, calendar.last_day)

    def known(self, area_id: str, day: str, at: datetime) -> DayForecast | None:
        """The newest that was known at `at` and had not run out."""
        good = [one.forecast for one in self.issues.get((area_id, day), ()) if one.forecast.known_at <= at < one.good_until]
        return max(good, key=lambda one: one.known_at, default=None)


def area_of(areas: tuple[Area, ...], place: Place) -> Area | None:
    """The nearest of those the place lies in."""
    near = [(distance, area.id, area) for area in areas if (distance := _distance_m(area, place)) <= area.radius_m]
    return min(near)[2] if near else None


def _distance_m(area: Area, place: Place) -> float:
    """Along the great circle (haversine)."""
    a, b = math.radians(area.lat_deg), math.radians(place.lat_deg)
    half_lon = math.radians(place.lon_deg - area.lon_deg) / 2
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(half_lon) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def span_of(asked: Iterable[Weather | SpecialDays | None], first: datetime, last: datetime) -> tuple[str, str] | None:
    """The days that may be asked about between two instants, with a day more on each side for the zones; None: nothing is asked."""
    reach = [one.within_days for one in asked if one is not None]
    if not reach:
        return None
    return (first - timedelta(days=1)).date().isoformat(), (last + timedelta(days=max(reach) + 2)).date().isoformat()
