"""Coupons on an order: quote, redeem, release, give back. Exactly once, whoever else tries at the same time.

Owns the moves of an order's coupons; reserving.py takes them for it, till.py owns those at the till, expiry.py those of time
and withdrawal. Every move is one conditional UPDATE of the coupon row (`moves.move`) that must touch exactly one row, with its ledger entry and counter
in the same transaction. Must not speak to the network and must not raise for a coupon that merely does not apply:
quote answers `Refused` with every reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel import trace_steps
from app.kernel.db import moved
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from app.kernel.verdict import Fail
from app.security.devices import freezing
from offers import caveats, codes, explanation, identity, late_payment, moves, pricing, repository
from offers.contracts import CouponRedeemed, CouponReleased, CouponState, Quote, QuoteLine, Refused
from offers.errors import CouponFrozen
from offers.ledger import Books, held_minor
from offers.models import CouponRow, Hold, Redemption
from offers.reasons import Audience, ReasonCode, Weighed

ORDER = "order"


def refused(coupon_id: str | None, against: Sequence[Fail]) -> Refused:
    reasons = (explanation.reason(Weighed(str(f.reason), False, dict(f.facts)), Audience.SHOPPER) for f in against)
    return Refused(coupon_id, tuple(reasons))


def find(session: Session, code: str) -> CouponRow | Fail:
    """By code as typed, or by coupon id (the phone knows it)."""
    if code.startswith("cpn_"):
        row = repository.coupon_row(session, code)
    else:
        canonical = codes.normalise(code)
        if canonical is None:
            return Fail(ReasonCode.CODE_MISTYPED)
        row = repository.coupon_row_by_code(session, canonical)
    return row if row is not None else Fail(ReasonCode.CODE_UNKNOWN)


def state_refusal(session: Session, coupon: CouponRow, at: datetime, frozen: bool | None = None) -> Fail | None:
    """What the coupon's state alone says against using it now; None when it is free (or its reservation has lapsed).

    `frozen`: whether its holder is, where that has been looked up already."""
    match coupon.state:
        case CouponState.REDEEMED:
            use = repository.standing_redemptions(session, [coupon]).get(coupon.id)
            facts = (
                {"redeemed_at": use.redeemed_at.isoformat(), "place_id": use.place_id, "channel": use.channel}
                if use
                else {}
            )
            return Fail(ReasonCode.COUPON_ALREADY_REDEEMED, facts)
        case CouponState.REVOKED:
            return Fail(ReasonCode.COUPON_REVOKED)
        case CouponState.EXPIRED:
            return Fail(ReasonCode.COUPON_EXPIRED, {"expired_at": coupon.expires_at.isoformat()})
        case CouponState.RESERVED if not moves.lapsed(coupon, at):
            return Fail(ReasonCode.COUPON_RESERVED)
        case _:
            cold = freezing.frozen(session, coupon.shopper_id) if frozen is None else frozen
            return Fail(ReasonCode.DEVICE_STANDING) if cold else None


def refuse_frozen(session: Session, coupon: CouponRow) -> None:
    """After the move, in its transaction: raises CouponFrozen when the holder was frozen meanwhile, and nothing is kept. A freeze that
    begins now waits for this transaction. What is already held by an order is not asked: it may have been paid for."""
    if freezing.frozen(session, coupon.shopper_id, locked=True):
        raise CouponFrozen


def _priced(
    session: Session,
    coupon: CouponRow,
    lines: Sequence[QuoteLine],
    currency: str,
    shopper_id: str,
    place_id: str | None,
    at: datetime,
) -> Quote | tuple[Fail, ...]:
    """Everything but the state: caveats and price. A holder who is not the shopper learns nothing else."""
    bound = caveats.from_json(coupon.caveats)
    if repository.owner(session, coupon) == shopper_id:
        shopper_id = coupon.shopper_id  # given to her before she signed in, under the id she had then
    used = identity.used_by_same(session, coupon, bound)
    context = caveats.Context(at, caveats.APP, shopper_id, place_id, coupon.trust, used_by_same=used)
    against = caveats.refusals(bound, context)
    if any(f.reason == ReasonCode.WRONG_HOLDER for f in against):
        return (Fail(ReasonCode.WRONG_HOLDER),)
    definition = repository.terms_of(session, coupon)
    if definition is None:
        raise RuntimeError(f"coupon {coupon.id} names a campaign version that is not stored")
    priced = pricing.price(
        definition.benefit,
        lines,
        coupon_id=coupon.id,
        coupon_currency=coupon.currency,
        currency=currency,
        bound_minor=coupon.bound_minor,
        benefit_text=coupon.benefit_text,
    )
    if isinstance(priced, Quote):
        return against or replace(priced, title=coupon.title)
    return (*against, *priced)


def quote(
    session: Session,
    *,
    code: str,
    shopper_id: str,
    lines: Sequence[QuoteLine],
    currency: str,
    place_id: str | None,
    at: datetime,
) -> Quote | Refused:
    """What the coupon (by code or by its id) would give on these lines now; changes nothing."""
    coupon = find(session, code)
    if isinstance(coupon, Fail):
        return refused(None, [coupon])
    priced = _priced(session, coupon, lines, currency, shopper_id, place_id, at)
    if not isinstance(priced, Quote) and priced[0].reason == ReasonCode.WRONG_HOLDER:
        return refused(None, priced)
    state = state_refusal(session, coupon, at)
    if state is not None and state.reason == ReasonCode.COUPON_EXPIRED and not isinstance(priced, Quote):
        state = None  # the window caveat has said so already
    against = ((state,) if state is not None else ()) + (() if isinstance(priced, Quote) else priced)
    return priced if isinstance(priced, Quote) and not against else refused(coupon.id, against)


def holds_of(session: Session, order_id: str) -> list[Hold]:
    """What the order holds or has held, by coupon."""
    rows = select(Hold).where(Hold.order_id == order_id).order_by(Hold.coupon_id)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def _hold_of(session: Session, order_id: str, coupon_id: str) -> Hold | None:
    row = select(Hold).where(Hold.order_id == order_id, Hold.coupon_id == coupon_id)
    return session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()


def _each(session: Session, order_id: str, act: Callable[[str], bool]) -> bool:
    """`act` on every coupon of the order, by id; True if there is one and all did it."""
    coupon_ids = [held.coupon_id for held in holds_of(session, order_id)]
    if len(coupon_ids) > 1:
        moves.locked(session, coupon_ids)
    done = [act(coupon_id) for coupon_id in coupon_ids]
    return bool(done) and all(done)


def _close_hold(
    session: Session, order_id: str, coupon_id: str, from_states: Sequence[str], to: str, at: datetime, why: str | None
) -> bool:
    row = update(Hold).where(Hold.order_id == order_id, Hold.coupon_id == coupon_id, Hold.state.in_(from_states))
    return moved(session, row.values(state=to, closed_at=at, closed_why=why))


def redeem(session: Session, *, order_id: str, at: datetime) -> bool:
    """reserved -> redeemed for this order, each coupon it holds; True if this call did it for all, False if it was done or
    nothing is held.

    Money is true only when the payment says so, and that may come after the reservation ran out: a coupon that nobody
    else has taken meanwhile is then redeemed all the same. One that has gone stays where it is, and the discount is booked
    (late_payment.py).
    """
    return _each(session, order_id, lambda coupon_id: _redeem_one(session, order_id, coupon_id, at))


def _redeem_one(session: Session, order_id: str, coupon_id: str, at: datetime) -> bool:
    for _ in range(moves.MOST_TRIES):
        held = _hold_of(session, order_id, coupon_id)
        if held is None or held.state in ("used", "given_back"):
            return False
        coupon = repository.coupon_row(session, coupon_id)
        if coupon is None or use_of(session, order_id, coupon_id) is not None:
            return False
        mine = coupon.state == CouponState.RESERVED and coupon.order_id == order_id
        late = coupon.state in (CouponState.ISSUED, CouponState.EXPIRED) and coupon.retracted_at is None
        if not mine and not late:
            if _close_hold(session, order_id, coupon_id, ("open", "released"), "used", at, ReasonCode.USED_ELSEWHERE):
                late_payment.book(session, coupon, _new_use(held, coupon, at), at)
            return False
        if _redeem(session, coupon, held, at):
            return True
    return False


def _redeem(session: Session, coupon: CouponRow, held: Hold, at: datetime) -> bool:
    from_state = coupon.state
    row = _new_use(held, coupon, at)
    to_values = {"order_id": held.order_id, "reserved_until": None, "redemption_id": row.id}
    if not moves.move(session, coupon, from_state, CouponState.REDEEMED, at, **to_values):
        return False
    if not _close_hold(session, held.order_id, coupon.id, ("open", "released"), "used", at, None):
        raise RuntimeError("the hold moved under its coupon; nothing was kept")
    record_use(session, coupon, row, from_state, held.order_id)
    return True


def use_of(session: Session, order_id: str, coupon_id: str) -> Redemption | None:
    """The order's use of the coupon as the database has it now, also one that was taken back."""
    row = select(Redemption).where(Redemption.order_id == order_id, Redemption.coupon_id == coupon_id)
    return session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()


