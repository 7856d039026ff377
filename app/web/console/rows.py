"""Rows of the console's lists: campaigns with their budgets, decisions with the names of places, moments, the funnel.

Owns these shapes and their arithmetic. Must not read a table: it joins what facades answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.analytics.contracts import Funnel, HeatMap
from app.web.console.words import where
from app.web.rendering import money
from geofences import facade as geofences
from geofences.contracts import MomentView, Place
from offers.contracts import CampaignView, DecisionView, Reason


@dataclass(frozen=True, slots=True)
class CampaignRow:
    """`budget_percent` of the budget is spent, `held_percent` spent or held by coupons still out; None without a budget."""

    view: CampaignView
    where: str
    budget_percent: float | None
    held_percent: float | None
    spent_text: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """`shown_reasons`: what stood against it, or for an offer the first few that held."""

    view: DecisionView
    place: str
    shown_reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class MomentRow:
    """`who` is the tail of the shopper id: enough to tell two apart, no name."""

    id: str
    kind: str
    place: str
    lon: float
    lat: float
    at: datetime
    dwell_s: int
    who: str


FUNNEL_WORDS = {
    "detected": "Moments noticed",
    "offered": "Offers made",
    "pushed": "Messages sent",
    "seen": "Messages seen",
    "ordered": "Orders placed with it",
    "redeemed": "Coupons redeemed",
}


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """`count` None: too few shoppers stand behind it to be shown; `percent` is of the first step."""

    key: str
    label: str
    count: int | None
    percent: int


def percent_of(part: int, whole: int) -> int:
    """Whole per cent, 0 to 100; at least 1 when there is anything, so that a bar can be seen."""
    return 0 if whole <= 0 or part <= 0 else max(1, min(100, round(100 * part / whole)))


def campaign_row(view: CampaignView, place_names: dict[str, str]) -> CampaignRow:
    f = view.figures
    spent = money(f.budget_spent_minor, f.currency)
    held = f.budget_spent_minor + f.budget_reserved_minor
    if f.budget_minor is None:
        text = f"{spent} given" if f.budget_spent_minor else ""
        return CampaignRow(view, _where(view, place_names), None, None, text)
    text = f"{spent} spent, {money(f.budget_reserved_minor, f.currency)} held, of {money(f.budget_minor, f.currency)}"
    return CampaignRow(view, _where(view, place_names), percent_of(f.budget_spent_minor, f.budget_minor), percent_of(held, f.budget_minor), text)


def _where(view: CampaignView, place_names: dict[str, str]) -> str:
    text = where(view.definition["trigger"], place_names)
    return f"At {text}"


def decision_rows(session: Session, views: Sequence[DecisionView]) -> list[DecisionRow]:
    places = geofences.places_by_ids(session, sorted({v.place_id for v in views}))
    return [DecisionRow(v, place_name(places, v.place_id), shown_reasons(v)) for v in views]


def shown_reasons(view: DecisionView) -> tuple[Reason, ...]:
    against = tuple(r for r in view.reasons if not r.passed)
    return against or view.reasons[:3]


def place_name(places: dict[str, Place], place_id: str) -> str:
    found = places.get(place_id)
    return found.name if found else place_id


def moment_rows(session: Session, moments: Sequence[MomentView]) -> list[MomentRow]:
    """Newest first. The point is the place's, never the shopper's."""
    places = geofences.places_by_ids(session, sorted({m.place_id for m in moments}))
    rows = [
        MomentRow(m.id, str(m.kind), places[m.place_id].name, places[m.place_id].lon_deg, places[m.place_id].lat_deg, m.occurred_at, m.dwell_s, f"…{m.shopper_id[-4:]}")
        for m in moments
        if m.place_id in places
    ]
    return sorted(rows, key=lambda r: r.at, reverse=True)


def funnel(read: Funnel) -> list[FunnelStep]:
    """The steps of the read model in order, with their share of the largest. What leaves the funnel sideways is not shown."""
    most = max((stage.moments or 0 for stage in read.stages), default=0)
    return [FunnelStep(s.name, FUNNEL_WORDS[s.name], s.moments, percent_of(s.moments or 0, most)) for s in read.stages if s.name in FUNNEL_WORDS]


def heat_cells(found: HeatMap) -> dict[str, Any]:
    """The map as GeoJSON; `share` is of the fullest cell, for the colour. `hidden`: there are cells too small to be shown."""
    most = max((cell.people for cell in found.cells), default=0)
    features: list[dict[str, object]] = [
        {
            "type": "Feature",
            "properties": {"people": cell.people, "share": cell.people / most},
            "geometry": {"type": "Polygon", "coordinates": [[*cell.outline, cell.outline[0]]]},
        }
        for cell in found.cells
    ]
    return {"type": "FeatureCollection", "features": features, "hidden": found.hidden}


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A place too near a sensitive one; `why` says the kind in general words, the distance and the rule."""

    id: str
    name: str
    why: str


def refused_rows(places: Sequence[Place]) -> list[RefusedRow]:
    """Those of the places at which nothing may happen."""
    return [RefusedRow(p.id, p.name, f"{str(p.refused)[:1].upper()}{str(p.refused)[1:]}.") for p in places if p.refused is not None]


def named_places(session: Session, definition: Mapping[str, Any]) -> list[Place]:
    """The places a campaign's definition reaches."""
    trigger, known = definition.get("trigger", {}), geofences.directory(session)
    if trigger.get("everywhere"):
        return list(known.by_id.values())
    return known.named(trigger.get("place_ids", ()), trigger.get("chains", ()), trigger.get("tags", ()))
