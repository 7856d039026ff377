"""Queries on loyalty: the programme in force, one shopper's facts, gifts and word.

Owns reading them, and turning rows into the shapes of the rules. Must not decide.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from storefront.loyalty.facts import Bought, Facts, Visited, facts_of
from storefront.loyalty.models import ChoiceRow, FactRow, ProgrammeRow, RewardRow, StandingRow
from storefront.loyalty.programme import Programme
from storefront.loyalty.schemas import checked
from storefront.loyalty.stamps import Given

VISITED, BOUGHT = "visited", "bought"
GIVEN, WITHDRAWN, KEPT = "given", "withdrawn", "kept"


ANY_PROGRAMME = select(ProgrammeRow.version).limit(1)
"""Whether anything is counted at all."""


def newest(session: Session) -> ProgrammeRow | None:
    return session.scalars(select(ProgrammeRow).order_by(ProgrammeRow.version.desc()).limit(1)).first()


def in_force(session: Session) -> Programme | None:
    """None: nobody has set one up; then nothing is counted."""
    row = newest(session)
    return programme_of(row.document) if row is not None else None


@lru_cache(maxsize=8)
def programme_of(document: str) -> Programme:
    """Checked once, not with every purchase."""
    return checked(json.loads(document))


def facts(session: Session, shopper_id: str) -> Facts:
    rows = session.scalars(select(FactRow).where(FactRow.shopper_id == shopper_id)).all()
    return facts_of(
        (Visited(r.day, r.place_id or "") for r in rows if r.kind == VISITED),
        (Bought(r.day, r.source_id, r.line_no, tuple(r.products), tuple(r.categories), r.pieces, r.spent_minor, r.currency) for r in rows if r.kind == BOUGHT),
    )


def rewards(session: Session, shopper_id: str) -> Sequence[RewardRow]:
    """Newest first."""
    r = RewardRow
    return session.scalars(select(r).where(r.shopper_id == shopper_id).order_by(r.given_at.desc(), r.rule, r.number.desc())).all()


def given(rows: Sequence[RewardRow]) -> dict[str, list[Given]]:
    """Rule -> those that stand."""
    out: dict[str, list[Given]] = {}
    for row in rows:
        if row.state != WITHDRAWN:
            out.setdefault(row.rule, []).append(Given(row.number, row.used, row.state == KEPT))
    return out


def standing(session: Session, shopper_id: str) -> StandingRow | None:
    return session.get(StandingRow, shopper_id, populate_existing=True)


def wants(session: Session, shopper_id: str, *, at: datetime | None = None) -> bool:
    """Whether she lets it be counted now, or let it then. Who has said nothing does."""
    c = ChoiceRow
    said = select(c.counted).where(c.shopper_id == shopper_id)
    word = session.scalar((said.where(c.at <= at) if at is not None else said).order_by(c.at.desc(), c.id.desc()).limit(1))
    return word is not False


def choose(session: Session, shopper_id: str, *, counted: bool, at: datetime) -> bool:
    """Her word from now on; True when it is another than before."""
    if wants(session, shopper_id) is counted:
        return False
    session.add(ChoiceRow(id=new_id("loc"), shopper_id=shopper_id, counted=counted, at=at))
    session.flush()
    return True


def figures(session: Session) -> dict[str, int]:
    """Rule -> how many gifts of it stand."""
    r = RewardRow
    rows = session.execute(select(r.rule, func.count()).where(r.state != WITHDRAWN).group_by(r.rule))
    return {rule: count for rule, count in rows}  # noqa: C416
