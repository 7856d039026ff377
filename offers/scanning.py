"""From what a clerk scanned or typed to the coupon it means, and whether its phone showed it just now.

Owns the three forms: a signed coupon with its live code (QR), a code with or without live digits after it (typed, Code
128), an AI (8112) (GS1). Must not say whether the coupon is still good: till.py does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from sqlalchemy.orm import Session

from app.kernel.verdict import Fail
from app.security import people, rotating
from offers import caveats, codes, coupon_signing, coupon_token, gs1, gs1_coupons, repository
from offers.errors import CodeMistyped, ScanRefused, UnknownCode
from offers.models import CouponRow
from offers.till_reasons import SENTENCES, TillReason


@dataclass(frozen=True, slots=True)
class Scanned:
    """`live` when a live code of this moment was shown; `device` is then the mark of the phone."""

    coupon_id: str
    live: bool = False
    device: str | None = None
    coupon: CouponRow | None = field(default=None, compare=False, repr=False)
    """As it was when it was looked up by its code; None where the code is signed and tells the id alone."""


def refuse(fail: Fail) -> NoReturn:
    reason = TillReason(fail.reason)
    raise ScanRefused(SENTENCES[reason].format(**fail.facts), extra={"reason": str(reason), **fail.facts})


def scanned(
    session: Session,
    text: str,
    at: datetime,
    *,
    live_code_required: bool = False,
    live_code_above_minor: Mapping[str, int] | None = None,
) -> Scanned:
    """Raises CodeMistyped 422, ScanRefused 422 (with its reason), UnknownCode 404."""
    if text.strip().upper().startswith(coupon_token.PREFIX):
        judged = coupon_token.judge(text, at, coupon_signing.checker(at))
        if isinstance(judged, Fail):
            refuse(judged)
        return Scanned(judged.claims.coupon_id, True, judged.claims.device.hex())
    value = gs1.scanned(text.strip(" \t\r\n"))  # not the group separator, which Python takes for white space
    if value is not None:
        offer = gs1.parse(value)
        if isinstance(offer, Fail):
            refuse(offer)
        coupon, digits = gs1_coupons.coupon_of(session, offer), ""
    else:
        code, digits = codes.apart(text)
        canonical = codes.normalise(code)
        if canonical is None:
            raise CodeMistyped()
        coupon = repository.coupon_row_by_code(session, canonical)
    if coupon is None:
        raise UnknownCode()
    if digits:
        return _shown_by_her_phone(session, coupon, digits, at)
    if live_code_required or live_only(coupon, live_code_above_minor):
        refuse(Fail(TillReason.LIVE_CODE_NEEDED))
    return Scanned(coupon.id, coupon=coupon)


def live_only(coupon: CouponRow, above_minor: Mapping[str, int] | None) -> bool:
    """A code anybody could have copied is not enough for this one. `above_minor` by currency; in one that is not named, never."""
    most_minor = None if above_minor is None else above_minor.get(coupon.currency, 0)
    return caveats.live_needed(caveats.from_json(coupon.caveats), coupon.bound_minor, most_minor)


def alone_minor(session: Session, coupon: CouponRow, most_by_currency: Mapping[str, int] | None) -> int | None:
    """What a till without a network may take off by one that could take off more; None where any sum will do. In a currency that is not named, nothing."""
    if most_by_currency is None:
        return None
    alone = most_by_currency.get(coupon.currency, 0)
    face_minor = repository.most_minor(session, coupon)
    return None if face_minor is not None and face_minor <= alone else alone


def _shown_by_her_phone(session: Session, coupon: CouponRow, digits: str, at: datetime) -> Scanned:
    """Typed digits do not say which phone shows them: each live one of hers is tried, with the key of this and the last week."""
    told: rotating.Step | None = None
    for shopper_id in people.same_person(session, repository.owner(session, coupon)):
        for device in people.devices_of(session, shopper_id):
            for secret in coupon_signing.secrets_of(coupon.id, device.device_id, at):
                step = rotating.step_made(secret, digits, at.timestamp())
                if step is not None and step.good:
                    return Scanned(coupon.id, True, coupon_signing.device_mark(device.device_id).hex())
                told = told or step
    if told is None:
        refuse(Fail(TillReason.LIVE_CODE_WRONG))
    reason = TillReason.LIVE_CODE_LATE if told.late > 0 else TillReason.LIVE_CODE_EARLY
    refuse(Fail(reason, {"apart_s": abs(told.late) * rotating.STEP_S}))
