"""What is held of a shopper's ways: their prints. How they are given out, made to go, and how long they stay.

Owns the data holder and the retention rule. Prints are hashes: given out is how many there are and of when.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlalchemy.orm import Session

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from geofences.spoofing.models import MotionPrintRow

DAY_S = 86_400


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """How many prints, and of which time."""
    mine = MotionPrintRow.shopper_id == shopper_id
    count, first, last = session.execute(
        select(func.count(), func.min(MotionPrintRow.at), func.max(MotionPrintRow.at)).where(mine)
    ).one()
    return {"prints_of_ways": {"count": count, "first_at": first, "last_at": last}}


def erase(session: Session, shopper_id: str) -> int:
    """Rows deleted; a second call returns 0."""
    gone = session.execute(
        delete(MotionPrintRow)
        .where(MotionPrintRow.shopper_id == shopper_id)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount


HOLDERS = (DataHolder("geofences.spoofing", ("geofences_motion_print",), export, erase),)

RULES = (
    RetentionRule(
        "geofences_motion_print",
        "at",
        30 * DAY_S,
        "Prints of the ways that led to visits are kept for 30 days, to know one that is told again by somebody who was not there.",
    ),
)
