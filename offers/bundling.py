"""Several coupons on the cart she has now: what those she laid in give together, and which of all she holds are best.

Owns gathering the options: each coupon is quoted by itself, as at checkout. Changes nothing. Must not reckon
(bundles.py) and must not reserve (reserving.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from offers import bundles, redemption, repository, stacking
from offers.contracts import Bundle, CouponState, Quote, QuoteLine, Refused, Together
from offers.models import CouponRow
from offers.reasons import ReasonCode


def best_bundle(
    session: Session,
    *,
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> Bundle:
    """Of all the coupons she holds that apply by themselves, those that together give most on these lines, with the proof. One
    that does not apply is not named: its own quote says why. Changes nothing."""
    found = (
        _option(session, row, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at)
        for row in repository.coupons_of(session, shopper_id, since=at)
        if row.state == CouponState.ISSUED
    )
    return bundles.bundle([one for one in found if isinstance(one, bundles.Option)], lines, currency)


def together(
    session: Session,
    coupons: Sequence[CouponRow],
    *,
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> Together:
    """What these give on one cart. One that may not lie beside another before it, or that finds nothing left to take off,
    is refused, and the others are reckoned without it."""
    taken: list[bundles.Option] = []
    against: list[Refused] = []
    for row in coupons:
        one = _option(session, row, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at)
        if isinstance(one, Refused):
            against.append(one)
        elif clash := _clash(one, taken):
            against.append(redemption.refused(row.id, [clash]))
        else:
            taken.append(one)
    while True:
        shares = bundles.shares(taken, lines)
        idle = next((s.coupon_id for s in shares if not s.discount_minor and not s.entitlements), None)
        if idle is None:
            return Together(shares, tuple(against))
        taken = [one for one in taken if one.id != idle]
        against.append(redemption.refused(idle, [Fail(ReasonCode.ADDS_NOTHING)]))


def quote_together(
    session: Session,
    *,
    coupon_ids: Sequence[str],
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> Together:
    """`together` for coupons that lie in a cart, by their ids; one that is no more is passed over. Changes nothing."""
    found = (repository.coupon_row(session, coupon_id) for coupon_id in coupon_ids)
    return together(
        session,
        [row for row in found if row is not None],
        shopper_id=shopper_id,
        lines=lines,
        currency=currency,
        place_id=place_id,
        at=at,
    )


def _option(
    session: Session,
    row: CouponRow,
    *,
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> bundles.Option | Refused:
    quoted = redemption.quote(
        session, code=row.id, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at
    )
    terms = repository.terms_of(session, row)
    if not isinstance(quoted, Quote):
        return quoted
    if terms is None:
        raise RuntimeError(f"coupon {row.id} names a campaign version that is not stored")
    group = terms.stacking.group or row.campaign_id
    place = stacking.Place(row.id, group, terms.stacking.combinable, terms.stacking.after, terms.priority)
    return bundles.option(place, row.title, quoted, terms.benefit, lines)


def _clash(one: bundles.Option, taken: Sequence[bundles.Option]) -> Fail | None:
    """Which two, and why."""
    for other in taken:
        if why := stacking.against(one.place, other.place):
            return Fail(ReasonCode.COUPONS_DO_NOT_COMBINE, {"one": one.title, "other": other.title, "why": why})
    return None
