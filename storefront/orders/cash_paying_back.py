"""Money that was taken in cash goes back: out of a drawer, by the terminal it was paid with, or to her balance; each part of it once.

Owns these steps, each begun with the order's row locked, in one transaction with the drawer and the books: a drawer is never short of what the books say, and of
two tills one pays. Where it may be handed out is the rule in cash/paying_back.py. A clerk acts for the orders of her stores, and for another's only where the shop
lets money go back elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import derived_id
from app.kernel.verdict import Fail
from storefront.cash import books, claims, drawers
from storefront.cash.books import Account, Why
from storefront.cash.claims import Means
from storefront.cash.errors import CashBackRefused, NothingToPayOut
from storefront.cash.models import CashClaimRow
from storefront.cash.paying_back import may_hand_back
from storefront.errors import UnknownOrder
from storefront.orders import moves, returning
from storefront.orders.cash_taking import Places, of_stores
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.orders.repository import refunds_of, stands
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason, sentence


@dataclass(frozen=True, slots=True)
class Till:
    """Who pays back: a clerk of these stores, under the shop's rule for money that another store has taken."""

    by: str
    places: Places
    elsewhere_minor: Mapping[str, int]


def pay_out(session: Session, desk: CouponDesk, order_id: str, till: Till, *, at: datetime, to_balance: bool = False) -> int:
    """Everything that waits is paid out of her drawer, or by the terminal it was paid with; how much it is. `to_balance`: it becomes the shopper's balance instead.
    Raises UnknownOrder, NothingToPayOut, CashBackRefused, NoDrawerOpen, DrawerTooLow."""
    order, claim = _of_till(session, order_id, till)
    due = [row for row in refunds_of(session, order_id) if row.state == returning.DUE and row.amount_minor > row.credit_minor]
    if claim.state != claims.TAKEN or not stands(order) or not due:
        raise NothingToPayOut
    if to_balance:
        for row in due:
            row.credit_minor = row.amount_minor
        session.flush()
    drawer_id = "" if to_balance else _drawer(session, claim, till, sum(row.amount_minor - row.credit_minor for row in due))
    paid_minor = 0
    for row in due:
        minor = row.amount_minor - row.credit_minor
        if returning.finish(session, desk, row.id, at=at):
            paid_minor += minor
    if paid_minor:
        source = Account.DRAWER if claim.means == Means.CASH else Account.TERMINAL
        drawers.add(session, drawer_id, -paid_minor if source is Account.DRAWER else 0)
        books.enter(session, source, Account.SALES, paid_minor, claim.currency, Why.PAID_BACK, order_id=order_id, drawer_id=drawer_id, by=till.by, at=at)
        moves.note_paid_out(session, order_id, paid_minor)
    if returning.all_returned(session, order_id):
        back_minor = order.refunded_minor + paid_minor
        moves.refunded(session, desk, order_id, back_minor, StorefrontReason.REFUNDED_BY_STAFF, at=at)
    return paid_minor


def give_all_back(session: Session, desk: CouponDesk, order_id: str, till: Till, *, restock: bool, at: datetime) -> int:
    """She brings everything that is still out, and has its money in her hand: both or nothing. Returns how much that is. Raises what `pay_out` and returning.ask_return raise."""
    _of_till(session, order_id, till)
    line = OrderLineRow
    rows = session.execute(select(line.line_no, line.quantity - line.returned).where(line.order_id == order_id, line.returned < line.quantity)).all()
    left = {int(line_no): int(count) for line_no, count in rows}
    if left:
        returning.ask_return(session, order_id, left, refund_id=derived_id("rfd", order_id, "all at a till"), restock=restock, asked_by=till.by, to_credit=False, at=at)
    return pay_out(session, desk, order_id, till, at=at)


def _of_till(session: Session, order_id: str, till: Till) -> tuple[OrderRow, CashClaimRow]:
    """Locked. Raises UnknownOrder, for another store's too unless some of its money may go back here."""
    order, claim = of_stores(session, order_id, None)
    if claim.place_id is not None and claim.place_id not in till.places and not till.elsewhere_minor.get(claim.currency):
        raise UnknownOrder
    return order, claim


def _drawer(session: Session, claim: CashClaimRow, till: Till, minor: int) -> str:
    """The one she has open, if so much may go out of it. Raises NoDrawerOpen, CashBackRefused."""
    drawer_id = drawers.open_id(session, till.by, claim.currency)
    taken_at, here = (drawers.place_of(session, one) for one in (claim.drawer_id, drawer_id))
    verdict = may_hand_back(minor, claim.currency, taken_at=taken_at, here=here, elsewhere_minor=till.elsewhere_minor)
    if isinstance(verdict, Fail):
        raise CashBackRefused(sentence(verdict.reason) or "", extra={"reason": verdict.reason, "place_id": taken_at})
    return drawer_id
