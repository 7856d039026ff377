"""What every page of the phone shows around its content: the bottom navigation with its two counts.

Owns reading those counts and the coupon cards. Must not decide anything.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.security import people
from app.web.shopper.cards import Card, cards, usable
from geofences import facade as geofences
from offers import facade as offers
from offers.contracts import CouponView
from storefront import facade as storefront


def cards_of(session: Session, coupons: list[CouponView], now: datetime, new: frozenset[str] = frozenset()) -> list[Card]:
    """Coupons with the names of their places, books as one."""
    ids = {i for c in coupons for i in c.place_ids} | {c.redeemed_place_id for c in coupons if c.redeemed_place_id}
    places = geofences.places_by_ids(session, sorted(ids))
    return cards(coupons, places, now, new)


def ready_coupons(session: Session, shopper_id: str, now: datetime) -> list[CouponView]:
    """Those she can use now, the newest first."""
    found = [c for c in offers.wallet(session, shopper_id, now, with_codes=False) if usable(c, now)]
    return sorted(found, key=lambda c: c.issued_at, reverse=True)


def frame(session: Session, shopper_id: str, here: str, now: datetime) -> dict[str, Any]:
    """The context of shopper/frame.html."""
    return {
        "signed_in": True,
        "here": here,
        "offers_ready": len({c.decision_id for c in ready_coupons(session, shopper_id, now)}),
        "cart_items": storefront.at_counter.cart_size(session, shopper_id),
    }


def joined_lately(session: Session, shopper_id: str, now: datetime) -> dict[str, Any]:
    """The context of shopper/joined.part.html."""
    joined = people.last_joined(session, shopper_id, now)
    ids = joined.told.get("left_out", []) if joined is not None else []
    return {"joined": joined, "left_out": list(storefront.products_by_ids(session, ids).values())}


OUTSIDE: dict[str, Any] = {"signed_in": False, "here": "", "offers_ready": 0, "cart_items": 0}
"""The frame for somebody who is not (or no longer) known here."""
