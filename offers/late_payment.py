"""A payment that is confirmed after the coupon of its order has gone: the discount was given, so it is booked, visibly.

Owns what is then taken from the budget, by the same conditional UPDATE that issuing uses, and the mark
`budget_overrun` on what the budget no longer had. The order keeps its price: the shopper has paid it. A campaign over its
budget issues nothing more, since every claim asks for room. Must not use a coupon a second time: one that is with somebody
else, or was withdrawn, stays where it is. (It takes a house that was down for longer than the reservation's grace to come
here at all: an order whose payment is under way keeps renewing its reservation.)
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from offers import moves
from offers.ledger import Books
from offers.models import Counter, CouponRow, Redemption
from offers.reasons import ReasonCode


def claim_spent(session: Session, coupon: CouponRow, discount_minor: int) -> bool:
    """Take a discount that holds nothing from the campaign's budget; False when the budget does not have it."""
    return moves.claim(session, coupon, discount_minor, Counter.budget_spent_minor)


def book(session: Session, coupon: CouponRow, use: Redemption, at: datetime) -> None:
    """The discount of an order whose coupon is with somebody else or withdrawn: money alone, the coupon stays where it is."""
    claimed = claim_spent(session, coupon, use.discount_minor)
    moves.keep(session, use)
    books = Books(session, at)
    books.enter(
        coupon,
        coupon.state,
        coupon.state,
        spent_minor=use.discount_minor,
        claimed_spent_minor=use.discount_minor if claimed else 0,
        cause=use.order_id,
        why=ReasonCode.USED_ELSEWHERE if claimed else ReasonCode.BUDGET_OVERRUN,
    )
    books.close()


def unbook(session: Session, coupon: CouponRow, use: Redemption, at: datetime, why: str) -> bool:
    """Take such a discount back, once, because its order was refunded. True if this call did it."""
    if not moves.undo(session, use, at, why):
        return False
    books = Books(session, at)
    books.enter(coupon, coupon.state, coupon.state, spent_minor=-use.spent_minor, cause=use.id, why=why)
    books.close()
    return True
