"""Visits that have ended, for those who look back on them: of some shoppers one by one, of everybody as tallies.

Owns these reads. A visit that is still open does not count: nobody knows yet how long it lasts. Must not tell where anybody is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import Instant, prepared
from geofences.models import VisitRow

_V = VisitRow
_STAYS = (
    select(_V.shopper_id, _V.place_id, _V.started_at, _V.ended_at, _V.dwell_s)
    .where(
        _V.shopper_id.in_(bindparam("ids", expanding=True)),
        _V.started_at >= bindparam("since", type_=Instant),
        _V.ended_at <= bindparam("until", type_=Instant),
    )
    .order_by(_V.started_at, _V.id)
)


def stays(
    session: Session, shopper_ids: Collection[str], *, since: datetime, until: datetime
) -> Sequence[tuple[str, str, datetime, datetime, int]]:
    """(shopper id, place id, when it began, when it ended, seconds) of visits that began from `since` on and had ended by `until`, oldest first."""
    rows = prepared(session, _STAYS, {"ids": list(shopper_ids), "since": since, "until": until})
    return [(who, where, began, ended, dwell_s) for who, where, began, ended, dwell_s in rows]


def tallies(
    session: Session, *, place_ids: Collection[str] | None, since: datetime | None, until: datetime
) -> Sequence[tuple[str, int, int, datetime]]:
    """(shopper id, visits, seconds in all, when the last began) of everybody with one at these places (None: any), as `stays`."""
    found: Any = select(_V.shopper_id, func.count(), func.sum(_V.dwell_s), func.max(_V.started_at))
    found = found.where(_V.ended_at <= until)
    if since is not None:
        found = found.where(_V.started_at >= since)
    if place_ids is not None:
        found = found.where(_V.place_id.in_(listed(session, place_ids)))
    rows: Any = session.execute(found.group_by(_V.shopper_id))
    return [(shopper_id, int(count), int(dwell_s), last) for shopper_id, count, dwell_s, last in rows]


def beginnings(session: Session, *, since: datetime, until: datetime) -> Sequence[tuple[str, datetime]]:
    """(shopper id, when it began) of visits that began after `since` and not after `until`, also those that are still open."""
    rows = session.execute(select(_V.shopper_id, _V.started_at).where(_V.started_at > since, _V.started_at <= until))
    return [(shopper_id, started_at) for shopper_id, started_at in rows]
