"""What others may ask about weather and calendars, through the door of the room.

Owns the import of recorded data, the look at what is known, and a campaign's wishes in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from offers.outside import importing, repository, schemas
from offers.outside.asked import MOST_DAYS_AHEAD, Weather, special_words, weather_words
from offers.outside.models import AreaRow, CalendarDayRow, CalendarRow

import_file = importing.take


def shown(session: Session, at: datetime) -> dict[str, Any]:
    """What a decision would go by now: areas with the days ahead, and the calendars with their next days."""
    troubles: dict[str, str] = dict(session.execute(select(AreaRow.id, AreaRow.trouble)).all())  # type: ignore[arg-type]
    known = repository.almanac(session, [Weather(MOST_DAYS_AHEAD)], at, at)
    areas: list[dict[str, Any]] = []
    for area in known.areas:
        today = at.astimezone(ZoneInfo(area.timezone)).date()
        days = [day for n in range(MOST_DAYS_AHEAD + 1) if (day := known.known(area.id, (today + timedelta(days=n)).isoformat(), at)) is not None]
        told = [{"day": d.day, "high_c": d.high_c, "rain_mm": d.rain_mm, "cloud_pct": d.cloud_pct, "source": d.source, "known_at": d.known_at} for d in days]
        areas.append({"id": area.id, "name": area.name, "region": area.region, "trouble": troubles.get(area.id, ""), "days": told})
    return {"areas": areas, "calendars": _calendars(session, at.date())}


def _calendars(session: Session, today: date) -> list[dict[str, Any]]:
    d, out = CalendarDayRow, list[dict[str, Any]]()
    for row in session.scalars(select(CalendarRow).order_by(CalendarRow.region)):
        ahead = session.scalars(select(d).where(d.region == row.region, d.day >= today.isoformat()).order_by(d.day, d.name).limit(10))
        days = [{"day": one.day, "name": one.name, "holiday": one.holiday, "title": one.title} for one in ahead]
        out.append({"region": row.region, "first_day": row.first_day, "last_day": row.last_day, "days": days})
    return out


def in_words(document: Mapping[str, Any]) -> list[str]:
    """What a campaign's document asks of weather and calendar, a sentence each."""
    weather, special = document.get("weather"), document.get("special_days")
    out: list[str] = []
    if weather and (asked := schemas.weather_of(schemas.WeatherIn.model_validate(weather))) is not None:
        out.append(f"The forecast where the store lies says {weather_words(asked)}.")
    if special and (days := schemas.special_of(schemas.SpecialDaysIn.model_validate(special))) is not None:
        out.append(f"There is {special_words(days)}, by the calendar of its region.")
    return out
