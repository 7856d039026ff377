"""What is held of a shopper's proofs of presence, how it is given out and made to go, and how long it stays.

Owns the data holder and the retention rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder
from geofences.presence.models import PresenceRow

DAY_S = 86_400


def export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    """Where, when and by what kind of code."""
    mine = select(PresenceRow).where(PresenceRow.shopper_id == shopper_id).order_by(PresenceRow.at, PresenceRow.id)
    return {
        "proofs_of_presence": [
            {"place_id": row.place_id, "kind": row.kind, "at": row.at, "relayed_at": row.relayed_at}
            for row in session.scalars(mine)
        ]
    }


def erase(session: Session, shopper_id: str) -> int:
    """Rows deleted; a second call returns 0."""
    gone = session.execute(
        delete(PresenceRow).where(PresenceRow.shopper_id == shopper_id).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", gone).rowcount


HOLDERS = (DataHolder("geofences.presence", ("geofences_presence",), export, erase),)

RULES = (
    RetentionRule(
        "geofences_presence",
        "at",
        90 * DAY_S,
        "That a code at a shelf or till was scanned is kept as long as the visit it proves.",
    ),
)
