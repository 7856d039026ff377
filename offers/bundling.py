"""The best legal bundle of the coupons a shopper holds, for the cart she has now.

Owns gathering the options: each living coupon is quoted by itself, as at checkout. Changes nothing. Must not reckon
(bundles.py) and must not reserve: an order holds one coupon.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from offers import bundles, redemption, repository
from offers.contracts import Bundle, CouponState, Quote, QuoteLine
from offers.stacking import Place


def best_bundle(
    session: Session,
    *,
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> Bundle:
    """Of all her coupons that apply by themselves. One that does not is not named: its own quote says why."""
    options: list[bundles.Option] = []
    for row in repository.coupons_of(session, shopper_id, since=at):
        if row.state != CouponState.ISSUED:
            continue
        quoted = redemption.quote(
            session, code=row.id, shopper_id=shopper_id, lines=lines, currency=currency, place_id=place_id, at=at
        )
        terms = repository.terms_of(session, row)
        if not isinstance(quoted, Quote) or terms is None:
            continue
        group = terms.stacking.group or row.campaign_id
        place = Place(row.id, group, terms.stacking.combinable, terms.stacking.after, terms.priority)
        options.append(bundles.option(place, row.title, quoted, terms.benefit, lines))
    return bundles.bundle(options, lines, currency)
