"""Coupons are taken for an order: all of them or none, with what each gives frozen per line.

Owns issued -> reserved. Each coupon moves by one conditional UPDATE, by id, so that two checkouts never wait for each other in a
circle; what happens to them afterwards is in redemption.py. Must not speak to the network and must not raise for a coupon that
merely does not apply: the answer is `Refused`, with every reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.kernel.verdict import Fail
from offers import bundling, identity, moves, redemption, repository
from offers.contracts import CouponState, Quote, QuoteLine, Refused
from offers.ledger import Books
from offers.models import CouponRow, Hold
from offers.reasons import ReasonCode

_read_quote = msgspec.json.Decoder(Quote).decode  # at import: see definition.py


def reserve(
    session: Session,
    *,
    codes: Sequence[str],
    shopper_id: str,
    order_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
    ttl_s: int,
) -> tuple[Quote, ...] | Refused:
    """issued -> reserved for `order_id`: what each of the coupons (by code or id) gives, in the order they take their share,
    frozen per line. The same order again gets the same."""
    for _ in range(moves.MOST_TRIES):
        found: dict[str, CouponRow] = {}
        for code in codes:
            coupon = redemption.find(session, code)
            if isinstance(coupon, Fail):
                return redemption.refused(None, [coupon])
            found.setdefault(coupon.id, coupon)
        known = redemption.holds_of(session, order_id)
        held = [hold for hold in known if hold.state in ("open", "used")]
        if held:
            same = {hold.coupon_id for hold in held} == set(found)
            if same and all(repository.owner(session, coupon) == shopper_id for coupon in found.values()):
                frozen = sorted(held, key=lambda hold: hold.position)
                return tuple(_read_quote(hold.quote) for hold in frozen)
            return redemption.refused(next(iter(found), None), [Fail(ReasonCode.ORDER_HAS_ANOTHER_COUPON)])
        locked = {coupon.id: coupon for coupon in moves.locked(session, found)} if len(found) > 1 else found
        lapsed = [coupon for coupon in locked.values() if moves.lapsed(coupon, at)]
        if lapsed:
            for coupon in lapsed:
                redemption.lapse(session, coupon, at)
            continue
        as_laid = [locked[coupon_id] for coupon_id in found]
        offered = bundling.together(
            session, as_laid, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at
        )
        if offered.refused:
            return offered.refused[0]
        for hold in known:  # what it held before and let go is no longer its affair
            if hold.state == "released" and hold.coupon_id not in found:
                session.delete(hold)
        if _take(session, locked, offered.shares, order_id, place_id, at, ttl_s):
            return offered.shares
    return redemption.refused(None, [Fail(ReasonCode.COUPON_RESERVED)])


def reserve_one(
    session: Session,
    *,
    code: str,
    shopper_id: str,
    order_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
    ttl_s: int,
) -> Quote | Refused:
    """`reserve` with one coupon."""
    answer = reserve(
        session,
        codes=(code,),
        shopper_id=shopper_id,
        order_id=order_id,
        lines=lines,
        currency=currency,
        place_id=place_id,
        at=at,
        ttl_s=ttl_s,
    )
    return answer if isinstance(answer, Refused) else answer[0]


def _take(
    session: Session,
    coupons: dict[str, CouponRow],
    shares: Sequence[Quote],
    order_id: str,
    place_id: str | None,
    at: datetime,
    ttl_s: int,
) -> bool:
    """False when the only coupon was taken by somebody else in between; of several, none can be: they are locked."""
    until = at + timedelta(seconds=ttl_s)
    position = {share.coupon_id: k for k, share in enumerate(shares)}
    books = Books(session, at)
    for share in sorted(shares, key=lambda share: share.coupon_id):
        coupon = coupons[share.coupon_id]
        to = {"order_id": order_id, "reserved_until": until}
        if not moves.move(session, coupon, CouponState.ISSUED, CouponState.RESERVED, at, *moves.FREE, **to):
            if len(shares) > 1:
                raise RuntimeError("a coupon moved although it was locked; nothing was kept")
            return False
        redemption.refuse_frozen(session, coupon)
        _hold(session, share, position[share.coupon_id], order_id, place_id, at)
        books.enter(coupon, CouponState.ISSUED, CouponState.RESERVED, cause=order_id)
        identity.hold_limit(session, coupon)
    books.close()
    return True


def _hold(
    session: Session, share: Quote, position: int, order_id: str, place_id: str | None, at: datetime
) -> None:
    key = {"order_id": order_id, "coupon_id": share.coupon_id}
    values = {
        "position": position,
        "state": "open",
        "quote": msgspec.json.encode(share).decode(),
        "discount_minor": share.cost_minor,  # what it costs the campaign: cashback too
        "currency": share.currency,
        "place_id": place_id,
        "reserved_at": at,
        "closed_at": None,
        "closed_why": None,
    }
    if not insert_new(session, Hold, key | values, unique=["order_id", "coupon_id"]):
        reopened = update(Hold).where(Hold.order_id == order_id, Hold.coupon_id == share.coupon_id)
        if not moved(session, reopened.where(Hold.state.in_(("released", "given_back"))).values(**values)):
            raise RuntimeError("one order reserved a coupon twice at once; nothing was kept")
