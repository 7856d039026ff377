"""What may be written about weather and calendars: in a campaign's document, and in a file of recorded data.

Owns the validation of both and the way there and back. Must not write a row (importing.py does).
"""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from offers.outside.almanac import Area, Issue
from offers.outside.asked import MOST_DAYS_AHEAD, DayKind, Rain, SpecialDays, Weather, WeatherOn
from offers.outside.outlook import DayForecast, NamedDay

RECORDED = "a recorded forecast"
MOST_DAYS_SPECIAL = 30
DayName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,40}$")]
Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]
Degrees = Annotated[float, Field(ge=-90, le=60, allow_inf_nan=False)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WeatherIn(_In):
    """All that is said must be forecast for one and the same day."""

    within_days: Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS_AHEAD)] = Field(default=0, description="0: today alone; 3: today or one of the next three days.")
    on: WeatherOn = Field(default=WeatherOn.ANY, description="`weekend`: only a Saturday or Sunday of them counts.")
    rain: Rain | None = Field(default=None, description="`dry`: less than 1 mm in the day; `wet`: 1 mm or more.")
    sunny: bool = Field(default=False, description="At most 40 % of the sky is clouds.")
    min_high_c: Degrees | None = Field(default=None, description="The day's highest temperature, degrees Celsius, at least.")
    max_high_c: Degrees | None = Field(default=None, description="The same, at most.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.rain is None and not self.sunny and self.min_high_c is None and self.max_high_c is None:
            raise ValueError("say rain, sunny, min_high_c or max_high_c; for days alone, whatever the weather, use special_days")
        if self.min_high_c is not None and self.max_high_c is not None and self.min_high_c > self.max_high_c:
            raise ValueError("min_high_c is more than max_high_c: no day could be meant")
        return self


class SpecialDaysIn(_In):
    within_days: Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS_SPECIAL)] = Field(default=0, description="0: today alone; 3: today or one of the next three days.")
    kinds: Annotated[list[DayKind], Field(max_length=len(DayKind))] = []
    named: Annotated[list[DayName], Field(max_length=50, description="Days as the calendar of the region names them: midsummer_eve.")] = []

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.kinds or self.named):
            raise ValueError("say kinds (weekend, public_holiday, day_before_public_holiday) or named")
        return self


def weather_of(given: WeatherIn | None) -> Weather | None:
    return Weather(given.within_days, given.on, given.rain, given.sunny, given.min_high_c, given.max_high_c) if given else None


def weather_document(weather: Weather | None) -> dict[str, Any] | None:
    """The inverse of `weather_of`."""
    if weather is None:
        return None
    w = weather
    return {"within_days": w.within_days, "on": w.on.value, "rain": w.rain.value if w.rain else None, "sunny": w.sunny, "min_high_c": w.min_high_c, "max_high_c": w.max_high_c}


def special_of(given: SpecialDaysIn | None) -> SpecialDays | None:
    return SpecialDays(given.within_days, tuple(sorted(set(given.kinds))), tuple(sorted(set(given.named)))) if given else None


def special_document(special: SpecialDays | None) -> dict[str, Any] | None:
    """The inverse of `special_of`."""
    return {"within_days": special.within_days, "kinds": [kind.value for kind in special.kinds], "named": list(special.named)} if special else None


# --- a file of recorded data ------------------------------------------------------------------------------------------


class AreaIn(_In):
    id: Id
    name: Said
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    radius_km: Annotated[float, Field(ge=0.1, le=500, allow_inf_nan=False)]
    timezone: str
    region: Region | None = None

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            raise ValueError("use an IANA time zone such as Europe/Helsinki") from None
        return value

    def area(self) -> Area:
        return Area(self.id, self.name, self.lat, self.lon, round(self.radius_km * 1000), self.timezone, self.region)


class DayIn(_In):
    day: date
    high_c: Degrees
    rain_mm: Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]
    cloud_pct: Annotated[int, Field(strict=True, ge=0, le=100)] | None = None


class ForecastIn(_In):
    """One forecast as it was issued: nobody goes by it before `known_at`, nor `good_for_h` hours after that."""

    area: Id
    known_at: AwareDatetime
    good_for_h: Annotated[int, Field(strict=True, ge=1, le=240)] = 48
    days: Annotated[list[DayIn], Field(min_length=1, max_length=16)]

    def issues(self) -> list[Issue]:
        known_at = self.known_at.astimezone(UTC)
        return [Issue(self.area, day_of(d, RECORDED, known_at), known_at + timedelta(hours=self.good_for_h)) for d in self.days]


def day_of(given: DayIn, source: str, known_at: datetime) -> DayForecast:
    return DayForecast(given.day.isoformat(), round(given.high_c, 1), round(given.rain_mm, 1), given.cloud_pct, source, known_at)


class NamedDayIn(_In):
    day: date
    name: DayName
    holiday: bool = False
    title: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?$")], Said] = {}

    def named_day(self) -> NamedDay:
        return NamedDay(self.day.isoformat(), self.name, self.holiday)


class CalendarIn(_In):
    """All special days of a region from `first_day` to `last_day`; takes the place of what was known of the region."""

    region: Region
    first_day: date
    last_day: date
    days: Annotated[list[NamedDayIn], Field(max_length=2000)] = []

    @model_validator(mode="after")
    def _within(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError("last_day is before first_day; exchange them")
        beyond = next((d for d in self.days if not self.first_day <= d.day <= self.last_day), None)
        if beyond is not None:
            raise ValueError(f"{beyond.name} on {beyond.day} is not between first_day and last_day")
        if len({(d.day, d.name) for d in self.days}) != len(self.days):
            raise ValueError("a day has the same name twice; take one out")
        return self


class RecordedIn(_In):
    areas: Annotated[list[AreaIn], Field(max_length=1000)] = []
    forecasts: Annotated[list[ForecastIn], Field(max_length=20_000)] = []
    calendars: Annotated[list[CalendarIn], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if len({a.id for a in self.areas}) != len(self.areas):
            raise ValueError("areas has an id twice")
        if len({c.region for c in self.calendars}) != len(self.calendars):
            raise ValueError("calendars has a region twice; join them")
        return self
