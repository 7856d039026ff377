"""A file of recorded areas, forecasts and calendars, taken in whole or not at all.

Owns the writing. A corrected file takes the place of what it says anew: decisions keep the facts they were made with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many
from app.kernel.documents import held, path_of
from app.kernel.errors import Invalid
from offers.outside import repository
from offers.outside.adapters.recorded_gateway import RecordedGateway
from offers.outside.almanac import Area, Issue
from offers.outside.models import AreaRow, CalendarDayRow, CalendarRow, ForecastRow
from offers.outside.schemas import CalendarIn, RecordedIn

_FORECAST = ("area_id", "day", "known_at", "good_until", "high_c", "rain_mm", "cloud_pct", "source")
_EVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Imported:
    areas: int
    forecasts: int
    """Days of forecasts."""
    calendars: int
    special_days: int


def take(session: Session, document: object) -> Imported:
    """Raises Invalid (422) naming each wrong field with its remedy; nothing is written then."""
    given = held(RecordedIn, document, lambda place: path_of(place, whole="file"), said=5)
    _keep_areas(session, [one.area() for one in given.areas])
    areas = {area.id: area for area in repository.areas(session)}
    strange = sorted({one.area for one in given.forecasts} - set(areas))
    if strange:
        raise Invalid.field("forecasts", f"there is no area {strange[0]}; name it under areas")
    recorded = RecordedGateway(issue for one in given.forecasts for issue in one.issues())
    issues = [issue for area_id in sorted({one.area for one in given.forecasts}) for issue in recorded.issues(areas[area_id], _EVER)]
    keep(session, issues)
    for calendar in given.calendars:
        _keep_calendar(session, calendar)
    return Imported(len(given.areas), len(issues), len(given.calendars), sum(len(c.days) for c in given.calendars))


def keep(session: Session, issues: Iterable[Issue]) -> None:
    """Beside what was known before; the same instant again takes the place of what it said."""
    by_key = {(one.area_id, one.forecast.day, one.forecast.known_at): one for one in issues}
    rows = [(*key, one.good_until, one.forecast.high_c, one.forecast.rain_mm, one.forecast.cloud_pct, one.forecast.source) for key, one in sorted(by_key.items())]
    insert_many(session, ForecastRow, _FORECAST, rows, unique=_FORECAST[:3], replace=_FORECAST[3:])


def _keep_areas(session: Session, areas: list[Area]) -> None:
    rows = [(*astuple(area), "") for area in areas]
    insert_many(session, AreaRow, (*repository.AREA, "trouble"), rows, unique=("id",), replace=repository.AREA[1:])


def _keep_calendar(session: Session, given: CalendarIn) -> None:
    session.execute(delete(CalendarDayRow).where(CalendarDayRow.region == given.region))
    span = (given.region, given.first_day.isoformat(), given.last_day.isoformat())
    insert_many(session, CalendarRow, ("region", "first_day", "last_day"), [span], unique=("region",), replace=("first_day", "last_day"))
    days = [(given.region, d.day.isoformat(), d.name, d.holiday, d.title) for d in given.days]
    insert_many(session, CalendarDayRow, ("region", "day", "name", "holiday", "title"), days)


