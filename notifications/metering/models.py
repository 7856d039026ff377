"""Tables of metering: how many of each unit in a day, and which days are closed. Nobody stands in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, Instant


class UsageRow(Base):
    __tablename__ = "notifications_usage"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    unit: Mapped[str] = mapped_column(String(20), primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (CheckConstraint("units >= 0", name="not_negative"),)


class UsageReportRow(Base):
    """A day that is closed: what is heard of it later counts on the day it is heard."""

    __tablename__ = "notifications_usage_report"
    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    reported_at: Mapped[datetime] = mapped_column(Instant)