def _new_use(held: Hold, coupon: CouponRow, at: datetime) -> Redemption:
    return Redemption(
        id=derived_id("red", held.order_id, coupon.id),
        coupon_id=coupon.id,
        campaign_id=coupon.campaign_id,
        channel=ORDER,
        order_id=held.order_id,
        place_id=held.place_id,
        clerk_id=None,
        discount_minor=held.discount_minor,
        currency=held.currency,
        redeemed_at=at,
    )


def record_use(session: Session, coupon: CouponRow, use: Redemption, from_state: str, cause: str, owner: str | None = None) -> None:
    """Write down a use, in an order or at a till: itself, its entry in the books with what it takes from the budget, and the news.

    `owner`: whose the coupon is, where that has been looked up already."""
    rows = [moves.kept(use)]
    if from_state == CouponState.EXPIRED:  # it holds nothing any more: what a late payment spends is taken anew
        late_payment.spend(session, coupon, from_state, CouponState.REDEEMED, use.discount_minor, use.redeemed_at, cause)
    else:
        books = Books(session, use.redeemed_at)
        held, spent = -held_minor(coupon), use.discount_minor
        books.enter(coupon, from_state, CouponState.REDEEMED, reserved_minor=held, spent_minor=spent, cause=cause)
        rows.append(books.rows())
    shopper_id = owner or repository.owner(session, coupon)
    trace_steps.link(session, coupon.id)  # from here to where it was issued
    event = CouponRedeemed(
        coupon.id,
        coupon.campaign_id,
        shopper_id,
        use.place_id,
        use.channel,
        use.order_id,
        use.discount_minor,
        use.currency,
        use.redeemed_at,
    )
    emit(session, event, subject=shopper_id, beside=rows)


