"""The routes of marketers: campaigns, their versions and their life.

Owns the HTTP side only. A campaign is a document (schemas.CampaignIn); PATCH takes the fields that change.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import allow
from app.security.principals import Principal, Role
from offers import campaigns, facade, schemas
from offers.contracts import CampaignView
from offers.errors import NoSuchCampaign
from offers.schemas import CampaignIn

router = APIRouter(tags=["campaigns"])

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER))]
Viewer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]


def _one(session: Session, campaign_id: str) -> CampaignView:
    found = facade.campaign(session, campaign_id)
    if found is None:
        raise NoSuchCampaign
    return found


@router.get("/v1/campaigns")
def list_campaigns(_caller: Viewer, call: Reading) -> Response:
    """All campaigns, newest first, with what they have given so far."""
    return call.run(lambda session: {"campaigns": facade.campaigns(session)})


@router.get("/v1/campaigns/{campaign_id}")
def one_campaign(campaign_id: Id, _caller: Viewer, call: Reading) -> Response:
    """One campaign with the definition in force."""
    return call.run(lambda session: _one(session, campaign_id))


@router.post("/v1/campaigns", status_code=201)
def draft_campaign(document: CampaignIn, caller: Marketer, call: Command) -> Response:
    """A new campaign as a draft; `activate` makes it live."""

    def work(session: Session) -> CampaignView:
        campaign_id = campaigns.draft(session, schemas.definition_of(document), by=caller.id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work, status=201)


@router.patch("/v1/campaigns/{campaign_id}")
def revise_campaign(
    campaign_id: Id, change: Annotated[dict[str, Any], Body()], caller: Marketer, call: Command
) -> Response:
    """Change some fields: a new version, in force at once. Decisions already made keep the version they used."""

    def work(session: Session) -> CampaignView:
        facade.revise_campaign(session, campaign_id, change, by=caller.id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/activate")
def activate_campaign(campaign_id: Id, _caller: Marketer, call: Command) -> Response:
    """draft or paused -> live."""

    def work(session: Session) -> CampaignView:
        facade.activate_campaign(session, campaign_id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/pause")
def pause_campaign(campaign_id: Id, _caller: Marketer, call: Command) -> Response:
    """live -> paused: no new coupons; those already given stay good."""

    def work(session: Session) -> CampaignView:
        facade.pause_campaign(session, campaign_id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/end")
def end_campaign(campaign_id: Id, _caller: Marketer, call: Command) -> Response:
    """Ended for good; coupons already given stay good."""

    def work(session: Session) -> CampaignView:
        facade.end_campaign(session, campaign_id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work)
