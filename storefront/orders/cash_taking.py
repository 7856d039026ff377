"""Money in hand: taken by a clerk at the till or a courier at the door, or refused there; each once. What is paid back is cash_paying_back.py.

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
from storefront.cash import claims, drawers
from storefront.cash.claims import Means, Paid
from storefront.cash.errors import CashNotDue, TooLittleCash
from storefront.cash.models import CashClaimRow
from storefront.cash.risk import PayBy
from storefront.cash_contracts import CashAtStore, CashTaken
from storefront.collection import proof
from storefront.collection import repository as collections
from storefront.contracts import OrderState
from storefront.errors import HandOverRefused, UnknownOrder
from storefront.orders import fetching, moves, returning, shipping
from storefront.orders.models import OrderRow, RefundRow
from storefront.orders.repository import locked
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
    order, claim = of_stores(session, order_id, places)
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
    order, _ = of_stores(session, order_id, places)
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


def of_stores(session: Session, order_id: str, places: Places | None) -> tuple[OrderRow, CashClaimRow]:
    """Locked. Raises UnknownOrder."""
    order, claim = locked(session, order_id), claims.of_order(session, order_id)
    if order is None or claim is None or (places is not None and claim.place_id is not None and claim.place_id not in places):
        raise UnknownOrder
    return order, claim


_BACK_MINOR = func.sum(RefundRow.amount_minor - RefundRow.credit_minor)


_WAITS = (CashClaimRow.state == claims.TAKEN, OrderRow.state == OrderState.PAID, RefundRow.state == returning.DUE, RefundRow.amount_minor > RefundRow.credit_minor)


def waiting(session: Session, place_id: str | None) -> dict[str, tuple[int, int]]:
    """Currency -> (of how many orders, how much) waits to be paid out: of the orders of a store, or of all."""
    c, o, r = CashClaimRow, OrderRow, RefundRow
    rows = select(c.currency, func.count(c.order_id.distinct()), _BACK_MINOR).join(o, o.id == c.order_id).join(r, r.order_id == c.order_id).where(*_WAITS).group_by(c.currency)
    found = session.execute(rows if place_id is None else rows.where(c.place_id == place_id))
    return {currency: (int(many), int(minor)) for currency, many, minor in found}


def at_stores(session: Session, places: Places) -> tuple[list[CashAtStore], list[CashAtStore]]:
    """What is to be paid at these stores (or brought from them, or of no store), the oldest first; and what waits to be paid out."""
    c, o, r = CashClaimRow, OrderRow, RefundRow
    of_hers = or_(c.place_id.is_(None), c.place_id.in_(listed(session, places)))
    owed = session.execute(select(c, o.shopper_id).join(o, o.id == c.order_id).where(c.state == claims.OPEN, of_hers).order_by(c.opened_at, c.order_id).limit(MOST)).all()
    due_back = select(c, o.shopper_id, _BACK_MINOR).join(o, o.id == c.order_id).join(r, r.order_id == c.order_id).where(*_WAITS, of_hers).group_by(*c.__table__.columns, o.shopper_id, o.id)
    back = session.execute(due_back.order_by(c.opened_at, c.order_id).limit(MOST)).all()
    names = addresses.defaults(session, {shopper_id for _, shopper_id, *_ in (*owed, *back)})

    def told(claim: CashClaimRow, shopper_id: str, minor: int) -> CashAtStore:
        known = names.get(shopper_id)
        called = known.name.split()[0] if known is not None and known.name.split() else "Somebody"
        return CashAtStore(claim.order_id, claim.way, called, minor, claim.currency, claim.means, claim.opened_at)

    return [told(claim, shopper_id, claim.amount_minor) for claim, shopper_id in owed], [told(claim, shopper_id, int(minor)) for claim, shopper_id, minor in back]
