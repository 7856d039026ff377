"""What is held about a shopper because of beacons, how it is given out and made to go, and how long it stays.

Owns the data holder and the retention rules. Visits and moments of zones are among those of positions (geofences/privacy.py). What beacons were
heard is not given out: it is deleted as soon as it is processed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from geofences.beacons.models import CorroborationRow, HearingStateRow, SightingLogRow

DAY_S = 86_400


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """How many batches of sightings were received, and which visits beacons have confirmed."""
    columns = (SightingLogRow.received_at, SightingLogRow.sightings)
    received = session.execute(
        select(*columns).where(SightingLogRow.shopper_id == shopper_id).order_by(SightingLogRow.position)
    )
    confirmed = session.scalars(
        select(CorroborationRow)
        .where(CorroborationRow.shopper_id == shopper_id)
        .order_by(CorroborationRow.noted_at, CorroborationRow.visit_id, CorroborationRow.by_visit_id)
    )
    return {
        "batches_of_sightings_received": [{"received_at": at, "sightings": count} for at, count in received],
        "visits_confirmed_by_beacons": [
            {"visit_id": c.visit_id, "by_visit_id": c.by_visit_id, "noted_at": c.noted_at} for c in confirmed
        ],
    }


def erase(session: Session, shopper_id: str) -> int:
    """Rows deleted; a second call returns 0. What a runner still has in memory goes with its next flush: there is no consent."""
    total = 0
    for model in (SightingLogRow, HearingStateRow, CorroborationRow):
        gone = session.execute(
            delete(model).where(model.shopper_id == shopper_id).execution_options(synchronize_session=False)
        )
        total += cast("CursorResult[Any]", gone).rowcount
    return total


HOLDERS = (
    DataHolder(
        "geofences.beacons",
        ("geofences_sighting_log", "geofences_hearing_state", "geofences_corroboration"),
        export,
        erase,
    ),
)

RULES = (
    RetentionRule(
        "geofences_sighting_log",
        "received_at",
        DAY_S,
        "That a batch of sightings was received is kept for a day, to know it when it is sent again; its contents go within seconds.",
    ),
    RetentionRule(
        "geofences_hearing_state",
        "changed_at",
        DAY_S,
        "What a phone hears is remembered while a zone visit is open or undecided, at the latest for a day.",
    ),
    RetentionRule(
        "geofences_corroboration",
        "noted_at",
        90 * DAY_S,
        "That a beacon has confirmed a visit is kept as long as the visit.",
    ),
)
