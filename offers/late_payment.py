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

from app.kernel.bulk import insert_together
from offers import ledger, moves
from offers.ledger import Books
from offers.models import Counter, CouponRow, Redemption
from offers.reasons import ReasonCode


def spend(
    session: Session,
    coupon: CouponRow,
    from_state: str,
    to_state: str,
    discount_minor: int,
    at: datetime,
    cause: str | None,
    why: str | None = None,
) -> None:
    """At the end of the transaction, take a discount that holds nothing from the campaign's budget, and enter it; what the budget
    does not have is entered as `budget_overrun`."""

    def take() -> None:
        claimed = moves.claim(session, coupon, discount_minor, Counter.budget_spent_minor)
        books = Books(session, at)
        books.enter(
            coupon,
            from_state,
            to_state,
            spent_minor=discount_minor,
            claimed_spent_minor=discount_minor if claimed else 0,
            cause=cause,
            why=why if claimed else ReasonCode.BUDGET_OVERRUN,
        )
        books.close()

    ledger.last(session, coupon.campaign_id, take)


def book(session: Session, coupon: CouponRow, use: Redemption, at: datetime) -> None:
    """The discount of an order whose coupon is with somebody else or withdrawn: money alone, the coupon stays where it is."""
    insert_together(session, moves.kept(use))
    state, why = coupon.state, ReasonCode.USED_ELSEWHERE
    spend(session, coupon, state, state, use.discount_minor, at, use.order_id, why)


def unbook(session: Session, coupon: CouponRow, use: Redemption, at: datetime, why: str) -> bool:
    """Take such a discount back, once, because its order was refunded. True if this call did it."""
    if not moves.undo(session, use, at, why):
        return False
    books = Books(session, at)
    books.enter(coupon, coupon.state, coupon.state, spent_minor=-use.spent_minor, cause=use.id, why=why)
    books.close()
    return True
