"""Why did I get this, why not: from any id to the recorded decision and its words; and the decision recomputed.

Owns the look-up by id and the replay. Must not weigh anything anew: it tells what was recorded then.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from offers import decision, experiment, explanation, repository
from offers.contracts import Explanation
from offers.errors import NoSuchDecision
from offers.models import CouponRow, Decision, Hold, Redemption
from offers.reasons import Audience


def found(session: Session, any_id: str) -> Decision:
    """The decision behind the id of a decision, coupon, redemption, order or moment (of a moment: the offer, if there was one)."""
    row = repository.decision_row(session, any_id)
    if row is not None:
        return row
    coupon_ids = [any_id, *_coupons_behind(session, any_id)]
    decision_id = session.scalar(select(CouponRow.decision_id).where(CouponRow.id.in_(coupon_ids)).order_by(CouponRow.id))
    row = repository.decision_row(session, decision_id) if decision_id is not None else None
    if row is not None:
        return row
    of_moment = repository.decision_rows(session, moment_id=any_id)
    if not of_moment:
        raise NoSuchDecision()
    # An offer if there was one, else the one that came closest: the fewest conditions failed.
    return min(
        of_moment,
        key=lambda d: (
            d.outcome != decision.OFFER,
            sum(not w.passed for w in decision.result_from(d.result).reasons),
            d.id,
        ),
    )


def _coupons_behind(session: Session, any_id: str) -> list[str]:
    by_use = session.scalar(select(Redemption.coupon_id).where(Redemption.id == any_id))
    by_order = session.scalars(select(Hold.coupon_id).where(Hold.order_id == any_id)).all()
    return [*by_order, *([by_use] if by_use is not None else [])]


def explanation_of(session: Session, row: Decision, audience: Audience, now: datetime) -> Explanation:
    definition = repository.definition(session, row.campaign_id, row.campaign_version)
    if definition is None:
        raise NoSuchDecision()
    record, result = decision.record_from(row.record), decision.result_from(row.result)
    definition = experiment.as_drawn(definition, record.inputs.draw)
    view = repository.decision_views(session, [row], audience)[0]
    headline = explanation.headline(definition, record, result, audience, now)
    sentences = explanation.sentences(result, audience)
    if audience is Audience.AUDITOR:
        same = replayed(session, row) == row.result
        sentences = (*sentences, explanation.RECOMPUTED if same else explanation.NOT_RECOMPUTED)
    return Explanation(str(audience), headline, sentences, view)


def replayed(session: Session, row: Decision) -> str:
    """The result recomputed from the stored inputs and the version it named: equals `row.result` byte for byte."""
    definition = repository.definition(session, row.campaign_id, row.campaign_version)
    if definition is None:
        raise NoSuchDecision()
    return decision.replay(definition, row.record)
