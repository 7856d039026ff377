"""What a campaign would say, and what it would change, before anybody writes it down.

Owns the question, for a form that answers while one types. It asks the same rules in the same order as writing does
(schemas.py, campaigns.py), so that what it lets pass is taken. Must not write, and must not hold a rule of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from offers import campaigns, diffing, phrases, repository, review, schemas
from offers.campaign_contracts import CampaignChange, CampaignPreview
from offers.campaigns import LIVE
from offers.definition import Definition
from offers.models import CampaignStep

_LEAST = {"name": "-", "title": "-", "trigger": {"moment_kinds": ["store_visit"], "everywhere": True}, "benefit": {"kind": "free_delivery"}}


def preview(session: Session, change: Mapping[str, Any], *, campaign_id: str | None = None) -> CampaignPreview:
    """A new campaign as `change` says, or `campaign_id` with its fields changed so.

    Raises Invalid naming each wrong field with its remedy, CampaignAtSensitivePlace (422), NoSuchCampaign (404).
    """
    version: int | None = None
    if campaign_id is None:
        definition = schemas.checked(change)
        campaigns.refuse_unknown_places(session, definition)
    else:
        version, _, definition = campaigns.revised(session, campaign_id, change)
    campaigns.refuse_circle(session, {campaign_id or "": definition})
    campaigns.refuse_sensitive_places(session, definition)
    return _compared(session, definition, campaign_id, version)


def _compared(session: Session, definition: Definition, campaign_id: str | None, version: int | None) -> CampaignPreview:
    document, text = schemas.document_of(definition), phrases.benefit_text(definition.benefit, definition.currency)
    if campaign_id is None or version is None:
        return CampaignPreview(document, text, None, False, ())
    live = last_live(session, campaign_id)
    before = repository.definition(session, campaign_id, live or version)
    changes = diffing.changes(schemas.document_of(before), document) if before is not None else ()
    return CampaignPreview(document, text, live or version, live is not None, changes)


def since_live(session: Session, campaign_id: str) -> tuple[int, tuple[CampaignChange, ...]] | None:
    """The version that was live last, and what the one in force says otherwise; None where that is the same or none ever was."""
    live, version = last_live(session, campaign_id), campaigns.seen(session, campaign_id).version
    if live is None or live == version:
        return None
    return live, review.difference(session, campaign_id, live, version)


def last_live(session: Session, campaign_id: str) -> int | None:
    """The newest version that shoppers were offered something by."""
    row = campaigns.seen(session, campaign_id)
    if row.state == LIVE:
        return row.version
    s = CampaignStep  # a version that replaced a live one went live without a step of its own, and left it with one
    was = select(func.max(s.version)).where(s.campaign_id == campaign_id, or_(s.to_state == LIVE, s.from_state == LIVE))
    return session.scalar(was)


def defaults() -> dict[str, Any]:
    """A campaign that says nothing but what everybody's says unless told otherwise; a form begins with it."""
    return schemas.document_of(schemas.checked(_LEAST))
