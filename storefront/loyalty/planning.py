"""The programme as a file: export, what a file would change, and applying it.

Owns the comparison with what is in force. A file from before somebody else's change is refused, not merged. What people are collecting for is not
changed under their hands: what a card or challenge counts goes under another id; its name, its gift and its last day may change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from geofences import facade as geofences
from offers import facade as offers
from storefront.contracts import LoyaltyPlan
from storefront.errors import LoyaltyFileOutdated
from storefront.loyalty import repository, weighing
from storefront.loyalty.models import ProgrammeRow
from storefront.loyalty.programme import Card, Challenge, Programme
from storefront.loyalty.schemas import checked, document_of
from storefront.versioned_files import changes, from_before, leaves, read, refuse

HEAD_OF = "loyalty"
HEAD = "# Change it, look at `moments loyalty plan FILE`, then `moments loyalty apply FILE`. `version` says what you changed.\n"


def export(session: Session) -> str:
    """What is in force, as YAML; an empty programme's bare bones where there is none."""
    row = repository.newest(session)
    if row is None:
        return HEAD + offers.write_yaml({"loyalty": {"name": "Our club", "timezone": "Europe/Helsinki"}})
    return HEAD + offers.write_yaml({"loyalty": {"version": row.version, **document_of(repository.programme_of(row.document))}})


def plan(session: Session, text: str, *, at: datetime) -> LoyaltyPlan:
    """What `apply` would do; changes nothing. Raises Invalid (each wrong field with its line), LoyaltyFileOutdated."""
    return _planned(session, text, at)[0]


def apply(session: Session, text: str, *, by: str, at: datetime) -> LoyaltyPlan:
    """Put the file in force, in the caller's transaction. The same file again changes nothing."""
    planned, programme = _planned(session, text, at)
    if planned.changes_something:
        row = {"version": (planned.version or 0) + 1, "document": json.dumps(document_of(programme)), "applied_by": by, "applied_at": at}
        if not insert_new(session, ProgrammeRow, row, unique=["version"]):
            raise LoyaltyFileOutdated
        weighing.look_at_everybody(session, at=at)
    return planned


def _planned(session: Session, text: str, at: datetime) -> tuple[LoyaltyPlan, Programme]:
    file = read(text, HEAD_OF, checked)
    programme = file.value
    row = repository.newest(session)
    refuse(_strangers(session, programme), file.line_of)
    if row is None:
        return LoyaltyPlan(None, tuple(f"{path}: {value}" for path, value in leaves(document_of(programme)))), programme
    current = repository.programme_of(row.document)
    if programme == current:
        return LoyaltyPlan(row.version, ()), programme
    if file.version != row.version:
        raise LoyaltyFileOutdated(from_before(HEAD_OF, row.version, file.version))
    refuse(_under_her_hands(session, programme, at), file.line_of)
    return LoyaltyPlan(row.version, tuple(changes(document_of(current), document_of(programme)))), programme


def _strangers(session: Session, programme: Programme) -> Iterator[tuple[str, str]]:
    """A chain nobody has would count no visit, and nobody would see why."""
    known = sorted({place.chain for place in geofences.places(session) if place.chain}) if programme.chains else []
    for number, chain in enumerate(programme.chains):
        if chain not in known:
            yield f"loyalty.chains[{number}]", f"there is no such chain; there are: {', '.join(known) or 'none'}"


def _under_her_hands(session: Session, new: Programme, at: datetime) -> Iterator[tuple[str, str]]:
    """What would change what somebody collects for. Looks at every version there was: an id is never given to something else."""
    today = at.astimezone(ZoneInfo(new.timezone)).date()
    earlier = [repository.programme_of(document) for document in session.scalars(select(ProgrammeRow.document).order_by(ProgrammeRow.version))]
    for kind, now in (("cards", new.cards), ("challenges", new.challenges)):
        for one in cast("tuple[Card | Challenge, ...]", now):
            known = [o for p in earlier for o in cast("tuple[Card | Challenge, ...]", getattr(p, kind)) if o.id == one.id]
            if not known:
                continue
            path = f"loyalty.{kind}.{one.id}"
            if any(_counts(o) != _counts(one) for o in known):
                yield path, "what it counts is collected for already; give the changed one another id"
            if one.ends_on < known[-1].ends_on and date.fromisoformat(one.ends_on) < today:
                yield f"{path}.ends_on", "it cannot end before today: people collect for it"
            if (one.most or 10_000) < (known[-1].most or 10_000):
                yield f"{path}.most", f"it was {known[-1].most or 'as often as she likes'}; it can only become more"


def _counts(one: Card | Challenge) -> tuple[object, ...]:
    if isinstance(one, Card):
        return one.scope, one.starts_on
    return one.scope, one.starts_on, one.goal, one.count, one.every, one.in_a_row, one.currency
