"""What the rules of app/security want to know of a coupon: how far its visit is believed, what it may take off, how it is shown.

Owns collecting these facts and asking. Must not decide (app/security/policies does), nor look at a caveat (caveats.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.security.asking import Asker, trust_verdict, visit_level
from app.security.contacts.contracts import RecentChanges
from app.security.errors import PolicyRefused, StepUpNeeded
from app.security.policies.contracts import Acr, Action, Context, PolicyDecision, Presence, TrustVerdict, VisitLevel
from geofences import facade as geofences
from offers import repository, scanning
from offers.models import CouponRow, Redemption
from offers.till_reasons import TillReason

HOUR = timedelta(hours=1)
Word = TypeVar("Word", bound=StrEnum)


def may_redeem(
    session: Session,
    asker: Asker,
    coupon: CouponRow,
    shown: scanning.Scanned,
    given_minor: int | None,
    lately: RecentChanges,
    at: datetime,
) -> None:
    """At a till; `lately` is how its holder is reached. Raises PolicyRefused 403 (`sum_would_do`: were it known to be little, it would be taken);
    where the phone itself is wanted, ScanRefused 422 as for any coupon that is shown live only."""
    context = _at_till(session, coupon, shown, given_minor, lately)
    try:
        asker.allow(session, Action.REDEEM, context, currency=coupon.currency, at=at)
    except PolicyRefused as refusal:
        if given_minor is None:
            by_sum = [asker.would_allow(Action.REDEEM, one, currency=coupon.currency).allowed for one in (context, replace(context, amount_minor=0))]
            refusal.extra |= {"sum_would_do": True} if by_sum == [False, True] else {}
        raise
    except StepUpNeeded as wanted:
        if wanted.acr != Acr.LIVE_CODE:
            raise
        scanning.refuse(Fail(TillReason.LIVE_CODE_NEEDED))


def would_let(
    session: Session, asker: Asker, coupon: CouponRow, shown: scanning.Scanned, given_minor: int | None, lately: RecentChanges
) -> PolicyDecision:
    """As `may_redeem`, where it is too late to refuse, or too early: a till that had, or is going to have, no network."""
    return asker.would_allow(Action.REDEEM, _at_till(session, coupon, shown, given_minor, lately), currency=coupon.currency)


def _at_till(session: Session, coupon: CouponRow, shown: scanning.Scanned, given_minor: int | None, lately: RecentChanges) -> Context:
    level, verdict, _ = _visit_behind(session, coupon.visit_id, coupon.trust)
    return Context(
        visit_level=level,
        trust_verdict=verdict,
        presence=Presence.TILL,
        amount_minor=given_minor if given_minor is not None else repository.most_minor(session, coupon),
        live_code=shown.live,
        contact_changed_s=lately.changed_s,
        contact_added_s=lately.added_s,
        unknown_code_s=lately.unknown_code_s,
    )


def may_undo(session: Session, asker: Asker, clerk_id: str, at: datetime) -> None:
    """Raises PolicyRefused 403, StepUpNeeded 401."""
    undone = select(func.count()).where(Redemption.clerk_id == clerk_id, Redemption.redeemed_at > at - HOUR, Redemption.undone_at.is_not(None))
    asker.allow(session, Action.UNDO_AT_TILL, Context(velocity_1h=session.scalar(undone) or 0), at=at)


def may_publish(session: Session, asker: Asker | None, campaign_id: str, action: Action, at: datetime) -> None:
    """To approve or activate, by its budget; None is the house itself, which is not asked. The room's own rule of four eyes (review.py) has spoken before."""
    if asker is None:
        return
    row = repository.campaign_row(session, campaign_id)
    definition = repository.definition(session, campaign_id, row.version) if row is not None else None
    budget_minor = definition.budget_minor if definition is not None else None
    same = row is not None and row.approved_by is not None and row.approved_by == row.submitted_by
    context = Context(amount_minor=budget_minor, same_author=same)
    asker.allow(session, action, context, currency=definition.currency if definition is not None else None, at=at)


def may_revise(session: Session, asker: Asker | None, campaign_id: str, at: datetime) -> None:
    """A campaign that is live with its change goes out with it, as if it were published now."""
    row = repository.campaign_row(session, campaign_id)
    if row is not None and row.state == "live":
        may_publish(session, asker, campaign_id, Action.PUBLISH_CAMPAIGN, at)


def visits_behind(
    session: Session, coupon_ids: Sequence[str]
) -> tuple[VisitLevel | None, TrustVerdict | None, Presence | None]:
    """Of the visits behind these coupons the least believed level (without what can be replayed), the worst verdict and the weakest presence;
    None for what is not known of one. A visit that is not stored is believed as its coupon says."""
    asked = session.execute(select(CouponRow.visit_id, CouponRow.trust).where(CouponRow.id.in_(coupon_ids)))
    found = [_visit_behind(session, visit_id, trust) for visit_id, trust in asked.all()]
    if len(found) < len(set(coupon_ids)) or not found:
        return None, None, None
    levels, verdicts, presences = zip(*found, strict=True)
    return _least(levels, VisitLevel), _least(verdicts, reversed(TrustVerdict)), _least(presences, Presence)


def _visit_behind(session: Session, visit_id: str, trust: str) -> tuple[VisitLevel | None, TrustVerdict | None, Presence | None]:
    facts = geofences.presence_facts(session, visit_id)
    if facts is None:
        return visit_level(trust), None, None
    return visit_level(facts.visit_level), trust_verdict(facts.trust_verdict), Presence(facts.presence)


def _least(told: Sequence[Word | None], order: Iterable[Word]) -> Word | None:
    """The first in `order` of what was told; None when one is not known."""
    return None if None in told else next(word for word in order if word in told)
