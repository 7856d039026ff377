"""A campaign's life: draft, live, paused, ended; each change of its definition is a new version.

Owns those moves and the index of triggers. Must not touch a version once written: decisions name it. Must not weigh
anything (issuance.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.ids import new_id
from offers import repository, schemas
from offers.definition import Definition, canonical_json
from offers.errors import CampaignNotInState, NoSuchCampaign
from offers.models import Campaign, CampaignVersion, Counter, TriggerRow

DRAFT, LIVE, PAUSED, ENDED = "draft", "live", "paused", "ended"


def draft(session: Session, definition: Definition, *, by: str, at: datetime, campaign_id: str | None = None) -> str:
    """A new campaign, not yet live; returns its id. `campaign_id` is for seeds that want the same id each time."""
    campaign_id = campaign_id or new_id("cam")
    session.add(
        Campaign(
            id=campaign_id, name=definition.name, state=DRAFT, version=1, created_by=by, created_at=at, changed_at=at
        )
    )
    session.add(
        Counter(campaign_id=campaign_id, issued=0, revoked=0, redeemed=0, budget_reserved_minor=0, budget_spent_minor=0)
    )
    session.add(
        CampaignVersion(
            campaign_id=campaign_id, version=1, definition=canonical_json(definition), created_by=by, created_at=at
        )
    )
    session.flush()
    return campaign_id


def _merged(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7396) without removal: null is a value here. `benefit` of another kind replaces the old one."""
    out = dict(base)
    for key, value in change.items():
        old = out.get(key)
        if (
            key == "benefit"
            and isinstance(value, Mapping)
            and value.get("kind", base["benefit"]["kind"]) != base["benefit"]["kind"]
        ):
            out[key] = dict(value)
        elif isinstance(old, dict) and isinstance(value, Mapping):
            out[key] = {**old, **value}
        else:
            out[key] = value
    return out


def revise(session: Session, campaign_id: str, change: Mapping[str, Any], *, by: str, at: datetime) -> int:
    """Change some fields of the definition; returns the version in force (the old one if nothing changed)."""
    row = _row(session, campaign_id)
    if row.state == ENDED:
        raise CampaignNotInState("The campaign has ended; make a new one from it.")
    current = repository.definition(session, campaign_id, row.version)
    if current is None:
        raise NoSuchCampaign()
    definition = schemas.checked(_merged(schemas.document_of(current), change))
    if definition == current:
        return row.version
    version = row.version + 1
    statement = update(Campaign).where(
        Campaign.id == campaign_id, Campaign.version == row.version, Campaign.state != ENDED
    )
    if not moved(session, statement.values(version=version, name=definition.name, changed_at=at)):
        raise CampaignNotInState("Somebody else has just changed this campaign; look at it again before you change it.")
    session.add(
        CampaignVersion(
            campaign_id=campaign_id,
            version=version,
            definition=canonical_json(definition),
            created_by=by,
            created_at=at,
        )
    )
    session.flush()
    if row.state == LIVE:
        _listen(session, campaign_id, definition)
    return version


def _row(session: Session, campaign_id: str) -> Campaign:
    row = repository.campaign_row(session, campaign_id)
    if row is None:
        raise NoSuchCampaign()
    return row


def _to(session: Session, campaign_id: str, allowed: tuple[str, ...], to: str, at: datetime) -> None:
    statement = (
        update(Campaign).where(Campaign.id == campaign_id, Campaign.state.in_(allowed)).values(state=to, changed_at=at)
    )
    if moved(session, statement):
        return
    row = _row(session, campaign_id)
    if row.state != to:
        raise CampaignNotInState(f"The campaign is {row.state}; only {' or '.join(allowed)} can become {to}.")


def activate(session: Session, campaign_id: str, *, at: datetime) -> None:
    """draft or paused -> live. Live already: nothing changes."""
    _to(session, campaign_id, (DRAFT, PAUSED), LIVE, at)
    row = _row(session, campaign_id)
    definition = repository.definition(session, campaign_id, row.version)
    if definition is not None:
        _listen(session, campaign_id, definition)


def pause(session: Session, campaign_id: str, *, at: datetime) -> None:
    """live -> paused: no new offers; coupons already given stay good."""
    _to(session, campaign_id, (LIVE,), PAUSED, at)
    session.execute(delete(TriggerRow).where(TriggerRow.campaign_id == campaign_id))


def end(session: Session, campaign_id: str, *, at: datetime) -> None:
    """-> ended, for good; coupons already given stay good."""
    _to(session, campaign_id, (DRAFT, LIVE, PAUSED), ENDED, at)
    session.execute(delete(TriggerRow).where(TriggerRow.campaign_id == campaign_id))


def _listen(session: Session, campaign_id: str, definition: Definition) -> None:
    t = definition.trigger
    selectors = (
        ["*"]
        if t.everywhere
        else [*(f"place:{p}" for p in t.place_ids), *(f"chain:{c}" for c in t.chains), *(f"tag:{g}" for g in t.tags)]
    )
    session.execute(delete(TriggerRow).where(TriggerRow.campaign_id == campaign_id))
    session.add_all(
        TriggerRow(moment_kind=kind, selector=s, campaign_id=campaign_id) for kind in t.moment_kinds for s in selectors
    )
    session.flush()
