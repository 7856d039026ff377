"""`Fewer like this`: the shopper's wish is recorded and honoured by the next decision.

Owns the wish. Must not take the coupon away: she may still use what she has.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from offers import repository
from offers.errors import NoSuchCoupon
from offers.models import FewerWish


def fewer_like(session: Session, *, shopper_id: str, coupon_id: str, at: datetime) -> int:
    """Record the wish for the coupon's campaign; returns how often it has been made (the second mutes for good)."""
    coupon = repository.coupon_row(session, coupon_id)
    if coupon is None or repository.owner(session, coupon) != shopper_id:
        raise NoSuchCoupon()
    key = {"shopper_id": shopper_id, "campaign_id": coupon.campaign_id}
    if insert_new(session, FewerWish, {**key, "times": 1, "asked_at": at}, unique=["shopper_id", "campaign_id"]):
        return 1
    again = update(FewerWish).where(FewerWish.shopper_id == shopper_id, FewerWish.campaign_id == coupon.campaign_id)
    session.execute(again.values(times=FewerWish.times + 1, asked_at=at))
    row = session.get(FewerWish, (shopper_id, coupon.campaign_id), populate_existing=True)
    return row.times if row is not None else 1
