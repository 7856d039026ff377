"""The drawers of tills and couriers: opened with a float, money in and out, counted and closed once; what differs is booked with a reason.

Owns the statements, each one conditional UPDATE of an open drawer, with its entries in the books. One is open for a clerk and a currency at a time
(a partial unique index). Must not know orders.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.db import moved
from app.kernel.ids import new_id
from app.kernel.outbox import emit
from storefront.cash import books
from storefront.cash.books import Account, Why
from storefront.cash.errors import (
    CountDiffers,
    DrawerAlreadyOpen,
    DrawerClosed,
    DrawerTooLow,
    NoDrawerOpen,
    UnknownDrawer,
)
from storefront.cash.models import CashDrawerRow
from storefront.cash_contracts import CashCounted, DrawerView

D = CashDrawerRow
OPEN, CLOSED = "open", "closed"


class Kind(StrEnum):
    TILL = "till"
    COURIER = "courier"


class Differs(StrEnum):
    """Why what was counted is not what was expected."""

    WRONG_CHANGE = "wrong_change"
    WRONG_FLOAT = "wrong_float"
    NOT_RECORDED = "not_recorded"
    COUNTERFEIT = "counterfeit"
    STOLEN = "stolen"
    UNKNOWN = "unknown"


def open_drawer(session: Session, place_id: str, clerk_id: str, kind: Kind, float_minor: int, currency: str, *, at: datetime) -> DrawerView:
    """With what lies in it, which comes from the safe. Raises DrawerAlreadyOpen."""
    row = D(
        id=new_id("drw"), place_id=place_id, kind=kind, clerk_id=clerk_id, currency=currency, state=OPEN, float_minor=float_minor, expected_minor=float_minor, opened_at=at,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise DrawerAlreadyOpen from None
    books.enter(session, Account.SAFE, Account.DRAWER, float_minor, currency, Why.FLOAT, drawer_id=row.id, by=clerk_id, at=at)
    return view(row)


def hers(session: Session, clerk_id: str) -> list[DrawerView]:
    """Those she has open."""
    return [view(row) for row in session.scalars(select(D).where(D.clerk_id == clerk_id, D.state == OPEN).order_by(D.currency))]


def open_id(session: Session, clerk_id: str, currency: str) -> str:
    """The one she has open in this currency. Raises NoDrawerOpen."""
    found = session.scalar(select(D.id).where(D.clerk_id == clerk_id, D.currency == currency, D.state == OPEN))
    if found is None:
        raise NoDrawerOpen
    return found


def place_of(session: Session, drawer_id: str | None) -> str:
    """The store it belongs to."""
    return session.scalar(select(D.place_id).where(D.id == drawer_id)) or ""


def add(session: Session, drawer_id: str, amount_minor: int) -> None:
    """So much more lies in it, or (below nothing) less. Raises NoDrawerOpen when it was closed meanwhile, DrawerTooLow."""
    if moved(session, update(D).where(D.id == drawer_id, D.state == OPEN, D.expected_minor + amount_minor >= 0).values(expected_minor=D.expected_minor + amount_minor)):
        return
    row = session.get_one(D, drawer_id, populate_existing=True)
    raise DrawerTooLow(extra={"expected_minor": row.expected_minor}) if row.state == OPEN else NoDrawerOpen


def shift(session: Session, clerk_id: str, currency: str, amount_minor: int, *, at: datetime) -> DrawerView:
    """More from the safe into her drawer, or (below nothing) from it into the safe. Raises NoDrawerOpen, DrawerTooLow."""
    drawer_id = open_id(session, clerk_id, currency)
    add(session, drawer_id, amount_minor)
    both = (Account.SAFE, Account.DRAWER) if amount_minor > 0 else (Account.DRAWER, Account.SAFE)
    books.enter(session, *both, abs(amount_minor), currency, Why.PUT_IN if amount_minor > 0 else Why.TAKEN_OUT, drawer_id=drawer_id, by=clerk_id, at=at)
    return view(session.get_one(D, drawer_id, populate_existing=True))


def close(session: Session, drawer_id: str, clerk_id: str, counted_minor: int, why: Differs | None, *, at: datetime) -> DrawerView:
    """Counted and handed in, once. What differs from the books needs a reason. Raises UnknownDrawer (another's too), DrawerClosed, CountDiffers."""
    move = update(D).where(D.id == drawer_id, D.clerk_id == clerk_id, D.state == OPEN)
    if why is None:
        move = move.where(D.expected_minor == counted_minor)
    if not moved(session, move.values(state=CLOSED, counted_minor=counted_minor, difference_minor=counted_minor - D.expected_minor, closed_at=at)):
        row = session.get(D, drawer_id, populate_existing=True)
        if row is None or row.clerk_id != clerk_id:
            raise UnknownDrawer
        raise DrawerClosed if row.state != OPEN else CountDiffers(extra={"difference_minor": counted_minor - row.expected_minor})
    row = session.get_one(D, drawer_id, populate_existing=True)
    difference_minor = row.difference_minor or 0
    if difference_minor:
        moved(session, update(D).where(D.id == drawer_id).values(why=why))
    both = (Account.DIFFERENCE, Account.DRAWER) if difference_minor > 0 else (Account.DRAWER, Account.DIFFERENCE)
    books.enter(session, *both, abs(difference_minor), row.currency, Why.DIFFERENCE, drawer_id=drawer_id, by=clerk_id, at=at)
    books.enter(session, Account.DRAWER, Account.SAFE, counted_minor, row.currency, Why.COUNTED, drawer_id=drawer_id, by=clerk_id, at=at)
    emit(session, CashCounted(drawer_id, row.place_id, row.currency, row.expected_minor, counted_minor, difference_minor, at), subject=drawer_id)
    return view(session.get_one(D, drawer_id, populate_existing=True))


def of_places(session: Session, place_ids: Collection[str] | None, *, since: datetime, until: datetime) -> list[DrawerView]:
    """Those opened then, the newest first; None: of all stores."""
    rows = select(D).where(D.opened_at >= since, D.opened_at < until).order_by(D.opened_at.desc(), D.id)
    return [view(row) for row in session.scalars(rows if place_ids is None else rows.where(D.place_id.in_(place_ids)))]


def view(row: CashDrawerRow) -> DrawerView:
    return DrawerView(
        row.id, row.place_id, row.kind, row.clerk_id, row.currency, row.state, row.float_minor, row.expected_minor, row.counted_minor, row.difference_minor,
        row.why, row.opened_at, row.closed_at,
    )  # fmt: skip
