"""Sensitive places from a source: all of its list or nothing of it. Places near them are refused from the commit on.

Owns the use case. A place keeps its id between imports by what its source calls it, or by where it lies. Visits at places that are
refused by it are deleted in the same transaction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.db import moved
from app.kernel.errors import FieldError
from app.kernel.ids import derived_id
from geofences.geometry import Problem, parse_fences
from geofences.sensitive import marking
from geofences.sensitive.distance import LARGEST_M
from geofences.sensitive.errors import SensitiveImportRefused
from geofences.sensitive.kinds import Kind
from geofences.sensitive.models import NearSensitiveRow, SensitiveHeadRow, SensitivePlaceRow
from geofences.sensitive.ports import Found, SensitiveSource
from geofences.sensitive.refusals import forget_visits, refusals
from geofences.shapes import Circle, Corridor, watch_circle

POINT_RADIUS_M = 15.0
"""How far a place without an outline is taken to reach: a practice or a shop-sized pharmacy around its point."""
LINE_BUFFER_M = 1.0
_JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_KINDS = frozenset(str(kind) for kind in Kind)
_MOST_TOLD = 100
_COLUMNS = (
    "id", "kind", "jurisdiction", "source", "reference", "geometry", "radius_m", "buffer_m", "watch_lat_deg", "watch_lon_deg",
    "watch_radius_m", "changed_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SensitiveReport:
    """`passed_over` were nothing sensitive; `refused` are the ids of places at which nothing may happen now, `forgotten` the visits
    deleted there."""

    created: int
    updated: int
    unchanged: int
    removed: int
    passed_over: int
    refused: tuple[str, ...]
    forgotten: int

    def __str__(self) -> str:
        counts = f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged, {self.removed} removed, {self.passed_over} nothing sensitive"
        return f"{counts}\n{len(self.refused)} places of yours are too near a sensitive place and refused; {self.forgotten} visits deleted there"


def import_sensitive(
    session: Session, source: SensitiveSource, *, at: datetime, jurisdiction: str = "", replace: bool = False
) -> SensitiveReport:
    """Create or update; with `replace`, places of this source that it no longer lists go. Raises `SensitiveImportRefused`."""
    if not _JURISDICTION.fullmatch(jurisdiction or "XX"):
        raise SensitiveImportRefused("jurisdiction: use an ISO 3166 code such as US-WA or FI; nothing was imported")
    marking.lock(session)
    wanted: dict[str, dict[str, Any]] = {}
    problems: list[Problem] = []
    passed_over = 0
    for found in source.places():
        if found.kind is None:
            passed_over += 1
            continue
        row, wrong = read_place(found, source.name, jurisdiction, at)
        problems += wrong
        if row is not None:
            wanted[row["id"]] = row
    if problems:
        raise _refusal(problems)
    known = {row.id: row for row in session.scalars(_of(session, source.name, wanted, everything=replace))}
    gone = {i: row for i, row in known.items() if i not in wanted}
    changed = {i: row for i, row in wanted.items() if i in known and not _same(known[i], row)}
    created = {i: row for i, row in wanted.items() if i not in known}
    forgotten = _write(session, created, changed, [*(_around(known[i]) for i in (*gone, *changed))], list(gone)) if created or changed or gone else 0
    shut = refusals(session)
    return SensitiveReport(
        len(created), len(changed), len(wanted) - len(created) - len(changed), len(gone), passed_over, tuple(sorted(shut.places)), forgotten
    )


def _of(session: Session, source: str, wanted: Mapping[str, object], *, everything: bool) -> Any:
    found = select(SensitivePlaceRow)
    return found.where(SensitivePlaceRow.source == source) if everything else found.where(SensitivePlaceRow.id.in_(listed(session, set(wanted))))


def _same(row: SensitivePlaceRow, wanted: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == value for name, value in wanted.items() if name != "changed_at")


def _around(row: SensitivePlaceRow) -> Circle:
    return Circle(row.watch_lat_deg, row.watch_lon_deg, row.watch_radius_m)


def _write(
    session: Session, created: Mapping[str, dict[str, Any]], changed: Mapping[str, dict[str, Any]], before: list[Circle], gone: list[str]
) -> int:
    quietly = {"synchronize_session": False}
    n, s = NearSensitiveRow, SensitivePlaceRow
    also = set(session.scalars(select(n.fence_id).where(n.sensitive_id.in_(listed(session, {*gone, *changed})))))
    session.execute(delete(n).where(n.fence_id.in_(listed(session, also))).execution_options(**quietly))
    session.execute(delete(s).where(s.id.in_(listed(session, set(gone)))).execution_options(**quietly))
    rows = [*created.values(), *changed.values()]
    insert_many(session, s, _COLUMNS, [tuple(row[c] for c in _COLUMNS) for row in rows], unique=("id",), replace=_COLUMNS[1:])
    session.expire_all()
    moved(session, update(SensitiveHeadRow).where(SensitiveHeadRow.id == 1).values(version=SensitiveHeadRow.version + 1))
    now = [Circle(row["watch_lat_deg"], row["watch_lon_deg"], row["watch_radius_m"]) for row in rows]
    marking.remark(session, [*before, *now], also)
    marking.count_version(session)
    return forget_visits(session)


def read_place(found: Found, source: str, jurisdiction: str, at: datetime) -> tuple[dict[str, Any] | None, list[Problem]]:
    """The columns of a sensitive place as its source tells it, or what is wrong with it."""
    where = found.jurisdiction if found.jurisdiction is not None else jurisdiction
    if found.kind not in _KINDS:
        return None, [Problem(found.label, "bad_sensitive_kind", f"sensitive must be one of {', '.join(sorted(_KINDS))}, or left out for OpenStreetMap tags")]
    if not _JURISDICTION.fullmatch(where or "XX"):
        return None, [Problem(found.label, "bad_jurisdiction", "jurisdiction must be an ISO 3166 code such as US-WA or FI, or left out")]
    sizes = {"radius_m": POINT_RADIUS_M if found.radius_m is None else found.radius_m, "buffer_m": LINE_BUFFER_M if found.buffer_m is None else found.buffer_m}
    parsed = parse_fences({"type": "Feature", "properties": sizes, "geometry": found.geometry})
    if parsed.problems:
        return None, [Problem(found.label, p.reason, p.text) for p in parsed.problems]
    (feature,) = parsed.features
    around = watch_circle(feature.shape)
    if around.radius_m > LARGEST_M:
        return None, [Problem(found.label, "sensitive_place_too_large", f"a sensitive place may reach {LARGEST_M / 1000:.0f} km at most from its middle")]
    named = ("named", found.reference) if found.reference else ("at", found.kind, json.dumps(feature.given["coordinates"]))
    return {
        "id": derived_id("sen", source, *named),
        "kind": found.kind,
        "jurisdiction": where,
        "source": source,
        "reference": found.reference[:200] if found.reference else None,
        "geometry": dict(feature.geometry),
        "radius_m": feature.shape.radius_m if isinstance(feature.shape, Circle) else None,
        "buffer_m": feature.shape.buffer_m if isinstance(feature.shape, Corridor) else None,
        "watch_lat_deg": around.lat_deg,
        "watch_lon_deg": around.lon_deg,
        "watch_radius_m": around.radius_m,
        "changed_at": at,
    }, []


def _refusal(problems: list[Problem]) -> SensitiveImportRefused:
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    told = problems[:_MOST_TOLD]
    return SensitiveImportRefused(
        f"{first.feature}: {first.text}{more}; nothing was imported",
        fields=[FieldError(p.feature, p.text) for p in told],
        extra={"problems": [{"feature": p.feature, "reason": p.reason, "text": p.text} for p in told]},
    )
