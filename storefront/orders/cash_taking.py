"""Money in hand: taken by a clerk at the till or a courier at the door, refused there, and paid back at the till; each once.

Owns these steps, each begun with the order's row locked: of two clerks who take the same money at once one does it, and of taking, cancelling and expiring one
wins. Money goes into the drawer the clerk has open. A clerk acts for the orders of her stores and for those of none; another's order is as none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.money import Money
from storefront.addresses import repository as addresses
from storefront.cash import books, claims, drawers
from storefront.cash.books import Account, Why
from storefront.cash.claims import Means, Paid
from storefront.cash.errors import CashNotDue, NothingToPayOut, TooLittleCash
from storefront.cash.models import CashClaimRow
from storefront.cash.risk import PayBy
from storefront.cash_contracts import CashAtStore, CashTaken
from storefront.collection import proof
from storefront.collection import repository as collections
from storefront.contracts import OrderState
from storefront.errors import HandOverRefused, UnknownOrder
from storefront.orders import fetching, moves, returning, shipping
from storefront.orders.models import OrderRow, RefundRow
from storefront.orders.repository import locked, refunds_of
from storefront.ports import CouponDesk
from storefront.reasons import StorefrontReason
from storefront.shipments import repository as shipments
from storefront.shipments.states import ShipmentState

Places = Collection[str]
MOST = 100


def take(
    session: Session, desk: CouponDesk, order_id: str, *, means: Means, tendered_minor: int, places: Places, by: str, at: datetime, code: str = ""
) -> CashTaken:
    """What is due, whole, and what to give back of what was put down. With the code her phone shows the goods are handed over with it, or nothing is done at all.

    Raises UnknownOrder, CashNotDue, TooLittleCash, NoDrawerOpen, HandOverRefused, CollectionNotReady."""
    order, claim = _hers(session, order_id, places)
    due_minor = claim.amount_minor
    if order.state != OrderState.CONFIRMED or claim.state != claims.OPEN:
        raise CashNotDue(extra={"state": order.state})
    if tendered_minor < due_minor or (means is Means.TERMINAL and tendered_minor != due_minor):
        raise TooLittleCash(f"{Money(due_minor, claim.currency).display()} is due; by card terminal exactly that.", extra={"due_minor": due_minor})
    drawer_id = drawers.open_id(session, by, claim.currency)
    if claims.take(session, order_id, Paid(means, drawer_id, tendered_minor, by), at=at) is None or not moves.pay(session, desk, order_id, at=at):
        raise CashNotDue
    drawers.add(session, drawer_id, due_minor if means is Means.CASH else 0)
    if code:
        _hand_over(session, claim, code, places, by=by, at=at)
    return CashTaken(order_id, due_minor, tendered_minor, tendered_minor - due_minor, claim.currency, means)


def _hand_over(session: Session, claim: CashClaimRow, code: str, places: Places, *, by: str, at: datetime) -> None:
    if claim.way == PayBy.PAY_AT_TILL:
        fetching.hand_over(session, claim.order_id, code, places, by=by, at=at)
        return
    out = [row.id for row in shipments.of_orders(session, [claim.order_id]) if row.state == ShipmentState.OUT_FOR_DELIVERY]
    named = next((one for one in out if not proof.against(one, code, at, what="parcel")), None)
    if named is None:
        raise HandOverRefused("That code proves no parcel of this order that is being brought now.")
    shipping.deliver(session, named, code, places, by=by, at=at)


def refuse(session: Session, desk: CouponDesk, order_id: str, *, places: Places | None, at: datetime) -> bool:
    """Nobody takes what was brought or kept for her: the order is given up, and it counts. True for the one who did it. `places` None: it is known already."""
    order, _ = _hers(session, order_id, places)
    return order.state == OrderState.CONFIRMED and moves.close(session, desk, order_id, StorefrontReason.REFUSED_AT_DOOR, at=at)


def give_up(session: Session, desk: CouponDesk, order_id: str, *, at: datetime) -> bool:
    """She cancels what is to be paid in cash, unless some of it has left the store. True for the one who did it."""
    order = locked(session, order_id)
    if order is None or order.state != OrderState.CONFIRMED or shipments.has_left(session, order_id):
        return False
    return moves.close(session, desk, order_id, StorefrontReason.SHOPPER_CANCELLED, at=at)


def expire(session: Session, desk: CouponDesk, order_id: str, *, at: datetime) -> bool:
    """Its time is over and nothing of it is under way. It counts against her only if it was kept ready for her, or had been brought. True for the one who did it."""
    order = locked(session, order_id)
    if order is None or order.state != OrderState.CONFIRMED or order.expires_at > at or shipments.has_left(session, order_id):
        return False
    kept = collections.of_order(session, order_id)
    was_there = kept.state == collections.READY if kept is not None else bool(shipments.of_orders(session, [order_id]))
    return moves.close(session, desk, order_id, StorefrontReason.NEVER_COLLECTED if was_there else StorefrontReason.HOLD_EXPIRED, at=at)


def pay_out(session: Session, desk: CouponDesk, order_id: str, *, places: Places, by: str, at: datetime) -> int:
    """Everything that waits is paid out of her drawer, or by the terminal it was paid with; how much it is. Raises UnknownOrder, NothingToPayOut, NoDrawerOpen,
    DrawerTooLow."""
    order, claim = _hers(session, order_id, places)
    due = [row for row in refunds_of(session, order_id) if row.state == returning.DUE and row.amount_minor > row.credit_minor]
    if claim.state != claims.TAKEN or order.state != OrderState.PAID or not due:
        raise NothingToPayOut
    drawer_id = drawers.open_id(session, by, claim.currency)
    paid_minor = 0
    for row in due:
        minor = row.amount_minor - row.credit_minor
        if returning.finish(session, desk, row.id, at=at):
            paid_minor += minor
    source = Account.DRAWER if claim.means == Means.CASH else Account.TERMINAL
    drawers.add(session, drawer_id, -paid_minor if source is Account.DRAWER else 0)
    books.enter(session, source, Account.SALES, paid_minor, claim.currency, Why.PAID_BACK, order_id=order_id, drawer_id=drawer_id, by=by, at=at)
    moves.note_paid_out(session, order_id, paid_minor)
    if returning.all_returned(session, order_id):
        back_minor = order.refunded_minor + paid_minor
        moves.refunded(session, desk, order_id, back_minor, StorefrontReason.REFUNDED_BY_STAFF, at=at)
    return paid_minor


def _hers(session: Session, order_id: str, places: Places | None) -> tuple[OrderRow, CashClaimRow]:
    """Locked. Raises UnknownOrder."""
    order, claim = locked(session, order_id), claims.of_order(session, order_id)
    if order is None or claim is None or (places is not None and claim.place_id is not None and claim.place_id not in places):
        raise UnknownOrder
    return order, claim


def at_stores(session: Session, places: Places) -> tuple[list[CashAtStore], list[CashAtStore]]:
    """What is to be paid at these stores (or brought from them, or of no store), the oldest first; and what waits to be paid out."""
    c, o, r = CashClaimRow, OrderRow, RefundRow
    of_hers = or_(c.place_id.is_(None), c.place_id.in_(listed(session, places)))
    owed = session.execute(select(c, o.shopper_id).join(o, o.id == c.order_id).where(c.state == claims.OPEN, of_hers).order_by(c.opened_at, c.order_id).limit(MOST)).all()
    back_minor = func.sum(r.amount_minor - r.credit_minor)
    due_back = select(c, o.shopper_id, back_minor).join(o, o.id == c.order_id).join(r, r.order_id == c.order_id)
    due_back = due_back.where(c.state == claims.TAKEN, o.state == OrderState.PAID, r.state == returning.DUE, of_hers).group_by(*c.__table__.columns, o.shopper_id, o.id).having(back_minor > 0)
    back = session.execute(due_back.order_by(c.opened_at, c.order_id).limit(MOST)).all()
    names = addresses.defaults(session, {shopper_id for _, shopper_id, *_ in (*owed, *back)})

    def told(claim: CashClaimRow, shopper_id: str, minor: int) -> CashAtStore:
        known = names.get(shopper_id)
        called = known.name.split()[0] if known is not None and known.name.split() else "Somebody"
        return CashAtStore(claim.order_id, claim.way, called, minor, claim.currency, claim.means, claim.opened_at)

    return [told(claim, shopper_id, claim.amount_minor) for claim, shopper_id in owed], [told(claim, shopper_id, int(minor)) for claim, shopper_id, minor in back]
