"""Places and fences from GeoJSON: all of a document or nothing of it.

Owns the use case and what the properties of a feature mean. Shapes are checked by geometry. A feature's `id` is stable: the same
id imported again updates the place; without one, the same name and geometry are the same place.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError
from app.kernel.ids import derived_id
from geofences.errors import ImportRefused
from geofences.geometry import Circle, Corridor, FenceFeature, Problem, parse_fences, representative_point
from geofences.levels import MOST as MOST_LEVEL
from geofences.levels import level_of
from geofences.models import FenceRow, PlaceRow
from geofences.reasons import SENSITIVE_PLACE
from geofences.sensitive import marking
from geofences.shapes import Shape, watch_circle
from geofences.tiles import tile_of

_OUR_ID = re.compile(r"plc_[a-z0-9_]{1,36}")
_KIND = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"closed|([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")
MAX_TAGS = 20
_MAX_TOLD = 100
_BATCH = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did; `notices` are remarks about features that were taken."""

    created: int
    updated: int
    unchanged: int
    place_ids: tuple[str, ...]
    notices: tuple[Problem, ...]

    def __str__(self) -> str:
        lines = [f"{self.created} created, {self.updated} updated, {self.unchanged} unchanged"]
        lines += [f"note: {n.feature}: {n.text}" for n in self.notices[:20]]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A place and its fence as the document wants them."""

    place: dict[str, Any]
    fence: dict[str, Any]
    shape: Shape
    label: str


def import_geojson(session: Session, document: object, *, at: datetime) -> ImportReport:
    """Create or update in the caller's transaction; raises `ImportRefused` naming every wrong feature, and then nothing has changed."""
    parsed = parse_fences(document)
    problems = list(parsed.problems)
    wanted: dict[str, _Wanted] = {}
    for feature in parsed.features:
        found, wrong = _wanted(feature)
        if found is None:
            problems += wrong
        elif found.place["id"] in wanted:
            problems.append(
                Problem(feature.label, "duplicate_id", "names the same place as another feature; give each its own id")
            )
        else:
            wanted[found.place["id"]] = found
    if problems:
        raise _refusal(problems)
    marking.lock(session)
    known_places, known_fences = _known(session, list(wanted))
    moving = {w.fence["id"]: w for w in wanted.values() if _moves(known_fences.get(w.fence["id"]), w.fence)}
    nears = marking.near(session, {fence_id: w.shape for fence_id, w in moving.items()})
    refused = marking.refused(session, nears)
    if refused:
        raise _refusal([Problem(moving[i].label, SENSITIVE_PLACE, f"too near a sensitive place: {why}") for i, why in refused.items()])
    created, updated, changes = 0, 0, False
    for place_id, want in wanted.items():
        place, fence = known_places.get(place_id), known_fences.get(want.fence["id"])
        if place is None:
            session.add(PlaceRow(**want.place, changed_at=at))
            created += 1
        else:
            changed = _update(place, want.place, at)
            fence_differs = fence is not None and _update(fence, want.fence, at)
            updated += changed or fence_differs
            changes |= changed or fence_differs
        if fence is None:
            session.flush()
            session.add(FenceRow(**want.fence, changed_at=at))
            changes = True
    session.flush()
    if changes:
        marking.write(session, {fence_id: w.place["id"] for fence_id, w in moving.items()}, nears)
        marking.count_version(session)
    return ImportReport(created, updated, len(wanted) - created - updated, tuple(wanted), parsed.notices)


def _refusal(problems: list[Problem]) -> ImportRefused:
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    told = problems[:_MAX_TOLD]
    return ImportRefused(
        f"{first.feature}: {first.text}{more}; nothing was imported",
        fields=[FieldError(p.feature, p.text) for p in told],
        extra={"problems": [{"feature": p.feature, "reason": p.reason, "text": p.text} for p in told]},
    )


def _known(session: Session, place_ids: list[str]) -> tuple[dict[str, PlaceRow], dict[str, FenceRow]]:
    places: dict[str, PlaceRow] = {}
    fences: dict[str, FenceRow] = {}
    for start in range(0, len(place_ids), _BATCH):
        some = place_ids[start : start + _BATCH]
        places |= {row.id: row for row in session.scalars(select(PlaceRow).where(PlaceRow.id.in_(some)))}
        fences |= {row.id: row for row in session.scalars(select(FenceRow).where(FenceRow.place_id.in_(some)))}
    return places, fences


