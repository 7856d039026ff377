"""Reports of use: signed for whoever bills, and days that are closed once everything that happened in them is counted.

Owns the canonical form that is hashed and signed. Must not count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.db import Database, insert_new
from app.kernel.errors import Invalid
from app.kernel.outbox import OutboxDelivery, OutboxEvent, emit
from app.security import signing
from notifications.metering.contracts import Unit, UsageDay, UsageReport, UsageReported
from notifications.metering.counting import CONSUMER
from notifications.metering.models import UsageReportRow, UsageRow

PURPOSE = "usage"
LONGEST_DAYS = 400
SETTLES = timedelta(hours=1)
"""So long after midnight (UTC) the day before is closed at the earliest."""


def report(session: Session, first: date, last: date) -> UsageReport:
    """Every day from first to last. Raises Invalid."""
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise Invalid.field("last", f"on or after first, and at most {LONGEST_DAYS} days")
    days = [(first + timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
    r = UsageReportRow
    closed = set(session.scalars(select(r.day).where(r.day.between(days[0], days[-1]))))
    told = tuple(UsageDay(day, _units(session, day), day in closed) for day in days)
    totals = {unit.value: sum(one.units[unit.value] for one in told) for unit in Unit}
    message = canonical({one.day: one.units for one in told}, totals)
    signature, public_key = signing.sign_lasting(PURPOSE, message).hex(), signing.lasting_key(PURPOSE).hex()
    return UsageReport(days[0], days[-1], told, totals, all(one.closed for one in told), hashlib.sha256(message).hexdigest(), signature, public_key)


def canonical(days: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]) -> bytes:
    """What is hashed and signed: JSON without spaces, its names in order."""
    return json.dumps({"days": days, "totals": totals}, sort_keys=True, separators=(",", ":")).encode()


def genuine(told: Mapping[str, Any]) -> bool:
    """Whether a report, read from JSON, is as this house signed it."""
    try:
        message = canonical({one["day"]: one["units"] for one in told["days"]}, told["totals"])
        signature = bytes.fromhex(told["signature"])
    except (KeyError, TypeError, ValueError):
        return False
    return told.get("sha256") == hashlib.sha256(message).hexdigest() and signing.checks(signing.lasting_key(PURPOSE), message, signature)


def close_days(database: Database, at: datetime) -> int:
    """Close each day that is over and counted, the oldest first; returns how many. Safe to run twice."""
    done = 0
    while True:
        with database.transaction() as session:
            day = _next(session, at)
            if day is None or _waits(session, day):
                return done
            units = _units(session, day)
            sha256 = hashlib.sha256(canonical({day: units}, units)).hexdigest()
            if insert_new(session, UsageReportRow, {"day": day, "sha256": sha256, "reported_at": at}, unique=["day"]):
                emit(session, UsageReported(f"use_{day}", day, **units, sha256=sha256, reported_at=at), subject=f"use_{day}")
                done += 1


def _next(session: Session, at: datetime) -> str | None:
    """The first day that is over and not closed, from the first that was counted on."""
    newest = session.scalar(select(func.max(UsageReportRow.day)))
    first = session.scalar(select(func.min(UsageRow.day)))
    day = (date.fromisoformat(newest) + timedelta(days=1)) if newest else date.fromisoformat(first) if first else None
    return day.isoformat() if day is not None and day < (at - SETTLES).astimezone(UTC).date() else None


def _waits(session: Session, day: str) -> bool:
    """Something that happened by then is not counted yet."""
    d, e = OutboxDelivery, OutboxEvent
    ends_at = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), UTC)
    waiting = select(d.event_id).join(e, e.id == d.event_id).where(d.consumer == CONSUMER, d.state == "pending", e.created_at < ends_at)
    return session.scalar(waiting.limit(1)) is not None


def _units(session: Session, day: str) -> dict[str, int]:
    u = UsageRow
    found = {unit: int(units) for unit, units in session.execute(select(u.unit, u.units).where(u.day == day))}
    return {unit.value: found.get(unit.value, 0) for unit in Unit}
