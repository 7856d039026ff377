"""Campaigns as a file: export, what a file would change, and changing it in one go.

Owns the comparison of a file with what is stored, and the order of moves that follow. A campaign the file does not name stays
as it is. A file that was exported before somebody else's change is refused, not merged. Must not parse YAML (yaml_form.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import FieldError, Invalid
from offers import campaigns, diffing, repository, review, schemas, yaml_form
from offers.campaign_contracts import CampaignPlan, PlannedCampaign
from offers.campaigns import APPROVED, DRAFT, ENDED, LIVE, PAUSED, REVIEW
from offers.definition import Definition
from offers.errors import CampaignFileOutdated
from offers.models import Campaign

HEAD = "# Change it, look at `moments campaigns plan FILE`, then `moments campaigns apply FILE`. `version` says what you changed.\n"
STATES = (DRAFT, REVIEW, APPROVED, LIVE, PAUSED, ENDED)
ID = re.compile(r"cam_[A-Za-z0-9_]{1,36}")
SAID = {
    "create": "new",
    "submit": "goes to review: another person has to approve it",
    "activate": "goes live",
    "pause": "is paused",
    "end": "ends for good",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One campaign of the file, checked."""

    campaign_id: str
    version: int | None
    state: str | None
    definition: Definition


def export(session: Session, campaign_ids: Sequence[str] = ()) -> str:
    """The named campaigns, or all that have not ended, as YAML by id."""
    rows = session.scalars(select(Campaign).order_by(Campaign.id)).all()
    missing = set(campaign_ids) - {row.id for row in rows}
    if missing:
        raise Invalid.field("campaign", f"there is no {', '.join(sorted(missing))}; see: moments campaigns list")
    out: dict[str, Any] = {}
    for row in rows:
        if row.id not in campaign_ids and (campaign_ids or row.state == ENDED):
            continue
        definition = repository.definition(session, row.id, row.version)
        if definition is not None:
            out[row.id] = {"version": row.version, "state": row.state, **schemas.document_of(definition)}
    return HEAD + yaml_form.write({"campaigns": out})


def read(session: Session, text: str) -> list[Wanted]:
    """Every campaign of the file, checked; raises Invalid naming each wrong field with its line and the remedy."""
    document = yaml_form.read(text)
    wrong: list[FieldError] = []

    def refuse(path: str, remedy: str) -> None:
        wrong.append(FieldError(path, f"{remedy} (line {document.line_of(path)})"))

    value = document.value
    entries: Mapping[str, Any] = {}
    if not isinstance(value, Mapping) or set(value) != {"campaigns"} or not isinstance(value["campaigns"], Mapping):
        refuse("campaigns", "the file is one mapping `campaigns:` of ids, as `moments campaigns export` writes it")
    else:
        entries = value["campaigns"]
    found: list[Wanted] = []
    for campaign_id, entry in entries.items():
        path = f"campaigns.{campaign_id}"
        if not ID.fullmatch(campaign_id):
            refuse(path, "an id is cam_ and up to 36 letters, digits and _")
        elif not isinstance(entry, Mapping):
            refuse(path, "a campaign is a mapping of fields")
        else:
            found += _checked(session, campaign_id, dict(entry), refuse)
    if wrong:
        raise Invalid("; ".join(f"{f.field}: {f.remedy}" for f in wrong[:5]), fields=wrong)
    campaigns.refuse_circle(session, {one.campaign_id: one.definition for one in found})
    return found


def _checked(session: Session, campaign_id: str, entry: dict[str, Any], refuse: Any) -> list[Wanted]:
    path = f"campaigns.{campaign_id}"
    version, state = entry.pop("version", None), entry.pop("state", None)
    if version is not None and (not isinstance(version, int) or isinstance(version, bool) or version < 1):
        refuse(f"{path}.version", "a whole number from 1 on, as exported")
    if state is not None and state not in STATES:
        refuse(f"{path}.state", f"one of {', '.join(STATES)}")
    try:
        definition = schemas.checked(entry)
    except Invalid as error:
        for one in error.fields:
            refuse(path if one.field == "campaign" else f"{path}.{one.field}", one.remedy)
        return []
    for one in (*campaigns.unknown_places(session, definition), *campaigns.sensitive_places(session, definition)):
        refuse(f"{path}.{one.field}", one.remedy)
    return [Wanted(campaign_id, version, state, definition)]


def plan(session: Session, text: str, *, four_eyes: bool) -> CampaignPlan:
    """What `apply` would do. Raises Invalid (a wrong field) or CampaignFileOutdated (changed since it was exported)."""
    planned = [_planned(session, wanted, four_eyes=four_eyes) for wanted in read(session, text)]
    return CampaignPlan(tuple(one for one, _ in planned))


