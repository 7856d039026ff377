"""What the rules of app/security want to know of a coupon: how far its visit is believed, what it may take off, how it is shown.

Owns collecting these facts and asking. Must not decide (app/security/policies does), nor look at a caveat (caveats.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.security.asking import Asker, visit_level
from app.security.contacts.facade import recent_contact_change
from app.security.errors import StepUpNeeded
from app.security.policies.contracts import Acr, Action, Context, Presence, VisitLevel
from offers import repository, scanning
from offers.definition import BenefitKind
from offers.models import CouponRow, Redemption
from offers.till_reasons import TillReason

HOUR = timedelta(hours=1)


def may_redeem(
    session: Session, asker: Asker, coupon: CouponRow, shown: scanning.Scanned, given_minor: int | None, at: datetime
) -> None:
    """At a till. Raises PolicyRefused 403; where the phone itself is wanted, ScanRefused 422 as for any coupon that is shown live only."""
    context = Context(
        visit_level=visit_level(coupon.trust),
        presence=Presence.TILL,
        amount_minor=_worth_minor(session, coupon, given_minor),
        live_code=shown.live,
        contact_changed_s=recent_contact_change(session, repository.owner(session, coupon), at),
    )
    try:
        asker.allow(session, Action.REDEEM, context, currency=coupon.currency, at=at)
    except StepUpNeeded as wanted:
        if wanted.acr != Acr.LIVE_CODE:
            raise
        scanning.refuse(Fail(TillReason.LIVE_CODE_NEEDED))


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


def weakest_visit(session: Session, coupon_ids: Sequence[str]) -> VisitLevel | None:
    """How far the least believed of the visits behind these coupons is believed; None when one is not known."""
    levels = [visit_level(trust) for trust in session.scalars(select(CouponRow.trust).where(CouponRow.id.in_(coupon_ids)))]
    known = [level for level in levels if level is not None]
    if len(known) < len(set(coupon_ids)):
        return None
    return min(known, key=list(VisitLevel).index, default=None)


def _worth_minor(session: Session, coupon: CouponRow, given_minor: int | None) -> int | None:
    """What this use may take off: what the till says, else the coupon's bound or its face; None has no bound."""
    if given_minor is not None:
        return given_minor
    if coupon.bound_minor is not None:
        return coupon.bound_minor
    definition = repository.terms_of(session, coupon)
    return definition.benefit.amount_minor if definition and definition.benefit.kind is BenefitKind.AMOUNT else None
