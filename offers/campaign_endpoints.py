"""The routes of marketers: campaigns, their versions and their life.

Owns the HTTP side only. A campaign is a document (schemas.CampaignIn); PATCH takes the fields that change.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import allow
from app.security.asking import asker_of
from app.security.principals import Principal, Role
from offers import campaigns, facade, schemas
from offers.contracts import CampaignView
from offers.errors import NoSuchCampaign
from offers.schemas import CampaignIn, Looked, Remark
from offers.settings import settings_of

router = APIRouter(tags=["campaigns"])

Marketer = Annotated[Principal, Depends(allow(Role.MARKETER))]
Viewer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
Number = Annotated[int, Query(ge=1, le=1_000_000)]


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
        definition = schemas.definition_of(document)
        campaigns.refuse_unknown_places(session, definition)
        campaign_id = campaigns.draft(session, definition, by=caller.id, at=call.clock.now())
        return _one(session, campaign_id)

    return call.run(work, status=201)


@router.patch("/v1/campaigns/{campaign_id}")
def revise_campaign(
    campaign_id: Id, change: Annotated[dict[str, Any], Body()], caller: Marketer, call: Command
) -> Response:
    """Change some fields: a new version, which needs an approval of its own. Decisions already made keep theirs.

    Where the house asks for no second person (`four_eyes`), a live campaign has it in force at once.
    """
    four_eyes = settings_of(call).four_eyes

    def work(session: Session) -> CampaignView:
        now = call.clock.now()
        facade.revise_campaign(session, campaign_id, change, by=caller.id, at=now, four_eyes=four_eyes, asker=asker_of(call.request))
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/submit")
def submit_campaign(campaign_id: Id, caller: Marketer, call: Command, remark: Remark | None = None) -> Response:
    """draft or paused -> review: another person is asked to look at it."""
    note = remark.note if remark else ""

    def work(session: Session) -> CampaignView:
        facade.submit_campaign(session, campaign_id, by=caller.id, at=call.clock.now(), note=note)
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/approve")
def approve_campaign(campaign_id: Id, looked: Looked, caller: Marketer, call: Command) -> Response:
    """review -> approved, of the version you looked at. Whoever wrote it or sent it for review cannot (403)."""

    def work(session: Session) -> CampaignView:
        now = call.clock.now()
        facade.approve_campaign(session, campaign_id, version=looked.version, by=caller.id, at=now, note=looked.note, asker=asker_of(call.request))
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/send-back")
def send_campaign_back(campaign_id: Id, remark: Remark, caller: Marketer, call: Command) -> Response:
    """review or approved -> draft, with a word why."""

    def work(session: Session) -> CampaignView:
        facade.send_campaign_back(session, campaign_id, by=caller.id, at=call.clock.now(), note=remark.note)
        return _one(session, campaign_id)

    return call.run(work)


@router.get("/v1/campaigns/{campaign_id}/history")
def campaign_history(campaign_id: Id, _caller: Viewer, call: Reading) -> Response:
    """Who moved it when, and every version with what it changed, in words."""
    return call.run(lambda session: facade.campaign_history(session, campaign_id))


@router.get("/v1/campaigns/{campaign_id}/difference")
def campaign_difference(
    campaign_id: Id, _caller: Viewer, call: Reading, from_version: Number, to_version: Number
) -> Response:
    """What one version says otherwise than another, field by field."""

    def work(session: Session) -> dict[str, object]:
        found = facade.campaign_difference(session, campaign_id, from_version=from_version, to_version=to_version)
        return {"changes": found}

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/activate")
def activate_campaign(campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """-> live, in the approved version; from draft at once where the house asks for no second person."""
    four_eyes = settings_of(call).four_eyes

    def work(session: Session) -> CampaignView:
        facade.activate_campaign(session, campaign_id, at=call.clock.now(), by=caller.id, four_eyes=four_eyes, asker=asker_of(call.request))
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/pause")
def pause_campaign(campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """live -> paused: no new coupons; those already given stay good."""

    def work(session: Session) -> CampaignView:
        facade.pause_campaign(session, campaign_id, at=call.clock.now(), by=caller.id)
        return _one(session, campaign_id)

    return call.run(work)


@router.post("/v1/campaigns/{campaign_id}/end")
def end_campaign(campaign_id: Id, caller: Marketer, call: Command) -> Response:
    """Ended for good; coupons already given stay good."""

    def work(session: Session) -> CampaignView:
        facade.end_campaign(session, campaign_id, at=call.clock.now(), by=caller.id)
        return _one(session, campaign_id)

    return call.run(work)
