"""At the till: the clerk scans or types the code, it is redeemed once, and can be undone within the minute.

Owns redeem_at_till and undo_at_till and the errors a clerk reads. The second scan says when and where the first one was.
Must not see the shopper: a till knows a code and a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import utc_text
from app.kernel.errors import Invalid
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.kernel.verdict import Fail
from app.security import holders
from app.security.asking import Asker
from app.security.devices import freezing
from app.security.enforcing import note_too_late
from geofences import facade as geofences
from offers import caveats, explanation, guarding, identity, moves, redemption, repository, scanning, schedule
from offers.contracts import CouponState, TillRedemption
from offers.errors import (
    AlreadyUndone,
    CouponAlreadyRedeemed,
    CouponExpired,
    CouponFrozen,
    CouponNotForHere,
    CouponNotNow,
    CouponReserved,
    CouponRevoked,
    NoSuchRedemption,
    NotYourRedemption,
    UndoTooLate,
    UnknownCode,
)
from offers.models import CouponRow, Redemption
from offers.reasons import Audience, ReasonCode
from offers.till_reasons import TillReason

UNDO_S = 60


def _shown(session: Session, at: datetime, place_id: str | None) -> tuple[str, str]:
    """(`21 November at 14:31`, place name) by the clock of the place; UTC where there is none."""
    place = geofences.place(session, place_id) if place_id is not None else None
    where = schedule.zone(place.timezone) if place is not None else None
    local = at.astimezone(where or UTC)
    clock = local.strftime("%H:%M") if where else local.strftime("%H:%M UTC")
    return f"{explanation.day_text(local.date())} at {clock}", place.name if place is not None else ""


def _already(session: Session, coupon: CouponRow) -> CouponAlreadyRedeemed:
    use = repository.standing_redemptions(session, [coupon]).get(coupon.id)
    if use is None:
        return CouponAlreadyRedeemed()
    when, name = _shown(session, use.redeemed_at, use.place_id)
    where = f"at the till of {name or 'another store'}" if use.channel == caveats.TILL else "in an online order"
    extra = {
        "redeemed_at": utc_text(use.redeemed_at),
        "place_id": use.place_id,
        "place_name": name or None,
        "channel": use.channel,
    }
    return CouponAlreadyRedeemed(f"This coupon has already been used: on {when}, {where}.", extra=extra)


def _refuse(session: Session, coupon: CouponRow, fail: Fail) -> NoReturn:
    match fail.reason:
        case ReasonCode.COUPON_ALREADY_REDEEMED:
            raise _already(session, coupon)
        case ReasonCode.COUPON_EXPIRED:
            when, _ = _shown(session, coupon.expires_at, coupon.place_id)
            raise CouponExpired(
                f"This coupon expired on {when}.",
                extra={"expired_at": utc_text(coupon.expires_at)},
            )
        case ReasonCode.COUPON_REVOKED:
            raise CouponRevoked()
        case ReasonCode.COUPON_RESERVED:
            raise CouponReserved()
        case ReasonCode.DEVICE_STANDING:
            raise CouponFrozen()
        case TillReason.LIVE_CODE_NEEDED:
            scanning.refuse(fail)
        case ReasonCode.PLACE_NOT_COVERED:
            raise CouponNotForHere()
        case _:
            text = explanation.say(fail.reason, dict(fail.facts), Audience.CLERK)
            raise CouponNotNow(text, extra={"reason": str(fail.reason)})


def redeem_at_till(
    session: Session,
    *,
    code: str,
    place_id: str,
    clerk_id: str,
    at: datetime,
    undo_s: int = UNDO_S,
    discount_minor: int | None = None,
    discount_currency: str | None = None,
    live_code_required: bool = False,
    live_code_above_minor: Mapping[str, int] | None = None,
    asker: Asker | None = None,
) -> TillRedemption:
    """issued -> redeemed at `place_id`, if the rules let `asker` (None: the house itself, which is not asked). `discount_minor` is what the till took off, where it says so (else the most it may), in the coupon's currency or the one it names.

    `code` in any form of scanning.py; with `live_code_required` one without a live code (a picture, a paper) is refused, else where
    the campaign says so or, if it says nothing, the coupon may take off more than `live_code_above_minor` of its currency.
    Raises UnknownCode 404, CodeMistyped 422, ScanRefused 422 (with its reason), CouponAlreadyRedeemed 409 (when and where),
    CouponReserved 409, CouponNotForHere 409, CouponExpired 410, CouponRevoked 410.
    """
    shown = scanning.scanned(
        session, code, at, live_code_required=live_code_required, live_code_above_minor=live_code_above_minor
    )
    for tried in range(moves.MOST_TRIES):
        coupon = (None if tried else shown.coupon) or repository.coupon_row(session, shown.coupon_id)
        if coupon is None:
            raise UnknownCode()
        if redemption.lapse(session, coupon, at):
            continue
        holder = holders.holder(session, coupon.shopper_id, at, locked=True)
        state = redemption.state_refusal(session, coupon, at, holder.frozen)
        if state is not None:
            _refuse(session, coupon, state)
        bound = caveats.from_json(coupon.caveats)
        used = identity.used_by_same(session, coupon, bound)
        context = caveats.Context(
            at, caveats.TILL, None, place_id, coupon.trust, device=shown.device, used_by_same=used
        )
        against = caveats.refusals(bound, context)
        if against:
            _refuse(session, coupon, against[0])
        if discount_minor is not None and discount_currency not in (None, coupon.currency):
            raise Invalid.field("discount_minor", f"this coupon counts in {coupon.currency}; leave the sum out")
        if asker is not None:
            guarding.may_redeem(session, asker, coupon, shown, discount_minor, holder.lately, at)
        use = _redeem(session, coupon, place_id, clerk_id, at, discount_minor, holder.id)
        if use is not None:
            identity.hold_limit(session, coupon)
            return TillRedemption(
                use.id, coupon.id, coupon.title, coupon.benefit_text, place_id, at, at + timedelta(seconds=undo_s)
            )
    raise CouponReserved()


def _worth_minor(session: Session, coupon: CouponRow, given_minor: int | None) -> int:
    """What this use costs the campaign. The till need not say: then an amount is its face, anything else its bound."""
    if given_minor is not None:
        if given_minor < 0 or (coupon.bound_minor is not None and given_minor > coupon.bound_minor):
            most = "" if coupon.bound_minor is None else f", and at most {Money(coupon.bound_minor, coupon.currency).display()}"
            raise Invalid.field("discount_minor", f"this coupon takes off 0 or more{most}")
        return given_minor
    return repository.most_minor(session, coupon) or 0


@dataclass(frozen=True, slots=True)
class ToldLater:
    """A use that nobody could be asked about when it was made; `doubts` are the reasons for which it would not have been then."""

    use: Redemption
    doubts: tuple[str, ...]


def redeem_later(
    session: Session,
    *,
    shown: scanning.Scanned,
    place_id: str,
    clerk_id: str,
    at: datetime,
    now: datetime,
    given_minor: int | None = None,
    asker: Asker | None = None,
) -> ToldLater | Fail:
    """A use at `at` by a till that had no network, told only `now`. A coupon that has expired meanwhile was good then.

    What the till knew by itself can still be against it. What only the house knew (the rules `asker` is asked by, on the facts of
    then, and the limit for one person) cannot: the shopper has her discount, and the coupon must not be good a second time.
    Fail(coupon_reserved) while an unfinished order holds it, Fail(device_standing) while its holder is frozen: ask again when that is over.
    """
    for _ in range(moves.MOST_TRIES):
        coupon = repository.coupon_row(session, shown.coupon_id)
        if coupon is None:
            return Fail(ReasonCode.CODE_UNKNOWN)
        if redemption.lapse(session, coupon, now):
            continue
        state = redemption.state_refusal(session, coupon, now)
        if state is not None and state.reason != ReasonCode.COUPON_EXPIRED:
            return state
        if coupon.retracted_at is not None:
            return Fail(ReasonCode.COUPON_REVOKED)
        if freezing.frozen(session, coupon.shopper_id):
            return Fail(ReasonCode.DEVICE_STANDING)
        bound = caveats.from_json(coupon.caveats)
        used = identity.used_by_same(session, coupon, bound)
        context = caveats.Context(at, caveats.TILL, None, place_id, coupon.trust, device=shown.device, used_by_same=used)
        against = caveats.refusals(bound, context)
        known_there = [fail for fail in against if fail.reason != ReasonCode.PERSON_LIMIT_USED]
        if known_there:
            return known_there[0]
        use = _redeem(session, coupon, place_id, clerk_id, at, _within_bound(coupon, given_minor))
        if use is not None:
            late = _refused_by_rules(session, coupon, shown, given_minor, at, now, asker)
            return ToldLater(use, (*(str(fail.reason) for fail in against), *late))
    return Fail(ReasonCode.COUPON_RESERVED)


def _within_bound(coupon: CouponRow, given_minor: int | None) -> int | None:
    """What a till took off beyond the coupon's bound is its own loss: the campaign never pays more."""
    return given_minor if given_minor is None or coupon.bound_minor is None else min(given_minor, coupon.bound_minor)


