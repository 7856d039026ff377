"""A code that was shown before its visit was known: it counts once the visit begins.

Owns which proofs wait for which visit. Must not write a visit (visit_store does, in the same transaction) and must not decide about value.

A proof waits a few minutes, for a visit of the same shopper, told by the very phone that showed it, at the very place; it counts for the
first such visit alone, and not at all if she was told to be somewhere else when she showed it, or proofs at two places undid each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.clock import from_epoch_s
from geofences.beacons.models import CorroborationRow
from geofences.contracts import Begun
from geofences.models import PlaceRow, VisitRow
from geofences.presence.models import PresenceRow
from geofences.shapes import haversine_m

WAITS_S = 300.0
"""So long before a visit begins a proof may have been shown: what a receiver and the detector need to be sure that she is inside."""
NEAR_M = 300.0
"""Two places this near are one to a phone that lies between them."""
_COLUMNS = ("visit_id", "by_visit_id", "shopper_id", "kind", "noted_at")


def shown_before(session: Session, begun: Sequence[Begun], ends: Mapping[str, float], at: datetime) -> dict[str, frozenset[str]]:
    """Visit id -> the kinds of proof that waited for it, noted as its confirmations. Call where the visits are written; `ends`: when
    visits end (seconds) of which that is told with these."""
    if not begun:
        return {}
    first = min(visit.started_s for visit in begun) - WAITS_S
    waiting = (
        select(PresenceRow.id, PresenceRow.shopper_id, PresenceRow.device_id, PresenceRow.place_id, PresenceRow.kind, PresenceRow.at)
        .where(
            PresenceRow.shopper_id.in_(listed(session, {visit.shopper_id for visit in begun})),
            PresenceRow.at >= from_epoch_s(first),
            PresenceRow.relayed_at.is_(None),
            ~select(CorroborationRow.visit_id).where(CorroborationRow.by_visit_id == PresenceRow.id).exists(),
        )
        .order_by(PresenceRow.at, PresenceRow.id)
    )
    rows: list[tuple[object, ...]] = []
    found: dict[str, set[str]] = {}
    for proof in session.execute(waiting).all():
        mine = (proof.shopper_id, proof.device_id, proof.place_id)
        fits = [v for v in begun if (v.shopper_id, v.device_id, v.place_id) == mine and v.started_s - WAITS_S <= proof.at.timestamp() <= v.until_s]
        if not fits or _elsewhere(session, *mine, proof.at, [v.visit_id for v in begun if v.shopper_id == proof.shopper_id], ends):
            continue
        visit = min(fits, key=lambda v: (v.started_s, v.visit_id))
        rows.append((visit.visit_id, proof.id, visit.shopper_id, proof.kind, at))
        found.setdefault(visit.visit_id, set()).add(proof.kind)
    insert_many(session, CorroborationRow, _COLUMNS, rows, unique=("visit_id", "by_visit_id"))
    return {visit_id: frozenset(kinds) for visit_id, kinds in found.items()}


def _elsewhere(session: Session, shopper_id: str, device_id: str, place_id: str, at: datetime, but: Sequence[str], ends: Mapping[str, float]) -> bool:
    """Was this phone told to be at a place away from here at that time? It is at that of an open visit until it leaves, however long ago that was
    last told of. `but`: visits that begin now."""
    there = select(VisitRow.id, VisitRow.place_id).where(
        VisitRow.shopper_id == shopper_id, VisitRow.device_id == device_id, VisitRow.place_id != place_id, VisitRow.id.not_in(but),
        VisitRow.started_at <= at, or_(VisitRow.ended_at.is_(None), VisitRow.seen_at >= at),
    )  # fmt: skip
    here = session.get(PlaceRow, place_id)
    for visit_id, other_id in session.execute(there):
        if ends.get(visit_id, math.inf) < at.timestamp():
            continue
        other = session.get(PlaceRow, other_id)
        if here is None or other is None or haversine_m(here.lat_deg, here.lon_deg, other.lat_deg, other.lon_deg) > NEAR_M:
            return True
    return False
