"""A coupon as the phone shows it: whose shop, until when, how long that is still.

Owns these words alone. Pure: takes the coupon, the names of places and `now`. Must not decide whether a coupon is good.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from geofences.contracts import Place
from offers.contracts import CouponState, CouponView

DEFAULT_ZONE = "Europe/Helsinki"


@dataclass(frozen=True, slots=True)
class Card:
    """`place` names one shop, or says how many; `expires`, `left` and `ended` are sentences."""

    coupon: CouponView
    place: str
    expires: str
    left: str
    ended: str
    is_new: bool = False
    uses_left: int = 1
    """With this one, how many of its book are free."""


def left_text(seconds: float) -> str:
    """How long still: `2 d 3 h left`, `1 h 05 min left`, `9 min left`, `48 s left`; the page's script counts on from there."""
    s = int(seconds)
    if s <= 0:
        return "This offer has ended."
    days, hours, minutes = s // 86_400, s % 86_400 // 3600, s % 3600 // 60
    if days:
        return f"{days} d {hours} h left"
    if hours:
        return f"{hours} h {minutes:02d} min left"
    return f"{minutes} min left" if minutes else f"{s} s left"


def day_and_time(at: datetime, now: datetime, zone: str) -> str:
    """`14:02` today, `tomorrow 14:02`, else `24 November, 14:02`, by the clock of `zone`."""
    local, today = at.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone)).date()
    clock = local.strftime("%H:%M")
    away = (local.date() - today).days
    if away == 0:
        return clock
    return f"tomorrow {clock}" if away == 1 else f"{local.day} {local.strftime('%B')}, {clock}"


def place_text(place_ids: Sequence[str], places: Mapping[str, Place]) -> str:
    known = [places[i] for i in place_ids if i in places]
    if not known:
        return "Anywhere with us" if not place_ids else "A shop of ours"
    chains = {p.name.rsplit(" ", 1)[0] for p in known}
    if len(known) == 1:
        return known[0].name
    return f"{chains.pop()}, {len(known)} shops" if len(chains) == 1 else f"{len(known)} shops"


def cards(coupons: Sequence[CouponView], places: Mapping[str, Place], now: datetime, new: frozenset[str] = frozenset()) -> list[Card]:
    """In the order given; of a book that can be used several times only the next coupon, for all that are free."""
    free = Counter(c.decision_id for c in coupons if usable(c, now))
    out: list[Card] = []
    for c in sorted(coupons, key=lambda c: c.number):
        if not usable(c, now):
            out.append(card(c, places, now, is_new=c.id in new))
        elif free[c.decision_id]:
            is_new = any(one.id in new for one in coupons if one.decision_id == c.decision_id)
            out.append(replace(card(c, places, now, is_new=is_new), uses_left=free.pop(c.decision_id)))
    order = {c.id: n for n, c in enumerate(coupons)}
    return sorted(out, key=lambda one: order[one.coupon.id])


def card(coupon: CouponView, places: Mapping[str, Place], now: datetime, *, is_new: bool = False) -> Card:
    zone = next((places[i].timezone for i in coupon.place_ids if i in places), DEFAULT_ZONE)
    until = f"until {day_and_time(coupon.expires_at, now, zone)}"
    return Card(
        coupon,
        place_text(coupon.place_ids, places),
        until,
        left_text((coupon.expires_at - now).total_seconds()),
        _ended(coupon, places, now, zone),
        is_new,
    )


def _ended(coupon: CouponView, places: Mapping[str, Place], now: datetime, zone: str) -> str:
    match coupon.state:
        case CouponState.REDEEMED:
            when = day_and_time(coupon.redeemed_at, now, zone) if coupon.redeemed_at else ""
            place = places.get(coupon.redeemed_place_id or "")
            return f"Used {when}".strip() + (f" in {place.name}" if place else " in an order" if coupon.order_id else "")
        case CouponState.RESERVED:
            return "Part of an order that is being paid"
        case CouponState.EXPIRED:
            return f"Ended {day_and_time(coupon.expires_at, now, zone)}"
        case CouponState.REVOKED:
            return "Taken back by the shop"
        case _:
            return ""


def usable(coupon: CouponView, now: datetime) -> bool:
    """Shown among those ready to use. Whether it really is good is asked of `offers` at the till and in the cart."""
    return coupon.state is CouponState.ISSUED and coupon.expires_at > now
