"""The routes of marketers about people in the mass: how many an audience has, and what each group of a campaign did.

Owns the HTTP side only. No answer names anybody.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from app.kernel.http import Reading
from app.security.access import allow
from app.security.principals import Principal, Role
from offers import facade, figures
from offers.audience_schemas import SegmentIn

router = APIRouter(tags=["campaigns"])

Viewer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]


class CountIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    audience: SegmentIn | None = Field(default=None, description="As in a campaign; null: everybody.")
    campaign_id: Annotated[str, Field(min_length=1, max_length=80)] | None = Field(
        default=None, description="Its currency counts, and who is at its caps is counted too."
    )


@router.post("/v1/audiences/count")
def count_audience(asked: CountIn, _caller: Viewer, call: Reading) -> Response:
    """How many shoppers an audience has now, in twenties; null where there are fewer. Changes nothing."""
    audience = asked.audience.model_dump(mode="json", exclude_defaults=True) if asked.audience else None
    now = call.clock.now()
    return call.run(lambda session: facade.count_audience(session, audience, at=now, campaign_id=asked.campaign_id))


@router.get("/v1/campaigns/{campaign_id}/audience")
def audience_of_campaign(campaign_id: Id, _caller: Viewer, call: Reading) -> Response:
    """How many shoppers the audience of a campaign has now, of those how many it can reach, and how many are at its caps."""
    now = call.clock.now()
    return call.run(lambda session: facade.count_campaign_audience(session, campaign_id, at=now))


@router.get("/v1/campaigns/{campaign_id}/figures")
def figures_of_campaign(
    campaign_id: Id,
    _caller: Viewer,
    call: Reading,
    days: Annotated[int, Query(ge=1, le=figures.MOST_DAYS, description="How long to look at what everybody did.")] = figures.DAYS,
) -> Response:
    """What each group of a campaign was given and did, and what the campaign brings against those held out, with its interval."""
    now = call.clock.now()
    return call.run(lambda session: facade.campaign_figures(session, campaign_id, at=now, days=days))
