"""The coupon as its holder's phone shows it: signed, with a code that changes by itself.

Owns what the phone is given. Must not give it to anybody but the holder (endpoints ask whose it is), and must not store it:
all of it can be made again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from app.security import rotating
from offers import codes, coupon_signing, coupon_token, repository, scanning
from offers.contracts import CouponState, LiveCoupon


def live_coupon(
    session: Session,
    coupon_id: str,
    *,
    device_id: str,
    at: datetime,
    ttl_s: int,
    live_code_required: bool = False,
    live_code_above_minor: Mapping[str, int] | None = None,
    till_offline_most_minor: Mapping[str, int] | None = None,
) -> LiveCoupon | None:
    """For one phone, for `ttl_s` at most; None when the coupon is not to be used now."""
    row = repository.coupon_row(session, coupon_id)
    if row is None or row.state != CouponState.ISSUED or row.expires_at <= at:
        return None
    signed = coupon_signing.sign(row, device_id, at, ttl_s, scanning.alone_minor(session, row, till_offline_most_minor))
    secret = coupon_signing.secrets_of(row.id, device_id, at)[0]
    step = rotating.step_of(at.timestamp())
    digits = rotating.hotp(secret, step)
    code = repository.coupon_views(session, [row])[0].code
    plain = codes.normalise(code) or ""
    stem = plain if signed is None else coupon_token.with_live_code(signed.text, "")
    return LiveCoupon(
        coupon_id=row.id,
        text=stem + digits,
        typed=f"{code} {digits[:4]} {digits[4:]}",
        bars=plain + digits,
        signed=signed.text if signed else "",
        stem=stem,
        secret=base64.b64encode(secret).decode(),
        step_s=rotating.STEP_S,
        shown_at=at,
        changes_at=datetime.fromtimestamp((step + 1) * rotating.STEP_S, UTC),
        good_until=min(row.expires_at, at + timedelta(seconds=ttl_s)),
        only=live_code_required or scanning.live_only(row, live_code_above_minor),
    )
