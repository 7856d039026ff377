"""What audiences need to know about shoppers one by one: one statement for each kind of thing that is asked about.

Owns these reads. Nothing is read that no listening campaign asks for. Asks nobody's consent: who calls has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import crowds
from geofences import facade as geofences
from offers import answers, audience, memberships, tiers
from offers.audience import Bought, Had, Known, Stay
from offers.contracts import CouponState
from offers.models import CouponRow, PurchaseRow
from offers.segments import OF_ANSWERS, OF_COUPONS, OF_ORDERS, OF_VISITS, Fact, Segment, Value, asked_by

EVER = timedelta(days=3650)
BATCH = 500
_IDS = bindparam("ids", expanding=True)
_P, _C = PurchaseRow, CouponRow
_BOUGHT = select(
    _P.shopper_id, _P.order_id, _P.product_id, _P.category, _P.total_minor, _P.currency, _P.bought_at
).where(_P.shopper_id.in_(_IDS), _P.bought_at >= bindparam("since", type_=Instant))
_HAD = select(_C.shopper_id, _C.campaign_id, _C.issued_at, _C.state, _C.expires_at).where(
    _C.shopper_id.in_(_IDS), _C.issued_at >= bindparam("since", type_=Instant), _C.state != CouponState.REVOKED
)


def facts_for(session: Session, ids: Sequence[str], segments: Iterable[Segment | None], at: datetime) -> dict[str, Value]:
    """Every fact these segments ask for, by key. `ids`: all she is known by, the present one first."""
    wanted = asked_by(segments)
    if not wanted:
        return {}
    known = known_of(session, ids, wanted.values(), since=at, until=at)
    together = audience.together([known[i] for i in ids])
    return {key: audience.fact(one, together, at) for key, one in wanted.items()}


def known_of(
    session: Session, ids: Sequence[str], wanted: Collection[Segment], *, since: datetime, until: datetime
) -> dict[str, Known]:
    """What must be known of each of the ids to reckon these facts at any time from `since` to `until`."""
    out: dict[str, Known] = {}
    for start in range(0, len(ids), BATCH):
        out |= _known(session, ids[start : start + BATCH], wanted, since, until)
    return out


def _known(
    session: Session, ids: Sequence[str], wanted: Collection[Segment], since: datetime, until: datetime
) -> dict[str, Known]:
    facts = {one.fact for one in wanted}
    stays, bought, had = defaultdict[str, list[Stay]](list), defaultdict[str, list[Bought]](list), defaultdict[str, list[Had]](list)

    def begins(of: Collection[str]) -> datetime:
        """As far back as any of them looks."""
        spans = [timedelta(days=one.within_days) if one.within_days else EVER for one in wanted if one.fact in of]
        return since - max(spans)

    if facts & OF_VISITS:
        by_kind = any(one.chains or one.tags for one in wanted)
        places = geofences.directory(session).by_id if by_kind else {}
        for who, where, began, ended, dwell_s in geofences.stays(session, ids, since=begins(OF_VISITS), until=until):
            place = places.get(where)
            stays[who].append(Stay(where, place.chain if place else None, place.tags if place else (), began, ended, dwell_s))
    if facts & OF_ORDERS:
        for who, *line in prepared(session, _BOUGHT, {"ids": list(ids), "since": begins(OF_ORDERS)}):
            bought[who].append(Bought(*line))
    if facts & OF_COUPONS:
        for who, campaign_id, issued_at, state, ends_at in prepared(session, _HAD, {"ids": list(ids), "since": begins(OF_COUPONS)}):
            had[who].append(Had(campaign_id, issued_at, used_of(state, ends_at, until)))
    seen = crowds.known_since(session, ids) if Fact.MEMBER_DAYS in facts else {}
    accounts = crowds.with_account(session, ids) if Fact.ACCOUNT in facts else set[str]()
    messages = gate.may_many(session, ids, Purpose.MARKETING_PUSH, until) if Fact.MESSAGES in facts else {}
    answered = answers.given_by(session, ids) if facts & OF_ANSWERS else dict[str, list[tuple[str, datetime]]]()
    held = tiers.tiers_of(session, until, ids) if Fact.TIER in facts else {}
    plans = memberships.plans_of(session, until, ids) if Fact.MEMBER in facts else {}
    return {
        i: Known(
            seen.get(i), i in accounts, i in messages and messages[i].ok, stays[i], bought[i], had[i], held.get(i, 0), frozenset({plans[i]} if i in plans else ()),
            answered.get(i, ()),
        )
        for i in ids
    }


def used_of(state: str, expires_at: datetime, at: datetime) -> bool | None:
    """One that has run out is unused, also before the job says so."""
    if state == CouponState.REDEEMED:
        return True
    return False if state == CouponState.EXPIRED or (state == CouponState.ISSUED and expires_at <= at) else None
