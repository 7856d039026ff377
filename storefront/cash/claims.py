"""What an order still owes in cash: opened with the order, and ended once, by its money or without it.

Owns the statements and their entries in the books. Each end is one conditional UPDATE of an open claim. The caller moves the order with it, in the same
transaction, so that there is never an order without money or an open claim.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import moved
from storefront.cash import books
from storefront.cash.books import Account, Why
from storefront.cash.models import CashClaimRow
from storefront.cash.risk import PayBy
from storefront.cash_contracts import CashView
from storefront.reasons import StorefrontReason

C = CashClaimRow
OPEN, TAKEN = "open", "taken"
ANY_OPEN = select(C.order_id).where(C.state == OPEN).limit(1)
"""Whether anything is owed by anybody: if not, no parcel that fails matters here."""
REFUSED, LAPSED, WITHDRAWN = "refused", "lapsed", "withdrawn"
MISSED = (REFUSED, LAPSED)
"""What counts against her the next time: nobody took what was brought or kept for her."""
ENDS = {StorefrontReason.REFUSED_AT_DOOR: REFUSED, StorefrontReason.NEVER_COLLECTED: LAPSED}


class Means(StrEnum):
    """`terminal`: the shop's own card terminal beside the till; its slip is the proof."""

    CASH = "cash"
    TERMINAL = "terminal"


@dataclass(frozen=True, slots=True)
class Paid:
    """How it was taken: `by` whom, into which drawer, `tendered_minor` of what was put down."""

    means: Means
    drawer_id: str
    tendered_minor: int
    by: str


def open_claim(session: Session, order_id: str, way: PayBy, place_id: str | None, amount_minor: int, currency: str, *, at: datetime) -> None:
    """With the order that is confirmed."""
    session.add(C(order_id=order_id, way=way, place_id=place_id, currency=currency, amount_minor=amount_minor, state=OPEN, opened_at=at))
    session.flush()
    books.enter(session, Account.SALES, Account.DUE, amount_minor, currency, Why.OWED, order_id=order_id, at=at)


def take(session: Session, order_id: str, paid: Paid, *, at: datetime) -> CashClaimRow | None:
    """open -> taken; None for everybody but the one who did it. The drawer is the caller's to move."""
    move = update(C).where(C.order_id == order_id, C.state == OPEN)
    if not moved(session, move.values(state=TAKEN, ended_at=at, ended_by=paid.by, means=paid.means, drawer_id=paid.drawer_id, tendered_minor=paid.tendered_minor)):
        return None
    row = session.get_one(C, order_id, populate_existing=True)
    target = Account.DRAWER if paid.means is Means.CASH else Account.TERMINAL
    books.enter(session, Account.DUE, target, row.amount_minor, row.currency, Why.TAKEN, order_id=order_id, drawer_id=paid.drawer_id, by=paid.by, at=at)
    return row


def end(session: Session, order_id: str, why: StorefrontReason, *, at: datetime) -> bool:
    """The order is given up: nothing is owed for it any more. True for the one who did it; False without an open claim."""
    move = update(C).where(C.order_id == order_id, C.state == OPEN)
    if not moved(session, move.values(state=ENDS.get(why, WITHDRAWN), ended_at=at)):
        return False
    row = session.get_one(C, order_id, populate_existing=True)
    books.enter(session, Account.DUE, Account.SALES, row.amount_minor, row.currency, Why.NOT_OWED, order_id=order_id, at=at)
    return True


def of_order(session: Session, order_id: str) -> CashClaimRow | None:
    return session.execute(select(C).where(C.order_id == order_id).execution_options(populate_existing=True)).scalar_one_or_none()


def of_orders(session: Session, order_ids: Collection[str]) -> dict[str, CashView]:
    """By order, what is or was to be paid in cash for it."""
    rows = session.scalars(select(C).where(C.order_id.in_(listed(session, order_ids)))) if order_ids else ()
    return {row.order_id: view(row) for row in rows}


def view_of(session: Session, order_id: str) -> CashView | None:
    row = of_order(session, order_id)
    return view(row) if row is not None else None


def view(row: CashClaimRow) -> CashView:
    change_minor = row.tendered_minor - row.amount_minor if row.tendered_minor is not None else None
    return CashView(row.way, row.state, row.amount_minor, row.currency, row.place_id, row.means, change_minor, row.ended_at)


def methods(row: CashClaimRow) -> frozenset[str]:
    """The names of how it was paid, as coupons call them."""
    return frozenset(name for name in (row.way, row.means) if name)
