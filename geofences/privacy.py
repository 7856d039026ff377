"""What `geofences` holds about a shopper, how it is given out and made to go, and how long it stays.

Owns the data holder and the retention rules. Positions are given to nobody but her, and go when nothing can be corrected by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from geofences.adapters.table_log import fixes_of, forget_shoppers
from geofences.coarsening import cell_of
from geofences.models import FixLogRow, MomentRetractedRow, MomentRow, TrackStateRow, VisitRow
from geofences.track import Sample

DAY_S = 86_400
VISITS_KEPT_S = 90 * DAY_S


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """Visits and moments, how many batches of positions were received, and the positions that are still held."""
    visits = session.scalars(
        select(VisitRow).where(VisitRow.shopper_id == shopper_id).order_by(VisitRow.started_at, VisitRow.id)
    )
    moments = session.scalars(
        select(MomentRow).where(MomentRow.shopper_id == shopper_id).order_by(MomentRow.occurred_at, MomentRow.id)
    )
    retracted = session.scalars(
        select(MomentRetractedRow)
        .where(MomentRetractedRow.shopper_id == shopper_id)
        .order_by(MomentRetractedRow.occurred_at, MomentRetractedRow.id)
    )
    received = session.execute(
        select(FixLogRow.received_at, FixLogRow.fixes)
        .where(FixLogRow.shopper_id == shopper_id)
        .order_by(FixLogRow.position)
    )
    return {
        "visits": [
            {
                "id": v.id,
                "place_id": v.place_id,
                "started_at": v.started_at,
                "ended_at": v.ended_at,
                "dwell_s": v.dwell_s,
                "confidence": v.confidence,
            }
            for v in visits
        ],
        "moments": [
            {"id": m.id, "kind": m.kind, "place_id": m.place_id, "visit_id": m.visit_id, "occurred_at": m.occurred_at}
            for m in moments
        ],
        "moments_retracted": [
            {
                "id": m.id,
                "kind": m.kind,
                "place_id": m.place_id,
                "occurred_at": m.occurred_at,
                "retracted_at": m.retracted_at,
            }
            for m in retracted
        ],
        "positions_held": [
            _cell(device_id, fix) if fix.coarse else _position(device_id, fix)
            for device_id, fix in fixes_of(session, shopper_id)
        ],
        "batches_received": [{"received_at": at, "fixes": fixes} for at, fixes in received],
    }


def _position(device_id: str, fix: Sample) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "at": from_epoch_s(fix.at_s),
        "lat": fix.lat_deg,
        "lon": fix.lon_deg,
        "accuracy_m": fix.accuracy_m,
    }


def _cell(device_id: str, fix: Sample) -> dict[str, Any]:
    """Outside every fence: only the H3 cell is known any more."""
    return {"device_id": device_id, "at": from_epoch_s(fix.at_s), "h3_cell": cell_of(fix.lat_deg, fix.lon_deg)}


def erase(session: Session, shopper_id: str) -> int:
    """Rows deleted; a second call returns 0. What a runner still has in memory goes with its next flush: there is no consent."""
    total = 0
    forget_shoppers(session, [shopper_id])  # also what servers sent of her among others
    for model in (VisitRow, MomentRow, MomentRetractedRow, TrackStateRow, FixLogRow):
        gone = session.execute(
            delete(model).where(model.shopper_id == shopper_id).execution_options(synchronize_session=False)
        )
        total += cast("CursorResult[Any]", gone).rowcount
    return total


HOLDERS = (
    DataHolder(
        "geofences.visits",
        (
            "geofences_visit",
            "geofences_moment",
            "geofences_moment_retracted",
            "geofences_track_state",
            "geofences_fix_log",
        ),
        export,
        erase,
    ),
)

RULES = (
    RetentionRule(
        "geofences_visit", "started_at", VISITS_KEPT_S, "Visits are kept for 90 days, to know a return from a first visit."
    ),
    RetentionRule(
        "geofences_moment",
        "detected_at",
        90 * DAY_S,
        "Moments are kept for 90 days, to explain what followed from them.",
    ),
    RetentionRule(
        "geofences_moment_retracted",
        "retracted_at",
        90 * DAY_S,
        "That a moment was taken back is kept as long as the moment would have been, to explain what followed from it.",
    ),
    RetentionRule(
        "geofences_fix_log",
        "received_at",
        DAY_S,
        "Positions in and around a store are kept sealed for a day, so that one that comes late still puts a visit right; of all others only a cell of some kilometres.",
    ),
    RetentionRule(
        "geofences_fix_log",
        "forget_at",
        0,
        "A position goes a day after you were there, however late it came.",
    ),
    RetentionRule(
        "geofences_track_state",
        "changed_at",
        DAY_S,
        "The detector's memory of a phone goes as soon as nothing is open or undecided.",
    ),
)
