"""Who signs in brings what was counted for her before: facts, gifts and her word go along once.

Owns that step. A day in one store that both have is one day, and a challenge both met with the same visits is met once: she is weighed anew, and what was
doubled is taken back as everywhere. A no goes along where she has not said anything here; a yes does not.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.kernel.outbox import emit
from offers import facade as offers
from storefront.contracts import LoyaltyCounted
from storefront.loyalty import repository, weighing
from storefront.loyalty.models import ChoiceRow, FactRow, RewardRow, StandingRow
from storefront.points.models import PointsEntry

_QUIETLY = {"synchronize_session": False}


def hand_over(session: Session, before: str, into: str, *, at: datetime) -> None:
    """Before any balance is touched: both standings are held from here on."""
    spoke = select(ChoiceRow.id).where(ChoiceRow.shopper_id == before).limit(1)
    if repository.standing(session, before) is None and session.scalar(spoke) is None:
        return
    for shopper_id in sorted((before, into)):
        weighing.hold(session, shopper_id, at=at)
    _points(session, before, into)
    session.execute(update(FactRow).where(FactRow.shopper_id == before).values(shopper_id=into).execution_options(**_QUIETLY))
    _rewards(session, before, into)
    said = session.scalar(select(ChoiceRow.id).where(ChoiceRow.shopper_id == into).limit(1)) is not None
    if not said and not repository.wants(session, before):
        repository.choose(session, into, counted=False, at=at)
    for table in (ChoiceRow, StandingRow):
        session.execute(delete(table).where(table.shopper_id == before).execution_options(**_QUIETLY))
    offers.note_tier(session, shopper_id=before, tier=0, until=None, at=at)
    session.expire_all()
    emit(session, LoyaltyCounted(into, at), subject=into)


def _points(session: Session, before: str, into: str) -> None:
    """What was made from her old id is made from the new one: days in stores, unless she has that day already, and what has lapsed."""
    causes = {weighing.lapse_cause(before): weighing.lapse_cause(into)}
    causes |= {weighing.visit_cause(before, v.place_id, v.day): weighing.visit_cause(into, v.place_id, v.day) for v in repository.facts(session, before).visited}
    e = PointsEntry
    taken = set(session.scalars(select(e.cause).where(e.cause.in_(list(causes.values())), e.cause != weighing.lapse_cause(into))))
    for old, new in causes.items():
        if new not in taken:
            session.execute(update(e).where(e.cause == old).values(cause=new).execution_options(**_QUIETLY))


def _rewards(session: Session, before: str, into: str) -> None:
    """After hers, as if they had been given after them."""
    last: dict[str, tuple[int, int]] = {}
    for row in repository.rewards(session, into):
        number, used = last.get(row.rule, (0, 0))
        last[row.rule] = max(number, row.number), max(used, row.used if row.state != repository.WITHDRAWN else 0)
    r = RewardRow
    for row in sorted(repository.rewards(session, before), key=lambda one: (one.rule, one.number)):
        number, used = last.get(row.rule, (0, 0))
        mine = update(r).where(r.shopper_id == before, r.rule == row.rule, r.number == row.number)
        session.execute(mine.values(shopper_id=into, number=row.number + number, used=row.used + used).execution_options(**_QUIETLY))
