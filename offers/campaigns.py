"""A campaign's life: draft, review, approved, live, paused, ended; each change of its definition is a new version.

Owns those moves, who made them and when, and the index of triggers. Must not touch a version once written: decisions name
it. Must not judge a version (review.py) nor weigh a moment (issuance.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.errors import FieldError, Invalid
from app.kernel.ids import new_id
from app.security.audit import journal
from geofences import facade as geofences
from offers import repository, schemas, stacking
from offers.definition import Definition, canonical_json
from offers.errors import CampaignAtSensitivePlace, CampaignNotApproved, CampaignNotInState, NoSuchCampaign
from offers.models import Campaign, CampaignStep, CampaignVersion, Counter, TriggerRow

DRAFT, REVIEW, APPROVED, LIVE, PAUSED, ENDED = "draft", "review", "approved", "live", "paused", "ended"
MOST_TRIES = 8

CHANGED_MEANWHILE = "Somebody else has just changed this campaign; look at it again before you change it."


def draft(session: Session, definition: Definition, *, by: str, at: datetime, campaign_id: str | None = None) -> str:
    """A new campaign, not yet live; returns its id. `campaign_id` is for seeds that want the same id each time."""
    campaign_id = campaign_id or new_id("cam")
    refuse_circle(session, {campaign_id: definition})
    refuse_sensitive_places(session, definition)
    session.add(
        Campaign(
            id=campaign_id, name=definition.name, state=DRAFT, version=1, created_by=by, created_at=at, changed_at=at
        )
    )
    session.add(
        Counter(campaign_id=campaign_id, issued=0, revoked=0, redeemed=0, budget_reserved_minor=0, budget_spent_minor=0)
    )
    _add_version(session, campaign_id, 1, definition, by, at)
    return campaign_id


def _add_version(
    session: Session, campaign_id: str, version: int, definition: Definition, by: str, at: datetime
) -> None:
    text = canonical_json(definition)
    session.add(
        CampaignVersion(campaign_id=campaign_id, version=version, definition=text, created_by=by, created_at=at)
    )
    session.flush()


def refuse_circle(session: Session, new: Mapping[str, Definition]) -> None:
    """Coupons cannot all take their share after each other: looked for only where a new definition comes after some."""
    if not any(definition.stacking.after for definition in new.values()):
        return
    v, c = CampaignVersion, Campaign
    texts = session.scalars(
        select(v.definition)
        .join(c, (c.id == v.campaign_id) & (c.version == v.version))
        .where(c.state != ENDED, c.id.not_in(list(new)))
    )
    after: dict[str, set[str]] = {}
    for one in (*new.values(), *(repository.parsed(text) for text in texts)):
        after.setdefault(one.stacking.group, set()).update(one.stacking.after)
    way = stacking.circle(after)
    if way is not None:
        raise Invalid.field("stacking.after", f"{' after '.join(way)}: a circle; take one of them out")


def unknown_places(session: Session, definition: Definition) -> list[FieldError]:
    """Places the campaign names and nobody knows: it would never make an offer there."""
    named = {
        "trigger.place_ids": definition.trigger.place_ids,
        "schedule.store_hours": tuple(store.place_id for store in definition.schedule.store_hours),
    }
    known = {place.id for place in geofences.places(session)} if any(named.values()) else set[str]()
    wrong: list[FieldError] = []
    for field, place_ids in named.items():
        missing = [place_id for place_id in place_ids if place_id not in known]
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        if missing:
            said = f"no such place: {', '.join(missing[:5])}{more}; see: moments places list"
            wrong.append(FieldError(field, said))
    return wrong


def refuse_unknown_places(session: Session, definition: Definition) -> None:
    """For whoever writes a campaign by hand; a seed may bring its places afterwards."""
    wrong = unknown_places(session, definition)
    if wrong:
        raise Invalid(f"{wrong[0].field}: {wrong[0].remedy}", fields=wrong)


def sensitive_places(session: Session, definition: Definition) -> list[FieldError]:
    """Places of the campaign at which nothing may happen: each it names by id, and what it names by chain, tag or all together where
    none is left. Where some are left it is written, and weighing withholds at the others."""
    trigger, known = definition.trigger, geofences.directory(session)
    wrong = [
        FieldError("trigger.place_ids", f"{place.name} is too near a sensitive place: {place.refused}; leave it out")
        for place in known.named(trigger.place_ids, (), ())
        if place.refused is not None
    ]
    named = {
        "trigger.chains": known.named((), trigger.chains, ()) if trigger.chains else [],
        "trigger.tags": known.named((), (), trigger.tags) if trigger.tags else [],
        "trigger.everywhere": list(known.by_id.values()) if trigger.everywhere else [],
    }
    for field, places in named.items():
        why = next((place.refused for place in places if place.refused is not None), None)
        if why is not None and all(place.refused is not None for place in places):
            wrong.append(FieldError(field, f"every place it names is too near a sensitive one, for example: {why}; name others"))
    return wrong


def refuse_sensitive_places(session: Session, definition: Definition) -> None:
    """Whenever a campaign is written, sent for review, approved or made live; what runs is weighed anew (conditions.place_is_open)."""
    wrong = sensitive_places(session, definition)
    if wrong:
        raise CampaignAtSensitivePlace(f"{wrong[0].field}: {wrong[0].remedy}", fields=wrong)


def merged(base: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
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


def revise(
    session: Session, campaign_id: str, change: Mapping[str, Any], *, by: str, at: datetime, four_eyes: bool = False, looked_at: int | None = None
) -> int:
    """Change some fields of the definition; returns the version in force (the old one if nothing changed). `looked_at`: the version the
    change was written against; raises Invalid when it is another one by now."""
    version, _, definition = revised(session, campaign_id, change)
    if looked_at is not None and looked_at != version:
        raise Invalid.field("version", "somebody else has changed the campaign meanwhile; open it again")
    return replace(session, campaign_id, definition, version=version, by=by, at=at, four_eyes=four_eyes)


def revised(session: Session, campaign_id: str, change: Mapping[str, Any]) -> tuple[int, Definition, Definition]:
    """(the version in force, what it says, what it would say). Raises NoSuchCampaign, and Invalid naming each wrong field."""
    row = repository.campaign_row(session, campaign_id)
    current = repository.definition(session, campaign_id, row.version) if row is not None else None
    if row is None or current is None:
        raise NoSuchCampaign()
    definition = schemas.checked(merged(schemas.document_of(current), change))
    where = (definition.trigger.place_ids, definition.schedule.store_hours)
    if where != (current.trigger.place_ids, current.schedule.store_hours):
        refuse_unknown_places(session, definition)
    return row.version, current, definition


def replace(
    session: Session,
    campaign_id: str,
    definition: Definition,
    *,
    version: int,
    by: str,
    at: datetime,
    four_eyes: bool = False,
) -> int:
    """`definition` instead of that of `version`; returns the version in force. Raises when it is another one by now.

    What was in review or approved goes back to draft: an approval is of one version. With `four_eyes` a live campaign
    keeps what was approved until it is paused.
    """
    row = repository.campaign_row(session, campaign_id)
    current = repository.definition(session, campaign_id, version)
    if row is None or current is None:
        raise NoSuchCampaign()
    if row.state == ENDED:
        raise CampaignNotInState("The campaign has ended; make a new one from it.")
    if definition == current and row.version == version:
        return version
    if four_eyes and row.state == LIVE:
        raise CampaignNotInState(
            "The campaign is live in the version that was approved. Pause it, change it, and have the new version approved."
        )
    refuse_circle(session, {campaign_id: definition})
    refuse_sensitive_places(session, definition)
    to = DRAFT if row.state in (REVIEW, APPROVED) else row.state
    values: dict[str, Any] = {"version": version + 1, "name": definition.name, "changed_at": at, "state": to}
    if row.state == LIVE:
        values["approved_version"] = version + 1  # nobody else is asked here: live means in force at once
    same = update(Campaign).where(Campaign.id == campaign_id, Campaign.version == version, Campaign.state == row.state)
    if not moved(session, same.values(**values)):
        raise CampaignNotInState(CHANGED_MEANWHILE)
    _add_version(session, campaign_id, version + 1, definition, by, at)
    if to != row.state:
        _note(session, campaign_id, version + 1, row.state, to, by, at, "changed")
    if row.state == LIVE:
        _listen(session, campaign_id, definition)
    return version + 1


def seen(session: Session, campaign_id: str) -> Campaign:
    """The row as it is now; raises NoSuchCampaign."""
    row = repository.campaign_row(session, campaign_id)
    if row is None:
        raise NoSuchCampaign()
    return row


def in_force(session: Session, campaign_id: str) -> Definition:
    """What it says in the version in force; raises NoSuchCampaign."""
    found = repository.definition(session, campaign_id, seen(session, campaign_id).version)
    if found is None:
        raise NoSuchCampaign()
    return found


def _note(
    session: Session, campaign_id: str, version: int, from_state: str, to_state: str, by: str, at: datetime, note: str
) -> None:
    session.add(
        CampaignStep(
            id=new_id("cas"),
            campaign_id=campaign_id,
            version=version,
            from_state=from_state,
            to_state=to_state,
            by=by,
            at=at,
            note=note,
        )
    )
    told = {"campaign": campaign_id, "version": version, "from": from_state, "to": to_state}
    journal.note(session, "campaign.moved", by=by or "house", detail=told, at=at)
    session.flush()


def step(
    session: Session,
    campaign_id: str,
    allowed: tuple[str, ...],
    to: str,
    *conditions: ColumnElement[bool],
    by: str,
    at: datetime,
    note: str = "",
    **values: Any,
) -> bool:
    """One move by one conditional UPDATE, and its note. False: it is in that state already. Raises CampaignNotInState."""
    for _ in range(MOST_TRIES):
        row = seen(session, campaign_id)
        from_state, version = row.state, row.version
        if from_state == to:
            return False
        if from_state not in allowed:
            raise CampaignNotInState(f"The campaign is {from_state}; only {' or '.join(allowed)} can become {to}.")
        statement = update(Campaign).where(
            Campaign.id == campaign_id, Campaign.state == from_state, Campaign.version == version, *conditions
        )
        if moved(session, statement.values(state=to, changed_at=at, **values)):
            _note(session, campaign_id, version, from_state, to, by, at, note)
            return True
    raise CampaignNotInState(CHANGED_MEANWHILE)


def activate(session: Session, campaign_id: str, *, at: datetime, by: str = "", four_eyes: bool = False) -> None:
    """-> live. With `four_eyes` only in the version another person has approved. Live already: nothing changes.

    Without, whoever activates answers for it alone, and the note says so.
    """
    row = seen(session, campaign_id)
    refuse_sensitive_places(session, in_force(session, campaign_id))
    approved = row.approved_version == row.version
    if four_eyes and row.state in (DRAFT, REVIEW, PAUSED) and not approved:
        raise CampaignNotApproved(f"Version {row.version} has not been approved by another person; send it for review.")
    if four_eyes:
        condition = Campaign.approved_version == Campaign.version
        changed = step(session, campaign_id, (APPROVED, PAUSED), LIVE, condition, by=by, at=at)
    else:
        note = "" if approved else "without a second person"
        allowed = (DRAFT, REVIEW, APPROVED, PAUSED)
        changed = step(session, campaign_id, allowed, LIVE, by=by, at=at, note=note, approved_version=Campaign.version)
    definition = repository.definition(session, campaign_id, seen(session, campaign_id).version)
    if changed and definition is not None:
        _listen(session, campaign_id, definition)


def pause(session: Session, campaign_id: str, *, at: datetime, by: str = "") -> None:
    """live -> paused: no new offers; coupons already given stay good."""
    step(session, campaign_id, (LIVE,), PAUSED, by=by, at=at)
    session.execute(delete(TriggerRow).where(TriggerRow.campaign_id == campaign_id))


def end(session: Session, campaign_id: str, *, at: datetime, by: str = "") -> None:
    """-> ended, for good; coupons already given stay good."""
    step(session, campaign_id, (DRAFT, REVIEW, APPROVED, LIVE, PAUSED), ENDED, by=by, at=at)
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