def _update(row: PlaceRow | FenceRow, want: Mapping[str, Any], at: datetime) -> bool:
    """Set what differs; whether anything did."""
    different = {name: value for name, value in want.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    if different:
        row.changed_at = at
    return bool(different)


_OF_SHAPE = ("geometry", "radius_m", "buffer_m")


def _moves(row: FenceRow | None, want: Mapping[str, Any]) -> bool:
    """Whether the fence is new or comes to lie elsewhere: only then is it measured again."""
    return row is None or any(getattr(row, name) != want[name] for name in _OF_SHAPE)


# -- one feature -----------------------------------------------------------------------------------------------------


def _wanted(feature: FenceFeature) -> tuple[_Wanted | None, list[Problem]]:
    wrong: list[Problem] = []
    properties = feature.properties
    lat, lon = representative_point(feature.shape)

    def refuse(reason: str, text: str) -> None:
        wrong.append(Problem(feature.label, reason, text))

    kind = properties.get("kind", "store")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        refuse("bad_kind", "kind must be a short word in lower case such as store, mall or cafe")
    level = level_of(str(kind), properties.get("level"))
    if level is None:
        refuse(
            "bad_level", f"level must be a whole number from -{MOST_LEVEL} (larger places) to {MOST_LEVEL}, or left out"
        )
    chain = properties.get("chain")
    if chain is not None and (not isinstance(chain, str) or not 1 <= len(chain) <= 200):
        refuse("bad_chain", "chain must be text of 1 to 200 characters, or left out")
    tags = properties.get("tags", [])
    if tags is None:
        tags = []
    if (
        not isinstance(tags, list)
        or len(tags) > MAX_TAGS
        or not all(isinstance(t, str) and 1 <= len(t) <= 50 for t in tags)
    ):
        refuse("bad_tags", f"tags must be a list of at most {MAX_TAGS} words of at most 50 characters")
    timezone = properties.get("timezone")
    if timezone is None:
        timezone = _timezone_at(lat, lon)
    elif not _is_zone(timezone):
        refuse("bad_timezone", "timezone must be an IANA name such as Europe/Helsinki, or left out to be looked up")
    hours = properties.get("hours")
    if hours is not None and not _are_hours(hours):
        refuse("bad_hours", "hours must name each day from mon to sun with times such as 10:00-20:00, or closed; or be left out")
    if wrong:
        return None, wrong
    given = {"type": feature.given["type"], "coordinates": feature.given["coordinates"]}
    place_id = _place_id(feature, given)
    place = {
        "id": place_id,
        "name": feature.name,
        "kind": kind,
        "chain": chain,
        "timezone": timezone,
        "tags": list(tags),
        "hours": None if hours is None else {day: hours[day] for day in _DAYS},
        "lat_deg": lat,
        "lon_deg": lon,
    }
    watch = watch_circle(feature.shape)
    fence = {
        "id": derived_id("fen", place_id),
        "place_id": place_id,
        "name": feature.name,
        "geometry": feature.geometry,
        "radius_m": feature.shape.radius_m if isinstance(feature.shape, Circle) else None,
        "buffer_m": feature.shape.buffer_m if isinstance(feature.shape, Corridor) else None,
        "watch_lat_deg": watch.lat_deg,
        "watch_lon_deg": watch.lon_deg,
        "watch_radius_m": watch.radius_m,
        "tile": tile_of(watch),
        "level": level,
    }
    return _Wanted(place, fence, feature.shape, feature.label), []


def _place_id(feature: FenceFeature, geometry: Mapping[str, Any]) -> str:
    if feature.external_id is None:
        return derived_id("plc", "unnamed", feature.name, json.dumps(geometry, sort_keys=True))
    return feature.external_id if _OUR_ID.fullmatch(feature.external_id) else derived_id("plc", feature.external_id)


def _are_hours(value: object) -> bool:
    """All seven days, so that a day that was forgotten is never told to be closed."""
    if not isinstance(value, dict) or set(value) != set(_DAYS):
        return False
    return all(isinstance(times, str) and _HOURS.fullmatch(times) for times in value.values())


def _timezone_at(lat_deg: float, lon_deg: float) -> str:
    from tzfpy import get_tz  # lazy: loads its polygons

    return get_tz(lon_deg, lat_deg) or "Etc/UTC"


def _is_zone(value: object) -> bool:
    if not isinstance(value, str) or not value or len(value) > 64:
        return False
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
