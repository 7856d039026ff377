"""The tables of `offers/outside`: areas, forecasts as they were issued, calendars of regions. No person is in any of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant, Json


class AreaRow(Base):
    """`fetch_at`: when a live source is asked again; None: at the next look. `trouble`: what the last look met, empty if it went well."""

    __tablename__ = "offers_area"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    lat_deg: Mapped[float]
    lon_deg: Mapped[float]
    radius_m: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(60))
    region: Mapped[str | None] = mapped_column(String(10))
    fetch_at: Mapped[datetime | None] = mapped_column(Instant)
    trouble: Mapped[str] = mapped_column(String(80), default="")
    __table_args__ = (CheckConstraint("lat_deg BETWEEN -90 AND 90 AND lon_deg BETWEEN -180 AND 180 AND radius_m > 0", name="spot"),)


class ForecastRow(Base):
    """Append-only but for a corrected file: what was known of a day is kept beside what was known later, so that a simulation
    sees what a decision then would have seen."""

    __tablename__ = "offers_forecast"
    area_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    known_at: Mapped[datetime] = mapped_column(Instant, primary_key=True, index=True)
    good_until: Mapped[datetime] = mapped_column(Instant)
    high_c: Mapped[float]
    rain_mm: Mapped[float]
    cloud_pct: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(20))


class CalendarRow(Base):
    """Between which days the calendar of a region is complete."""

    __tablename__ = "offers_calendar"
    region: Mapped[str] = mapped_column(String(10), primary_key=True)
    first_day: Mapped[str] = mapped_column(String(10))
    last_day: Mapped[str] = mapped_column(String(10))


class CalendarDayRow(Base):
    """`title`: language -> what people call the day."""

    __tablename__ = "offers_calendar_day"
    region: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holiday: Mapped[bool]
    title: Mapped[dict[str, Any]] = mapped_column(Json)
