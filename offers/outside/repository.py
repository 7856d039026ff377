"""What is stored of areas, forecasts and calendars, read as an almanac.

Owns these reads. Must not decide which forecast counts (almanac.py does), and must not read anything where nothing is asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from geofences.contracts import Place
from offers.outside.almanac import Almanac, Area, Calendar, Issue, area_of, span_of
from offers.outside.asked import SpecialDays, Weather
from offers.outside.models import AreaRow, CalendarDayRow, CalendarRow, ForecastRow
from offers.outside.outlook import DayForecast, NamedDay

AREA = tuple(field.name for field in fields(Area))
"""What a row and an `Area` have in common, in the order of the latter."""
AREAS = select(*(getattr(AreaRow, name) for name in AREA))


def areas(session: Session) -> tuple[Area, ...]:
    """By id."""
    return tuple(Area(*row) for row in session.execute(AREAS.order_by(AreaRow.id)))


def almanac(session: Session, asked: Iterable[Weather | SpecialDays | None], first: datetime, last: datetime, place: Place | None = None) -> Almanac:
    """For decisions between two instants. With `place` there is one decision, at `last`: of its own area the newest forecasts alone."""
    wanted = [one for one in asked if one is not None]
    span = span_of(wanted, first, last)
    if span is None:
        return Almanac()
    known = areas(session)
    if place is not None:
        here = area_of(known, place)
        known = (here,) if here is not None else ()
    if not known:
        return Almanac()
    by_weather = any(isinstance(one, Weather) for one in wanted)
    issues = _issues(session, {one.id for one in known}, span, last if place is not None else None) if by_weather else {}
    by_calendar = any(isinstance(one, SpecialDays) and one.needs_calendar for one in wanted)
    return Almanac(known, issues, calendars(session, {one.region for one in known if one.region}, span) if by_calendar else {})


def _issues(session: Session, area_ids: set[str], span: tuple[str, str], at: datetime | None) -> dict[tuple[str, str], tuple[Issue, ...]]:
    f = ForecastRow
    meant = and_(f.area_id.in_(area_ids), f.day.between(*span))
    columns = select(f.area_id, f.day, f.high_c, f.rain_mm, f.cloud_pct, f.source, f.known_at, f.good_until)
    asked = columns.where(meant).order_by(f.area_id, f.day, f.known_at)
    if at is not None:
        good = and_(meant, f.known_at <= at, f.good_until > at)
        newest = select(f.area_id, f.day, func.max(f.known_at).label("known_at")).where(good).group_by(f.area_id, f.day).subquery()
        asked = columns.join(newest, and_(f.area_id == newest.c.area_id, f.day == newest.c.day, f.known_at == newest.c.known_at))
    out: defaultdict[tuple[str, str], list[Issue]] = defaultdict(list)
    for area_id, day, high_c, rain_mm, cloud_pct, source, known_at, good_until in session.execute(asked):
        out[area_id, day].append(Issue(area_id, DayForecast(day, high_c, rain_mm, cloud_pct, source, known_at), good_until))
    return {key: tuple(found) for key, found in out.items()}


def calendars(session: Session, regions: set[str], span: tuple[str, str]) -> dict[str, Calendar]:
    """With the days within `span`, the first names first."""
    c, d = CalendarRow, CalendarDayRow
    days: defaultdict[str, list[NamedDay]] = defaultdict(list)
    named = select(d.region, d.day, d.name, d.holiday).where(d.region.in_(regions), d.day.between(*span))
    for region, day, name, holiday in session.execute(named.order_by(d.region, d.day, d.name)):
        days[region].append(NamedDay(day, name, holiday))
    rows = session.execute(select(c.region, c.first_day, c.last_day).where(c.region.in_(regions)))
    return {region: Calendar(region, first_day, last_day, tuple(days[region])) for region, first_day, last_day in rows}
