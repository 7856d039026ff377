"""The marketer's pages: the city live, campaigns, decisions.

Owns parsing filters and choosing templates. Must not decide, and shows moments at the point of the place, never where a
shopper is.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.analytics import facade as analytics
from app.analytics import heat
from app.kernel.errors import NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.security.audit import journal
from app.web import rendering
from app.web.browser import go_to
from app.web.console.reviews import history_rows, may
from app.web.console.rows import (
    campaign_row,
    decision_rows,
    funnel,
    heat_cells,
    moment_rows,
    named_places,
    refused_rows,
)
from app.web.console.words import in_words
from app.web.forms import Fields
from app.web.rendering import money
from geofences import facade as geofences
from offers import facade as offers

router = APIRouter(include_in_schema=False)

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

DAY = timedelta(days=1)
HEAT_SPAN, HEAT_RESOLUTION = timedelta(days=30), heat.FINEST
MOMENTS_SHOWN = 12
MOMENTS_MAPPED = 60
DECISIONS_SHOWN = 100


# --- live -------------------------------------------------------------------------------------------------------------


@router.get("/console")
def live(request: Request, _caller: Marketer, call: Reading, part: Annotated[str, Query(max_length=5)] = "") -> Response:
    """The map, the funnel of the day and the newest moments; `part` asks for the lists alone."""
    with call.database.reading() as session:
        context = _live(session, call.clock.now())
        shut = refused_rows(geofences.places(session))
    if part:
        return rendering.fragment("console/live.part.html", context)
    return rendering.page(request, "console/live.html", context | {"here": "live", "refused": shut})


def _live(session: Session, at: datetime) -> dict[str, Any]:
    moments = geofences.recent_moments(session, since=at - DAY, limit=MOMENTS_SHOWN)
    return {"funnel": funnel(analytics.funnel(session, None, at)), "moments": moment_rows(session, moments)}


@router.get("/console/moments.json")
def moments_json(_caller: Marketer, call: Reading) -> Response:
    """The newest moments for the map, at the point of their places."""

    def work(session: Session) -> dict[str, object]:
        at = call.clock.now()
        found = geofences.recent_moments(session, since=at - timedelta(minutes=15), limit=MOMENTS_MAPPED)
        return {"moments": moment_rows(session, found)}

    return call.run(work)


@router.get("/console/fences.geojson")
def fences_geojson(_caller: Marketer, call: Reading) -> Response:
    """Every fence, for the map."""
    return call.run(geofences.fences_geojson)


@router.get("/console/sensitive.geojson")
def sensitive_geojson(_caller: Marketer, call: Reading) -> Response:
    """The zones in which no fence may lie, for the map; no place by name."""
    return call.run(geofences.sensitive_geojson)


@router.get("/console/heat.geojson")
def heat_geojson(_caller: Marketer, call: Reading) -> Response:
    """Where people were on the last whole days, in cells that enough of them stand behind, for the map."""

    def work(session: Session) -> dict[str, object]:
        now = call.clock.now()
        found = heat.heat(session, since=now - HEAT_SPAN, at=now, resolution=HEAT_RESOLUTION, epsilon=None, budget_epsilon=0)
        return heat_cells(found)

    return call.run(work)


# --- campaigns --------------------------------------------------------------------------------------------------------


def _place_names(session: Session) -> dict[str, str]:
    return {p.id: p.name for p in geofences.places(session)}


@router.get("/console/campaigns")
def campaigns(request: Request, _caller: Marketer, call: Reading) -> Response:
    """All campaigns with state, counters and budget."""
    with call.database.reading() as session:
        names = _place_names(session)
        rows = [campaign_row(view, names) for view in offers.campaigns(session)]
    return rendering.page(request, "console/campaigns.html", {"here": "campaigns", "campaigns": rows})


@router.get("/console/campaigns/{campaign_id}")
def campaign(request: Request, campaign_id: Id, caller: Marketer, call: Reading) -> Response:
    """One campaign: its conditions in words, its way to going live, what it has given, its latest decisions."""
    with call.database.reading() as session:
        view = offers.campaign(session, campaign_id)
        if view is None:
            raise NotFound
        names = _place_names(session)
        context = {
            "here": "campaigns",
            "row": campaign_row(view, names),
            "words": in_words(view.definition, view.benefit_text, names, lambda minor: money(minor, view.figures.currency)),
            "decisions": decision_rows(session, offers.decisions(session, campaign_id=campaign_id, limit=10)),
            **may(view, caller.id, four_eyes=call.app.settings.offers.four_eyes),
            "history": history_rows(session, offers.campaign_history(session, campaign_id), caller.id),
            "refused": refused_rows(named_places(session, view.definition)),
            "since_live": offers.changes_since_live(session, campaign_id),
            "definition_json": json.dumps(view.definition, indent=2, ensure_ascii=False),
        }
    return rendering.page(request, "console/campaign.html", context)


@router.post("/console/campaigns/{campaign_id}/submit")
def submit(request: Request, campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """Another person is asked to look at it."""
    call.run(lambda session: offers.submit_campaign(session, campaign_id, by=caller.id, at=call.clock.now()))
    return go_to(request, f"/console/campaigns/{campaign_id}")


@router.post("/console/campaigns/{campaign_id}/approve")
def approve(request: Request, campaign_id: Id, caller: Marketer, call: Command, form: Fields) -> Response:
    """Approved in the version the page showed."""
    version = form.whole("version", least=1, most=1_000_000)

    def work(session: Session) -> None:
        offers.approve_campaign(session, campaign_id, version=version, by=caller.id, at=call.clock.now(), asker=asker_of(request))

    call.run(work)
    return go_to(request, f"/console/campaigns/{campaign_id}")


@router.post("/console/campaigns/{campaign_id}/send-back")
def send_back(request: Request, campaign_id: Id, caller: Marketer, call: Command, form: Fields) -> Response:
    """A draft again, with a word why."""
    note = form.text("note", most=160)

    def work(session: Session) -> None:
        offers.send_campaign_back(session, campaign_id, by=caller.id, at=call.clock.now(), note=note)

    call.run(work)
    return go_to(request, f"/console/campaigns/{campaign_id}")


@router.post("/console/campaigns/{campaign_id}/activate")
def activate(request: Request, campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """From the next moment on the campaign may offer."""
    four_eyes = call.app.settings.offers.four_eyes

    def work(session: Session) -> None:
        offers.activate_campaign(session, campaign_id, at=call.clock.now(), by=caller.id, four_eyes=four_eyes, asker=asker_of(request))

    call.run(work)
    return go_to(request, f"/console/campaigns/{campaign_id}")


@router.post("/console/campaigns/{campaign_id}/pause")
def pause(request: Request, campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """No further offers until it is activated again; coupons already out stay good."""
    call.run(lambda session: offers.pause_campaign(session, campaign_id, at=call.clock.now(), by=caller.id))
    return go_to(request, f"/console/campaigns/{campaign_id}")


# --- decisions --------------------------------------------------------------------------------------------------------

Filter = Annotated[str, Query(max_length=80)]


@router.get("/console/decisions")
def decisions(request: Request, caller: Marketer, call: Reading, campaign: Filter = "", outcome: Filter = "", shopper: Filter = "") -> Response:
    """Decisions, newest first; an empty filter takes all."""
    with call.database.reading() as session:
        journal.looked_at(session, "decisions", by=caller, about=shopper.strip() or None, at=call.clock.now())
        found = offers.decisions(
            session,
            campaign_id=campaign or None,
            outcome=outcome if outcome in ("offer", "withheld") else None,
            shopper_id=shopper.strip() or None,
            limit=DECISIONS_SHOWN,
        )
        context = {
            "here": "decisions",
            "rows": decision_rows(session, found),
            "campaigns": offers.campaigns(session),
            "chosen": {"campaign": campaign, "outcome": outcome, "shopper": shopper},
            "limit": DECISIONS_SHOWN,
        }
    return rendering.page(request, "console/decisions.html", context)
