"""Our coupons as AI (8112): funder is the house's own GS1 company prefix, the offer code tells the campaign, the serial number the coupon.

Owns which coupon a value means. A value is not stored: its keyed hash finds the coupon, and the house can make it again.
Must not say whether the coupon is still good, nor whether this form of it is enough: scanning.py and till.py do.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.security import sealing
from offers import gs1, repository
from offers.gs1 import PositiveOffer
from offers.models import CouponRow, Gs1Serial

FORMAT_CODE = "0"
MOST_TURNS = 8
"""Fifteen digits of two coupons meet once in 10^15: a second turn is rare, an eighth means that something else is wrong."""


def offer_of(session: Session, coupon: CouponRow, funder_id: str) -> PositiveOffer:
    """The same value each time. The first time it is written down which coupon it means, so give it a transaction."""
    known = session.execute(select(Gs1Serial).where(Gs1Serial.coupon_id == coupon.id)).scalar_one_or_none()
    if known is not None:
        offer = _offer(coupon, funder_id, known.turn)
        if known.value_hash == _hash(offer):
            return offer
        session.delete(known)  # made under another company prefix: that value is no coupon any more
        session.flush()
    for turn in range(MOST_TURNS):
        offer = _offer(coupon, funder_id, turn)
        row = {"value_hash": _hash(offer), "coupon_id": coupon.id, "turn": turn}
        if insert_new(session, Gs1Serial, row, unique=["value_hash"]) or coupon_of(session, offer) is coupon:
            return offer
    raise RuntimeError("no free GS1 serial number was found")


def coupon_of(session: Session, offer: PositiveOffer) -> CouponRow | None:
    """The coupon that exactly this value means, or None: another funder's, another's, or never given."""
    coupon_id = session.scalar(select(Gs1Serial.coupon_id).where(Gs1Serial.value_hash == _hash(offer)))
    return None if coupon_id is None else repository.coupon_row(session, coupon_id)


def forget(session: Session, coupon_ids: Sequence[str]) -> None:
    """Their holder was erased: no value means these coupons any more."""
    session.execute(delete(Gs1Serial).where(Gs1Serial.coupon_id.in_(coupon_ids)))


def _offer(coupon: CouponRow, funder_id: str, turn: int) -> PositiveOffer:
    offer_code = _digits("offers_gs1_offer", coupon.campaign_id, gs1.OFFER_DIGITS)
    return PositiveOffer(
        FORMAT_CODE, funder_id, offer_code, _digits("offers_gs1_serial", f"{coupon.id} {turn}", max(gs1.SERIAL_DIGITS))
    )


def _digits(purpose: str, value: str, count: int) -> str:
    return f"{int(sealing.keyed_hash(purpose, value), 16) % 10**count:0{count}d}"


def _hash(offer: PositiveOffer) -> str:
    return sealing.keyed_hash("offers_gs1_value", offer.value)
