"""A coupon as a wallet pass: who may have it, what it says now, and the proof by which a wallet asks again.

Owns gathering the facts. Must not decide whether a coupon is good (the till does), and must not hand a pass to anybody but its holder or a
wallet that holds it. The places and the last hour, by which a wallet calls her, are on it only while she agrees to push messages.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.kernel.verdict import PASS
from app.privacy import gate
from app.privacy.purposes import Purpose
from app.security.devices import freezing
from app.security.sealing import keyed_hash
from geofences import facade as geofences
from notifications.passes.contents import PassFacts, Spot, Stage
from notifications.phrases import say
from notifications.preferences import language_of
from offers import facade as offers
from offers.contracts import CouponState, CouponView

_TOKEN = "wallet_pass"  # noqa: S105 - what the hash is for, not a secret
_STAGES = {CouponState.REDEEMED: Stage.COMPLETED, CouponState.EXPIRED: Stage.EXPIRED}


def token_of(coupon_id: str) -> str:
    """What the pass of this coupon shows when its wallet asks again. Nothing is stored; it opens this one pass and nothing else."""
    return keyed_hash(_TOKEN, coupon_id)


def is_token_of(coupon_id: str, given: str) -> bool:
    return hmac.compare_digest(token_of(coupon_id).encode(), given.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class LiveCodes:
    """For which coupons a till asks for a live code, as offers is set: for all, or above an amount of each currency."""

    required: bool = False
    above_minor: Mapping[str, int] | None = None


def facts_of(session: Session, coupon_id: str, *, origin: str, at: datetime, live_codes: LiveCodes) -> PassFacts | None:
    """None when there is no such coupon (any more). Ask whose it is first."""
    coupon = offers.coupon(session, coupon_id)
    if coupon is None:
        return None
    language = language_of(session, coupon.shopper_id)
    stage, against = _stands(session, coupon, at)
    why_not = say(against, language) if against else ""
    live = offers.live_coupon(
        session, coupon_id, device_id="", at=at, ttl_s=1, live_code_required=live_codes.required, live_code_above_minor=live_codes.above_minor
    )
    calls = gate.may(session, coupon.shopper_id, Purpose.MARKETING_PUSH, at) is PASS
    spots = _spots(session, coupon) if calls and not why_not else ()
    return PassFacts(
        serial=coupon.id,
        title=coupon.title,
        benefit=coupon.benefit_text,
        terms=coupon.terms_text,
        place=spots[0].name if len(coupon.place_ids) == 1 and spots else _where(session, coupon, language),
        link=f"{origin}/m/coupons/{coupon.id}",
        code=None if live is None or live.only else coupon.code,
        stage=stage,
        why_not=why_not,
        issued_at=coupon.issued_at,
        expires_at=coupon.expires_at,
        spots=spots,
        calls=calls,
        language=language,
    )


def _stands(session: Session, coupon: CouponView, at: datetime) -> tuple[Stage, str]:
    """Where it is, and what to say if it cannot be used."""
    state = CouponState.EXPIRED if coupon.state is CouponState.ISSUED and coupon.expires_at <= at else coupon.state
    if state is not CouponState.ISSUED:
        return _STAGES.get(state, Stage.INACTIVE), f"pass.{state.value}"
    return (Stage.INACTIVE, "pass.frozen") if freezing.frozen(session, coupon.shopper_id) else (Stage.ACTIVE, "")


def _where(session: Session, coupon: CouponView, language: str) -> str:
    names = sorted(place.name for place in geofences.places_by_ids(session, list(coupon.place_ids)).values())
    return names[0] if len(names) == 1 else say("pass.shops", language, count=len(names)) if names else say("pass.anywhere", language)


def _spots(session: Session, coupon: CouponView) -> tuple[Spot, ...]:
    """The stores it is good in, and the beacons in them that a phone can be told to listen for."""
    places = geofences.places_by_ids(session, list(coupon.place_ids))
    known = geofences.beacons(session) if places else {"zones": [], "beacons": []}
    place_of = {zone["id"]: zone["place_id"] for zone in known["zones"]}
    heard: dict[str, list[tuple[str, int, int]]] = {}
    for beacon in known["beacons"]:
        place_id = place_of.get(beacon["zone_id"])
        if place_id in places and (told := _ibeacon(beacon["kind"], beacon["identity"])) is not None:
            heard.setdefault(place_id, []).append(told)
    return tuple(Spot(p.name, p.lat_deg, p.lon_deg, tuple(heard.get(p.id, ()))) for p in sorted(places.values(), key=lambda place: place.id) if p.refused is None)


def _ibeacon(kind: str, identity: str | None) -> tuple[str, int, int] | None:
    """uuid, major and minor of an iBeacon; others a wallet cannot listen for."""
    parts = (identity or "").split(":")
    if kind != "ibeacon" or len(parts) != 3 or not (parts[1].isdigit() and parts[2].isdigit()):
        return None
    return parts[0], int(parts[1]), int(parts[2])
