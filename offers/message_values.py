"""What is filled into the texts of a campaign: the value of every declared variable.

Owns that alone. Pure. A value a campaign does not have is None, so that a text that asks for it is refused or has a default.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.kernel.money import Money
from offers.definition import Definition
from offers.outside.asked import DRY_BELOW_MM, Rain, Weather, WeatherOn, ahead, is_weekend
from offers.outside.outlook import DayForecast
from offers.outside.words import summary_of
from offers.phrases import benefit_text


def values_of(definition: Definition, *, place_name: str, zone: ZoneInfo, nth_visit: int, at: datetime, ends: datetime, day: DayForecast | None = None) -> dict[str, object]:
    """`day`: the one whose weather it was given for. Every declared variable but `name`, which the campaign does not know; None where this campaign has no such value."""
    benefit, left = definition.benefit, max(ends - at, timedelta(0))
    percent_bp = benefit.percent_bp
    return {
        "name": None,
        "place": place_name,
        "title": definition.title,
        "offer": benefit_text(benefit, definition.currency),
        "percent": (percent_bp // 100 if percent_bp % 100 == 0 else percent_bp / 100) if percent_bp else None,
        "amount": Money(benefit.amount_minor, definition.currency) if benefit.amount_minor else None,
        "price": Money(benefit.price_minor, definition.currency) if benefit.kind == "fixed_price" else None,
        "ends": ends.astimezone(zone),
        "days_left": left.days,
        "hours_left": int(left.total_seconds() // 3600),
        "visit": nth_visit,
        "uses": definition.coupon.uses,
        "weather": summary_of(day) if day else None,
        "weather_day": date.fromisoformat(day.day) if day else None,
        "high_c": round(day.high_c) if day else None,
    }


_ZONE = ZoneInfo("Europe/Helsinki")


def example_of(definition: Definition, at: datetime) -> dict[str, object]:
    """Values as they may be: what a preview shows, and what texts are tried with when they are written."""
    ends = at + timedelta(seconds=definition.coupon.valid_for_s)
    return values_of(definition, place_name="Ooey Gooey Kamppi", zone=_ZONE, nth_visit=3, at=at, ends=ends, day=_example_day(definition.weather, at)) | {"name": "Aino"}


def _example_day(asked: Weather | None, at: datetime) -> DayForecast | None:
    """A day such as is asked for."""
    if asked is None:
        return None
    high_c = next((bound for bound in (asked.min_high_c, asked.max_high_c) if bound is not None), 21.0)
    rain_mm = 4 * DRY_BELOW_MM if asked.rain is Rain.WET else 0.0
    today = at.astimezone(_ZONE).date()
    day = next(day for day in ahead(today, 6) if asked.on is WeatherOn.ANY or is_weekend(day))
    return DayForecast(day.isoformat(), high_c, rain_mm, 90 if asked.rain is Rain.WET and not asked.sunny else 20, "example", at)
