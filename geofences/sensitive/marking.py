"""Which sensitive places are near which fences: measured when either changes, and written down.

Owns the measuring of stored and of new fences and the rows of `geofences_near_sensitive`. Must not say what is refused
(refusals.py): distances stay true when laws and choices change. `lock` is taken first by everybody who writes fences or sensitive
places, so that neither misses what the other brings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import insert_many, listed
from app.kernel.db import insert_new, moved
from geofences.contracts import Sensitivity
from geofences.geometry import read_shape
from geofences.models import FenceRow, FenceVersionRow
from geofences.sensitive.distance import Near, Sensitive, SensitiveIndex, places_around
from geofences.sensitive.kinds import Kind
from geofences.sensitive.models import NearSensitiveRow, SensitiveHeadRow, SensitivePlaceRow
from geofences.sensitive.refusals import CHANGED, Refusals, chosen, today, told
from geofences.sensitive.rules import DEFAULT_M, REACH_M, UNKNOWN, Choice, rules_at
from geofences.shapes import Circle, Shape

Nears = Mapping[tuple[str, str], Near]


def lock(session: Session) -> None:
    """Wait for whoever else changes fences or sensitive places."""
    nothing = {"id": 1, "version": 0, "jurisdiction": UNKNOWN, "health_m": DEFAULT_M, "other_m": DEFAULT_M, "changed_at": session.info["clock"].now()}
    insert_new(session, SensitiveHeadRow, nothing, unique=["id"])
    session.execute(select(SensitiveHeadRow.id).where(SensitiveHeadRow.id == 1).with_for_update())


def count_version(session: Session) -> None:
    """Whoever remembers fences or what is refused is told that it is old."""
    if not insert_new(session, FenceVersionRow, {"id": 1, "version": 1}, unique=["id"]):
        moved(session, update(FenceVersionRow).where(FenceVersionRow.id == 1).values(version=FenceVersionRow.version + 1))
    session.info[CHANGED] = True


def sensitive_index(session: Session) -> SensitiveIndex:
    """All sensitive places, remembered until one changes."""
    version = chosen(session)[0]
    remembered = cast("dict[Any, tuple[int, SensitiveIndex]]", session.info.setdefault("remembered", {}))
    known = remembered.get(SensitiveIndex)
    if known is not None and known[0] == version and _WRITTEN not in session.info:
        return known[1]
    p = SensitivePlaceRow
    rows = session.execute(select(p.id, p.kind, p.jurisdiction, p.geometry, p.radius_m, p.buffer_m).order_by(p.id))
    found = SensitiveIndex(
        [
            Sensitive(i, kind, where, read_shape(geometry, {"radius_m": radius_m, "buffer_m": buffer_m}))
            for i, kind, where, geometry, radius_m, buffer_m in rows
        ]
    )
    if _WRITTEN not in session.info:
        remembered[SensitiveIndex] = (version, found)
    return found


_WRITTEN = "geofences_sensitive_written"


def near(session: Session, shapes: Mapping[str, Shape]) -> dict[str, Nears]:
    """What is near fences that are about to be stored, by fence id."""
    index = sensitive_index(session)
    return {fence_id: index.near(shape, REACH_M) for fence_id, shape in shapes.items()} if len(index) else {}


def refused(session: Session, nears: Mapping[str, Nears]) -> dict[str, Sensitivity]:
    """Those of `near` that may not be stored today, with the nearest reason."""
    choice, on = chosen(session)[1], today(session)
    out: dict[str, Sensitivity] = {}
    for fence_id, found in nears.items():
        for (kind, jurisdiction), one in sorted(found.items(), key=lambda item: (item[1].distance_m, item[0])):
            rule = rules_at(jurisdiction or choice.jurisdiction, on, choice)[Kind(kind)]
            if one.distance_m <= rule.distance_m:
                out[fence_id] = told(Kind(kind), one.distance_m, rule)
                break
    return out


def write(session: Session, place_of: Mapping[str, str], nears: Mapping[str, Nears]) -> None:
    """The marks of these fences anew; `place_of`: the place of each."""
    old = delete(NearSensitiveRow).where(NearSensitiveRow.fence_id.in_(listed(session, set(place_of))))
    session.execute(old.execution_options(synchronize_session=False))
    columns = ("fence_id", "kind", "jurisdiction", "place_id", "sensitive_id", "distance_m")
    rows = [
        (fence_id, kind, jurisdiction, place_of[fence_id], one.sensitive_id, one.distance_m)
        for fence_id, found in nears.items()
        for (kind, jurisdiction), one in found.items()
    ]
    insert_many(session, NearSensitiveRow, columns, rows)


def remark(session: Session, changed: Sequence[Circle], also: Collection[str]) -> None:
    """After a change of sensitive places that lie in `changed`: measure the fences near them, and those of `also`, again."""
    session.info[_WRITTEN] = True
    f = FenceRow
    around = session.execute(select(f.id, f.watch_lat_deg, f.watch_lon_deg, f.watch_radius_m).order_by(f.id)).all()
    circles = [Circle(lat, lon, radius_m) for _, lat, lon, radius_m in around]
    ids = {around[number][0] for number in places_around(circles, changed, REACH_M)} | set(also)
    index = sensitive_index(session)
    rows = session.execute(
        select(f.id, f.place_id, f.geometry, f.radius_m, f.buffer_m).where(f.id.in_(listed(session, ids)))
    )
    place_of: dict[str, str] = {}
    nears: dict[str, Nears] = {}
    for fence_id, place_id, geometry, radius_m, buffer_m in rows:
        place_of[fence_id] = place_id
        nears[fence_id] = index.near(read_shape(geometry, {"radius_m": radius_m, "buffer_m": buffer_m}), REACH_M)
    write(session, place_of, nears)


def choose(session: Session, choice: Choice) -> None:
    """What this house keeps from now on where no law asks for more."""
    lock(session)
    row = update(SensitiveHeadRow).where(SensitiveHeadRow.id == 1)
    moved(session, row.values(jurisdiction=choice.jurisdiction, health_m=choice.health_m, other_m=choice.other_m, changed_at=session.info["clock"].now()))
    count_version(session)


__all__ = ["Nears", "Refusals", "choose", "count_version", "lock", "near", "refused", "remark", "sensitive_index", "write"]
