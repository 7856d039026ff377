"""What analytics holds about a shopper, and how long. Owns `HOLDERS` and `RULES`; bootstrap registers both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.analytics.count import STAGES
from app.analytics.models import FunnelRow
from app.kernel.db import touched
from app.privacy.retention import RetentionRule
from app.privacy.subjects import DataHolder

DAY_S = 86_400


def _export(session: Session, shopper_id: str) -> Mapping[str, Any]:
    rows = session.scalars(
        select(FunnelRow).where(FunnelRow.shopper_id == shopper_id).order_by(FunnelRow.noted_at, FunnelRow.moment_id)
    )
    return {
        "moments": [
            {
                "moment_id": r.moment_id,
                "campaign_id": r.campaign_id or None,
                "place_id": r.place_id,
                **{f"{s}_at": getattr(r, f"{s}_at") for s in STAGES},
            }
            for r in rows
        ]
    }


def _erase(session: Session, shopper_id: str) -> int:
    return touched(session, delete(FunnelRow).where(FunnelRow.shopper_id == shopper_id))


HOLDERS: tuple[DataHolder, ...] = (DataHolder("analytics.funnel", ("analytics_funnel_row",), _export, _erase),)

RULES: tuple[RetentionRule, ...] = (
    RetentionRule(
        "analytics_funnel_row",
        "noted_at",
        396 * DAY_S,
        "How far a moment got, thirteen months, to compare a season with the last.",
    ),
)
