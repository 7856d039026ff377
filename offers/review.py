"""A second person looks at a campaign before it goes live: submit, approve, send back; and what happened so far.

Owns the rule of four eyes: whoever wrote a version or sent it for review cannot approve it, and an approval is of the one
version that was looked at. The rule stands in the statement that moves the state. Must not make anything live.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from offers import campaigns, diffing, repository, schemas
from offers.campaign_contracts import (
    CampaignChange,
    CampaignHistory,
    CampaignStepView,
    CampaignVersionView,
)
from offers.campaigns import APPROVED, DRAFT, PAUSED, REVIEW
from offers.errors import ApprovedByAnother, CampaignNotInState, NoSuchVersion
from offers.models import Campaign, CampaignStep, CampaignVersion


def submit(session: Session, campaign_id: str, *, by: str, at: datetime, note: str = "") -> None:
    """draft or paused -> review: another person is asked to look at the version it has now."""
    campaigns.refuse_sensitive_places(session, campaigns.in_force(session, campaign_id))
    campaigns.step(
        session,
        campaign_id,
        (DRAFT, PAUSED),
        REVIEW,
        by=by,
        at=at,
        note=note,
        submitted_by=by,
        submitted_at=at,
        approved_version=None,
        approved_by=None,
        approved_at=None,
    )


def approve(session: Session, campaign_id: str, *, version: int, by: str, at: datetime, note: str = "") -> None:
    """review -> approved, of the version that was looked at. Raises ApprovedByAnother (403) for its author or submitter.

    The author of a version never changes; who submitted it and which version it is stand in the UPDATE.
    """
    row = campaigns.seen(session, campaign_id)
    if row.state in (REVIEW, APPROVED) and row.version != version:
        raise CampaignNotInState(f"You looked at version {version}, but it is version {row.version} now; look again.")
    author = session.scalar(
        select(CampaignVersion.created_by).where(
            CampaignVersion.campaign_id == campaign_id, CampaignVersion.version == row.version
        )
    )
    if row.state == REVIEW and by in (row.submitted_by, author):
        raise ApprovedByAnother()
    campaigns.refuse_sensitive_places(session, campaigns.in_force(session, campaign_id))
    campaigns.step(
        session,
        campaign_id,
        (REVIEW,),
        APPROVED,
        Campaign.version == version,
        Campaign.submitted_by != by,
        by=by,
        at=at,
        note=note,
        approved_version=version,
        approved_by=by,
        approved_at=at,
    )


def send_back(session: Session, campaign_id: str, *, by: str, at: datetime, note: str) -> None:
    """review or approved -> draft, with a word why. Its author may take it back so as well."""
    campaigns.step(
        session,
        campaign_id,
        (REVIEW, APPROVED),
        DRAFT,
        by=by,
        at=at,
        note=note,
        approved_version=None,
        approved_by=None,
    )


def history(session: Session, campaign_id: str) -> CampaignHistory:
    """Every move and every version, oldest first, each version with what it changed in words."""
    campaigns.seen(session, campaign_id)
    steps = session.scalars(
        select(CampaignStep).where(CampaignStep.campaign_id == campaign_id).order_by(CampaignStep.at, CampaignStep.id)
    )
    rows = session.scalars(
        select(CampaignVersion).where(CampaignVersion.campaign_id == campaign_id).order_by(CampaignVersion.version)
    )
    versions: list[CampaignVersionView] = []
    before: dict[str, object] | None = None
    for row in rows:
        document = schemas.document_of(repository.parsed(row.definition))
        changes = diffing.changes(before, document) if before is not None else ()
        versions.append(CampaignVersionView(row.version, row.created_by, row.created_at, changes))
        before = document
    moves = tuple(CampaignStepView(s.version, s.from_state, s.to_state, s.by, s.at, s.note) for s in steps)
    return CampaignHistory(campaign_id, moves, tuple(versions))


def difference(session: Session, campaign_id: str, from_version: int, to_version: int) -> tuple[CampaignChange, ...]:
    """What `to_version` says otherwise than `from_version`, field by field. Raises NoSuchVersion (404)."""
    found = [repository.definition(session, campaign_id, version) for version in (from_version, to_version)]
    before, after = found
    if before is None or after is None:
        campaigns.seen(session, campaign_id)
        raise NoSuchVersion()
    return diffing.changes(schemas.document_of(before), schemas.document_of(after))
