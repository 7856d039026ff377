"""Of which plan of the shop somebody is a member, as far as audiences ask: one row for each who is one.

Owns those rows. The room that runs memberships says it whenever it changes; it ends by itself at `until`. A row is written only for a shopper who has agreed
to personal offers or to being counted; whoever reads it asks again for what it is to be used. Must not know what a membership costs.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import inserting
from offers.models import MemberRow
from offers.tiers import may_be_told


def note(session: Session, *, shopper_id: str, plan_id: str, until: datetime | None, at: datetime) -> None:
    """She is a member of this plan until then; None: of none."""
    if until is None or until <= at or not may_be_told(session, shopper_id, at):
        session.execute(delete(MemberRow).where(MemberRow.shopper_id == shopper_id).execution_options(synchronize_session=False))
        return
    values = {"plan_id": plan_id, "until": until, "told_at": at}
    insert = inserting(MemberRow, session.get_bind().dialect.name).values(shopper_id=shopper_id, **values)
    session.execute(insert.on_conflict_do_update(index_elements=["shopper_id"], set_=values))


def plans_of(session: Session, at: datetime, ids: Collection[str] | None = None) -> dict[str, str]:
    """Shopper id -> the plan she is a member of at that time, of those who are; None: of everybody."""
    found = select(MemberRow.shopper_id, MemberRow.plan_id).where(MemberRow.until > at)
    rows = session.execute(found if ids is None else found.where(MemberRow.shopper_id.in_(ids)))
    return {shopper_id: plan_id for shopper_id, plan_id in rows}  # noqa: C416
