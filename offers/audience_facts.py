"""What audiences need to know about one shopper, read for the decision at hand: one statement for each kind of thing asked about.

Owns these reads. Nothing is read that no listening campaign asks for. Asks nobody's consent: who calls has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.db import Instant, prepared
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security import crowds
from geofences import facade as geofences
from offers import audience
from offers.audience import Bought, Had, Known, Stay
from offers.contracts import CouponState
from offers.models import CouponRow, PurchaseRow
from offers.segments import OF_COUPONS, OF_ORDERS, OF_VISITS, Fact, Segment, Value, asked

EVER = timedelta(days=3650)
_IDS = bindparam("ids", expanding=True)
_P, _C = PurchaseRow, CouponRow
_BOUGHT = select(_P.order_id, _P.product_id, _P.category, _P.total_minor, _P.currency, _P.bought_at).where(
    _P.shopper_id.in_(_IDS), _P.bought_at >= bindparam("since", type_=Instant)
)
_HAD = select(_C.campaign_id, _C.issued_at, _C.state, _C.expires_at).where(
    _C.shopper_id.in_(_IDS), _C.issued_at >= bindparam("since", type_=Instant), _C.state != CouponState.REVOKED
)


def facts_for(session: Session, ids: Sequence[str], segments: Iterable[Segment], at: datetime) -> dict[str, Value]:
    """Every fact these segments ask for, by key. `ids`: all she is known by, the present one first."""
    wanted = {one.key: one for segment in segments for one in asked(segment)}
    if not wanted:
        return {}
    known = _known(session, ids, wanted.values(), at)
    return {key: audience.fact(one, known, at) for key, one in wanted.items()}


def _known(session: Session, ids: Sequence[str], wanted: Collection[Segment], at: datetime) -> Known:
    facts = {one.fact for one in wanted}

    def values(of: Collection[str]) -> dict[str, object]:
        """As far back as any of them looks."""
        spans = [timedelta(days=one.within_days) if one.within_days else EVER for one in wanted if one.fact in of]
        return {"ids": list(ids), "since": at - max(spans)}

    return Known(
        since=min(crowds.known_since(session, ids).values(), default=None) if Fact.MEMBER_DAYS in facts else None,
        account=Fact.ACCOUNT in facts and bool(crowds.with_account(session, ids)),
        messages=Fact.MESSAGES in facts and gate.may(session, ids[0], Purpose.MARKETING_PUSH, at).ok,
        stays=_stays(session, ids, wanted, at) if facts & OF_VISITS else (),
        bought=[Bought(*row) for row in prepared(session, _BOUGHT, values(OF_ORDERS))] if facts & OF_ORDERS else (),
        had=[
            Had(campaign_id, issued_at, used_of(state, expires_at, at))
            for campaign_id, issued_at, state, expires_at in prepared(session, _HAD, values(OF_COUPONS))
        ]
        if facts & OF_COUPONS
        else (),
    )


def used_of(state: str, expires_at: datetime, at: datetime) -> bool | None:
    """One that has run out is unused, also before the job says so."""
    if state == CouponState.REDEEMED:
        return True
    return False if state == CouponState.EXPIRED or (state == CouponState.ISSUED and expires_at <= at) else None


def _stays(session: Session, ids: Sequence[str], wanted: Collection[Segment], at: datetime) -> list[Stay]:
    rows = geofences.stays(session, ids, since=at - EVER, until=at)
    by_kind = any(one.chains or one.tags for one in wanted)
    places = geofences.directory(session).by_id if by_kind else {}
    return [
        Stay(place_id, place.chain if place else None, place.tags if place else (), started_at, dwell_s)
        for place_id, started_at, dwell_s in rows
        for place in (places.get(place_id),)
    ]