def release(session: Session, *, order_id: str, at: datetime, why: str) -> bool:
    """reserved -> issued (or expired, or revoked when its moment was retracted meanwhile), each coupon the order holds; True
    if this call did it for all."""
    return _each(session, order_id, lambda coupon_id: _release_one(session, order_id, coupon_id, at, why))


def _release_one(session: Session, order_id: str, coupon_id: str, at: datetime, why: str) -> bool:
    for _ in range(moves.MOST_TRIES):
        held = _hold_of(session, order_id, coupon_id)
        if held is None or held.state != "open":
            return False
        coupon = repository.coupon_row(session, coupon_id)
        if coupon is None or coupon.state != CouponState.RESERVED or coupon.order_id != order_id:
            return False
        if _unreserve(session, coupon, order_id, at, why):
            return True
    return False


def renew(session: Session, *, order_id: str, at: datetime, ttl_s: int) -> bool:
    """The order is still being paid: its reservations last `ttl_s` from now, if that is longer. False: nothing to renew.

    A lapse that was decided on the earlier end finds another revision, and looks again.
    """
    until = at + timedelta(seconds=ttl_s)

    def hold_on(coupon_id: str) -> bool:
        row = update(CouponRow).where(
            CouponRow.id == coupon_id,
            CouponRow.order_id == order_id,
            CouponRow.state == str(CouponState.RESERVED),
            CouponRow.reserved_until < until,
        )
        return moved(session, row.values(reserved_until=until, revision=CouponRow.revision + 1))

    return _each(session, order_id, hold_on)