def _refused_by_rules(
    session: Session, coupon: CouponRow, shown: scanning.Scanned, given_minor: int | None, at: datetime, now: datetime, asker: Asker | None
) -> tuple[str, ...]:
    if asker is None:
        return ()
    lately = holders.holder(session, coupon.shopper_id, at).lately
    decision = guarding.would_let(session, asker, coupon, shown, given_minor, lately)
    if decision.allowed:
        return ()
    note_too_late(session, asker.principal, decision, at=now)
    return decision.reasons


def _redeem(
    session: Session, coupon: CouponRow, place_id: str, clerk_id: str, at: datetime, discount_minor: int | None, owner: str | None = None
) -> Redemption | None:
    """`owner`: whose it is, by somebody who has seen that she is not frozen, and holds her so."""
    from_state = coupon.state
    worth_minor = _worth_minor(session, coupon, discount_minor)
    redemption_id = new_id("red")
    if not moves.move(session, coupon, from_state, CouponState.REDEEMED, at, *moves.FREE, redemption_id=redemption_id):
        return None
    if owner is None:  # else she was looked at, and held, before
        redemption.refuse_frozen(session, coupon)
    use = Redemption(
        id=redemption_id,
        coupon_id=coupon.id,
        campaign_id=coupon.campaign_id,
        channel=caveats.TILL,
        order_id=None,
        place_id=place_id,
        clerk_id=clerk_id,
        discount_minor=worth_minor,
        currency=coupon.currency,
        redeemed_at=at,
    )
    redemption.record_use(session, coupon, use, from_state, redemption_id, owner)
    return use


def undo_at_till(
    session: Session, *, redemption_id: str, clerk_id: str, at: datetime, undo_s: int = UNDO_S, asker: Asker | None = None
) -> None:
    """redeemed -> issued again, by the clerk who redeemed it, within `undo_s`, if the rules let `asker`.

    Raises NoSuchRedemption 404, NotYourRedemption 403, UndoTooLate 409, AlreadyUndone 409.
    """
    use = session.execute(
        select(Redemption).where(Redemption.id == redemption_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if use is None or use.channel != caveats.TILL:
        raise NoSuchRedemption()
    if use.clerk_id != clerk_id:
        raise NotYourRedemption()
    if use.undone_at is not None:
        raise AlreadyUndone()
    if at > use.redeemed_at + timedelta(seconds=undo_s):
        until, _ = _shown(session, use.redeemed_at + timedelta(seconds=undo_s), use.place_id)
        raise UndoTooLate(f"It could be undone until {until}; the redemption stands.")
    if asker is not None:
        guarding.may_undo(session, asker, clerk_id, at)
    coupon = repository.coupon_row(session, use.coupon_id)
    if coupon is None or not moves.unuse(session, coupon, use, at, ReasonCode.UNDONE_AT_TILL):
        raise AlreadyUndone()
