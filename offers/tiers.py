"""Which tier of the shop's loyalty programme somebody has, as far as audiences ask: one row for each who has one.

Owns those rows. The room that runs the programme says it whenever it changes; a tier ends by itself at `until`. A row is written only for a shopper who has
agreed to personal offers or to being counted; whoever reads it asks again for what it is to be used. Must not know what a tier takes.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import inserting
from app.privacy import gate
from app.privacy.purposes import Purpose
from offers.models import TierRow


def note(session: Session, *, shopper_id: str, tier: int, until: datetime | None, at: datetime) -> None:
    """She has the tier of this number now (1 is the lowest), until then; 0: none."""
    if not tier or until is None or not may_be_told(session, shopper_id, at):
        session.execute(delete(TierRow).where(TierRow.shopper_id == shopper_id).execution_options(synchronize_session=False))
        return
    values = {"tier": tier, "until": until, "told_at": at}
    insert = inserting(TierRow, session.get_bind().dialect.name).values(shopper_id=shopper_id, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["shopper_id"], set_=values))


def may_be_told(session: Session, shopper_id: str, at: datetime) -> bool:
    """She has agreed to personal offers or to being counted."""
    return any(gate.may(session, shopper_id, purpose, at).ok for purpose in (Purpose.PERSONALISATION, Purpose.ANALYTICS))


def tiers_of(session: Session, at: datetime, ids: Collection[str] | None = None) -> dict[str, int]:
    """Shopper id -> her tier at that time, of those who have one; None: of everybody."""
    found = select(TierRow.shopper_id, TierRow.tier).where(TierRow.until > at)
    rows = session.execute(found if ids is None else found.where(TierRow.shopper_id.in_(ids)))
    return {shopper_id: tier for shopper_id, tier in rows}  # noqa: C416
