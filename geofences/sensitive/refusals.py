"""Which places are refused today because they are near a sensitive one, and why; remembered until something changes.

Owns the reading: marks (marking.py) weighed by the rules of the day. Must not measure anything. What it finds counts everywhere:
in the fences the detector knows, in campaigns, in decisions, on the console.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import prepared
from geofences.contracts import Sensitivity
from geofences.models import FenceVersionRow, MomentRetractedRow, MomentRow, VisitRow
from geofences.sensitive.kinds import HEALTH, WORDS, Kind
from geofences.sensitive.models import NearSensitiveRow, SensitiveHeadRow
from geofences.sensitive.rules import UNKNOWN, Choice, Rule, epoch, rules_at

_N, _H = NearSensitiveRow, SensitiveHeadRow
_MARKS = select(_N.fence_id, _N.place_id, _N.kind, _N.jurisdiction, _N.distance_m).order_by(
    _N.distance_m, _N.fence_id, _N.kind, _N.jurisdiction
)
_HEAD = select(_H.version, _H.jurisdiction, _H.health_m, _H.other_m).where(_H.id == bindparam("one"))
_VERSION = select(FenceVersionRow.version).where(FenceVersionRow.id == bindparam("one"))


@dataclass(frozen=True, slots=True)
class Refusals:
    """`places` by id, with the reason that is nearest; `fences`: the ids of theirs that are too near."""

    places: Mapping[str, Sensitivity]
    fences: frozenset[str]


NONE = Refusals({}, frozenset())


def chosen(session: Session) -> tuple[int, Choice]:
    """(count of changes of sensitive places, what the house keeps)."""
    row = prepared(session, _HEAD, {"one": 1}).one_or_none()
    return (0, Choice()) if row is None else (row[0], Choice(row[1], row[2], row[3]))


def today(session: Session) -> date:
    return session.info["clock"].now().date()


def refusals(session: Session) -> Refusals:
    """As `session` sees it; one row is read when nothing has changed since the last time."""
    on = today(session)
    version = prepared(session, _VERSION, {"one": 1}).scalar() or 0
    key = (version, epoch(on))
    remembered = cast("dict[Any, tuple[tuple[int, int], Refusals]]", session.info.setdefault("remembered", {}))
    known = remembered.get(Refusals)
    if known is not None and known[0] == key and CHANGED not in session.info:
        return known[1]
    found = _read(session, on)
    if CHANGED not in session.info:
        remembered[Refusals] = (key, found)
    return found


CHANGED = "geofences_places_written"
"""In `session.info` of a transaction that has changed places, fences or sensitive places: what it sees may be rolled back."""


def _read(session: Session, on: date) -> Refusals:
    rows = prepared(session, _MARKS, {}).all()
    if not rows:
        return NONE
    choice = chosen(session)[1]
    rules: dict[str, Mapping[Kind, Rule]] = {}
    places: dict[str, Sensitivity] = {}
    fences: set[str] = set()
    for fence_id, place_id, kind, jurisdiction, distance_m in rows:
        where = jurisdiction or choice.jurisdiction or UNKNOWN
        if where not in rules:
            rules[where] = rules_at(where, on, choice)
        rule = rules[where][Kind(kind)]
        if distance_m <= rule.distance_m:
            fences.add(fence_id)
            places.setdefault(place_id, told(Kind(kind), distance_m, rule))
    return Refusals(places, frozenset(fences))


def told(kind: Kind, distance_m: float, rule: Rule) -> Sensitivity:
    """As a marketer may know it: no name, no direction, and of health care not which."""
    general = "health_care" if kind in HEALTH else str(kind)
    since = rule.since.isoformat() if rule.since is not None else None
    return Sensitivity(general, WORDS[kind], int(distance_m), round(rule.distance_m, 1), rule.source, since)


def forget_visits(session: Session, place_ids: Collection[str] | None = None) -> int:
    """Visits and moments at refused places go (None: at all of them); returns how many visits."""
    shut = set(refusals(session).places if place_ids is None else place_ids)
    if not shut:
        return 0
    gone = 0
    for model in (MomentRow, MomentRetractedRow, VisitRow):
        statement = delete(model).where(model.place_id.in_(listed(session, shut)))
        gone = cast("Any", session.execute(statement.execution_options(synchronize_session=False))).rowcount
    return gone