def lapse(session: Session, coupon: CouponRow, at: datetime, books: Books | None = None) -> bool:
    """The reservation ran out: as `release`, by time. With `books` the caller closes them (a sweep over many)."""
    if coupon.order_id is None or not moves.lapsed(coupon, at):
        return False
    return _unreserve(session, coupon, coupon.order_id, at, ReasonCode.RESERVATION_LAPSED, books)


def _unreserve(
    session: Session, coupon: CouponRow, order_id: str, at: datetime, why: str, shared: Books | None = None
) -> bool:
    home = moves.home_state(coupon, at)
    if not moves.move(session, coupon, CouponState.RESERVED, home, at, order_id=None, reserved_until=None):
        return False
    _close_hold(session, order_id, coupon.id, ("open",), "released", at, why)
    freed_minor = 0 if home == CouponState.ISSUED else held_minor(coupon)
    books = shared or Books(session, at)
    books.enter(coupon, CouponState.RESERVED, home, reserved_minor=-freed_minor, cause=order_id, why=why)
    if shared is None:
        books.close()
    emit(session, CouponReleased(coupon.id, coupon.campaign_id, coupon.shopper_id, why, at), subject=coupon.shopper_id)
    return True


def give_back(session: Session, *, order_id: str, at: datetime, why: str) -> bool:
    """redeemed -> issued (or expired, or revoked) because the order was refunded, each coupon it used; once per order. True if this
    call did it for all."""
    return _each(session, order_id, lambda coupon_id: _give_one_back(session, order_id, coupon_id, at, why))


def _give_one_back(session: Session, order_id: str, coupon_id: str, at: datetime, why: str) -> bool:
    if not _close_hold(session, order_id, coupon_id, ("used",), "given_back", at, why):
        return False
    coupon, use = repository.coupon_row(session, coupon_id), use_of(session, order_id, coupon_id)
    if coupon is None or use is None:
        raise RuntimeError("a used hold without its redemption")
    if coupon.redemption_id != use.id:
        return late_payment.unbook(session, coupon, use, at, why)
    if not moves.unuse(session, coupon, use, at, why):
        raise RuntimeError("the coupon moved under its redemption; nothing was kept")
    return True


def return_part(
    session: Session, *, order_id: str, coupon_id: str, amount_minor: int, at: datetime, cause: str, why: str
) -> bool:
    """Part of what the use of a coupon cost comes back to its campaign; the coupon stays used. The caller sees to it that this
    happens once for each `cause`. False when the use does not cost that much (any more)."""
    use, coupon = use_of(session, order_id, coupon_id), repository.coupon_row(session, coupon_id)
    if use is None or coupon is None:
        return False
    row = update(Redemption).where(
        Redemption.id == use.id,
        Redemption.undone_at.is_(None),
        Redemption.returned_minor + amount_minor <= Redemption.discount_minor,
    )
    if amount_minor < 0 or not moved(session, row.values(returned_minor=Redemption.returned_minor + amount_minor)):
        return False
    books = Books(session, at)
    books.enter(coupon, coupon.state, coupon.state, spent_minor=-amount_minor, cause=cause, why=why)
    books.close()
    return True