def _planned(session: Session, wanted: Wanted, *, four_eyes: bool) -> tuple[PlannedCampaign, Wanted]:
    row = repository.campaign_row(session, wanted.campaign_id)
    name, path = wanted.definition.name, f"campaigns.{wanted.campaign_id}"
    if row is None:
        if wanted.state not in (None, DRAFT, REVIEW, LIVE):
            raise Invalid.field(f"{path}.state", f"a new campaign is draft or live, not {wanted.state}")
        then = {LIVE: ("submit" if four_eyes else "activate",), REVIEW: ("submit",)}.get(wanted.state or DRAFT, ())
        moves = ("create", *then)
        return PlannedCampaign(wanted.campaign_id, name, None, moves, (), tuple(SAID[m] for m in moves)), wanted
    current = repository.definition(session, row.id, row.version)
    changed = current is not None and wanted.definition != current
    if changed and wanted.version != row.version:
        given = (
            f"the file is from version {wanted.version}"
            if wanted.version
            else "the file does not say from which version"
        )
        raise CampaignFileOutdated(
            f"{path}: it is version {row.version} now, {given}; export it again and put your changes in."
        )
    if changed and row.state == ENDED:
        raise Invalid.field(path, "it has ended; give the changed one another id")
    moves = _moves(row, wanted, changed=changed, four_eyes=four_eyes)
    changes = (
        diffing.changes(schemas.document_of(current), schemas.document_of(wanted.definition))
        if changed and current is not None
        else ()
    )
    said = tuple(SAID[m] for m in moves if m in SAID)
    return PlannedCampaign(row.id, name, row.version, moves, changes, said), wanted


def _moves(row: Campaign, wanted: Wanted, *, changed: bool, four_eyes: bool) -> tuple[str, ...]:
    """The moves from what is to what the file wants, in their order."""
    path, state, want = f"campaigns.{row.id}", row.state, wanted.state or row.state
    edit = ("change",) if changed else ()
    if changed and four_eyes and state == LIVE and want not in (PAUSED, ENDED):
        raise Invalid.field(f"{path}.state", "live in an approved version; say state: paused to change it")
    if want == state and state in (DRAFT, PAUSED, ENDED, LIVE):
        return edit
    if want == PAUSED and state == LIVE:
        return ("pause", *edit)
    if want == ENDED:
        return (*edit, "end") if state != LIVE else ("pause", *edit, "end") if edit else ("end",)
    if want == LIVE and state != ENDED:
        approved = row.approved_version == row.version and not changed
        if not four_eyes or (approved and state in (APPROVED, PAUSED)):
            return (*edit, "activate")
        return (*edit, "submit") if changed or state != REVIEW else ()
    if want == REVIEW and state in (DRAFT, PAUSED, REVIEW, APPROVED):
        return (*edit, "submit") if changed or state in (DRAFT, PAUSED) else ()
    if want in (DRAFT, APPROVED) and state in (DRAFT, REVIEW, APPROVED) and not (want == APPROVED and state == DRAFT):
        return edit
    raise Invalid.field(f"{path}.state", f"it is {state} and cannot become {want} by a file")


def apply(session: Session, text: str, *, by: str, at: datetime, four_eyes: bool) -> CampaignPlan:
    """Do what `plan` says, all in the caller's transaction or nothing. The same file again changes nothing."""
    planned = [_planned(session, wanted, four_eyes=four_eyes) for wanted in read(session, text)]
    for one, wanted in planned:
        for move in one.moves:
            _do(session, move, wanted, one, by=by, at=at, four_eyes=four_eyes)
    return CampaignPlan(tuple(one for one, _ in planned))


def _do(
    session: Session, move: str, wanted: Wanted, one: PlannedCampaign, *, by: str, at: datetime, four_eyes: bool
) -> None:
    match move:
        case "create":
            campaigns.draft(session, wanted.definition, by=by, at=at, campaign_id=wanted.campaign_id)
        case "change":
            version = one.version or 1
            campaigns.replace(session, one.id, wanted.definition, version=version, by=by, at=at, four_eyes=four_eyes)
        case "submit":
            review.submit(session, one.id, by=by, at=at, note="from a file")
        case "activate":
            campaigns.activate(session, one.id, at=at, by=by, four_eyes=four_eyes)
        case "pause":
            campaigns.pause(session, one.id, at=at, by=by)
        case _:
            campaigns.end(session, one.id, at=at, by=by)
