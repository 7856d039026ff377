"""Signing coupons for the phone that shows them, and the checker for what comes back.

Owns which claims a coupon gets, and the keys (app/security/signing.py makes them). Must not decide whether the coupon is
still good: the ledger does, at the till or when the till's journal arrives.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.clock import utc_text
from app.security import rotating, sealing, signing
from app.security.signing import CheckingKey
from offers import caveats, coupon_token
from offers.contracts import COUPON_SIGNING
from offers.coupon_token import CheckedKey, Checker, Claims
from offers.models import CouponRow

PURPOSE, LIVE_PURPOSE = COUPON_SIGNING, "offers_live_code"


@dataclass(frozen=True, slots=True)
class Signed:
    """What the phone keeps: the text without a live code, the secret that live codes are made with, and until when both count."""

    text: str
    secret: bytes
    good_until: datetime


def device_mark(device_id: str) -> bytes:
    return bytes.fromhex(sealing.keyed_hash("offers_device_mark", device_id))[: coupon_token.MARK_BYTES]


def _holder_mark(shopper_id: str) -> bytes:
    return bytes.fromhex(sealing.keyed_hash("offers_holder_mark", shopper_id))[: coupon_token.MARK_BYTES]


def live_key(key: CheckingKey) -> bytes:
    """It goes with its signing key: a till that lost it learns the next one with the next bundle."""
    return signing.secret_beside(PURPOSE, key, LIVE_PURPOSE)


def claims_of(coupon: CouponRow, device_id: str, at: datetime, ttl_s: int, alone_minor: int | None = None) -> Claims:
    """The coupon's own caveats as claims, for one phone, good for `ttl_s` at most."""
    bound = caveats.from_json(coupon.caveats)
    places = next(
        (tuple(map(coupon_token.place_mark, c.place_ids)) for c in bound if isinstance(c, caveats.Places)), None
    )
    channels = next((c for c in bound if isinstance(c, caveats.Channels)), caveats.Channels(in_app=True, at_till=True))
    starts_at = next((c.starts_at for c in bound if isinstance(c, caveats.Window)), coupon.issued_at)
    return Claims(
        key_id=signing.checking_key(PURPOSE, at).id,
        coupon_id=coupon.id,
        device=device_mark(device_id),
        holder=_holder_mark(coupon.shopper_id),
        at_till=channels.at_till,
        in_app=channels.in_app,
        trust=coupon.trust,
        min_trust=next((c.minimum for c in bound if isinstance(c, caveats.Trust)), "claimed"),
        uses=next((c.maximum for c in bound if isinstance(c, caveats.Uses)), 1),
        issued_at=at,
        good_until=min(coupon.expires_at, at + timedelta(seconds=ttl_s)),
        starts_at=starts_at,
        ends_at=coupon.expires_at,
        places=places,
        benefit_text=coupon.benefit_text,
        alone_minor=alone_minor,
        currency=coupon.currency,
    )


def sign(coupon: CouponRow, device_id: str, at: datetime, ttl_s: int, alone_minor: int | None = None) -> Signed | None:
    """None for a coupon of more places than a code can carry: its live code stands behind its typed code, and needs a network."""
    claims = claims_of(coupon, device_id, at, ttl_s, alone_minor)
    if claims.places is not None and len(claims.places) > coupon_token.MOST_PLACES:
        return None
    body = coupon_token.body(claims)
    text = coupon_token.signed_text(body, signing.sign(PURPOSE, coupon_token.CONTEXT + body, at))
    return Signed(text, secrets_of(coupon.id, device_id, at)[0], claims.good_until)


def secret_of(coupon_id: str, device_id: str, key: CheckingKey) -> bytes:
    return rotating.device_secret(live_key(key), coupon_token.id_bytes(coupon_id), device_mark(device_id))


def secrets_of(coupon_id: str, device_id: str, at: datetime) -> list[bytes]:
    """With the key of this week, then that of the last: the phone may not have asked since."""
    last, this, _ = signing.checking_keys(PURPOSE, at)
    return [secret_of(coupon_id, device_id, key) for key in (this, last)]


def checker(at: datetime) -> Checker:
    """Knows the keys that are good at `at`: a coupon of a key that is past its overlap is as unknown as a stranger's."""
    known = {key.id: key for key in signing.known_keys(PURPOSE, at)}

    def check(key_id: bytes, message: bytes, signature: bytes) -> CheckedKey | None:
        key = known.get(key_id)
        if key is None:
            return None
        return CheckedKey(signing.checks(key.public, message, signature), live_key(key), revoked=key.revoked(at))

    return check


def revoked_keys(at: datetime) -> list[dict[str, str]]:
    """Of these weeks, with when they ended: what they signed counts no more, however new it looks."""
    return [
        {"kid": key.id.hex(), "good_until": utc_text(key.good_until), "revoked_at": utc_text(key.revoked_at)}
        for key in signing.known_keys(PURPOSE, at)
        if key.revoked_at is not None
    ]


def public_keys(at: datetime) -> list[dict[str, str]]:
    """As a JSON Web Key Set (RFC 7517, RFC 8037), with the times each is good for. Nothing secret."""
    return [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "kid": key.id.hex(),
            "x": base64.urlsafe_b64encode(key.public).decode().rstrip("="),
            "signs_from": utc_text(key.signs_from),
            "signs_until": utc_text(key.signs_until),
            "good_until": utc_text(key.good_until),
        }
        for key in signing.checking_keys(PURPOSE, at)
    ]
