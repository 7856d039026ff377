"""The books of cash: every movement as two entries, so that their sum is nothing at every moment, and what does not agree with them.

Owns the accounts and these statements. They are written in the transaction that moves the claim or the drawer, by whoever hit its row. Must not
know an order.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from storefront import double_entry
from storefront.cash.models import CashClaimRow, CashDrawerRow, CashEntry

E, C, D = CashEntry, CashClaimRow, CashDrawerRow


class Account(StrEnum):
    """`sales`: what orders brought. `due`: what is still owed for them. `drawer`: in the hands of tills and couriers. `terminal`: taken by the shop's own card terminals,
    whose provider pays it out. `safe`: counted and handed in. `difference`: what was counted too little (or, below nothing, too much)."""

    SALES = "sales"
    DUE = "due"
    DRAWER = "drawer"
    TERMINAL = "terminal"
    SAFE = "safe"
    DIFFERENCE = "difference"


class Why(StrEnum):
    """What a movement was."""

    OWED = "owed"
    NOT_OWED = "not_owed"
    TAKEN = "taken"
    PAID_BACK = "paid_back"
    FLOAT = "float"
    PUT_IN = "put_in"
    TAKEN_OUT = "taken_out"
    DIFFERENCE = "difference"
    COUNTED = "counted"


def enter(
    session: Session, source: Account, target: Account, amount_minor: int, currency: str, why: Why, *, at: datetime, by: str | None = None, order_id: str | None = None, drawer_id: str | None = None
) -> None:
    """One movement: `amount_minor` from `source` to `target`; nothing for nothing."""
    if not amount_minor:
        return
    both = {"movement": new_id("csh"), "currency": currency, "order_id": order_id, "drawer_id": drawer_id, "why": why, "by": by, "at": at}
    double_entry.enter(session, E, source, target, amount_minor, both)


def sums(session: Session) -> dict[str, dict[str, int]]:
    """Currency -> account -> minor units."""
    return double_entry.sums(session, E)


def drift(session: Session) -> dict[str, int]:
    """What does not agree, and must be empty: entries that do not add up, what is owed beside the open claims, and drawers beside what was put into them."""
    found = double_entry.drift(session, E)
    owed = dict(session.execute(select(E.order_id, func.sum(E.amount_minor)).where(E.account == Account.DUE).group_by(E.order_id)).all())
    for order_id, minor in session.execute(select(C.order_id, case((C.state == "open", C.amount_minor), else_=0))):
        found[f"due {order_id}"] = minor - int(owed.pop(order_id, 0))
    found |= {f"due {order_id}": -int(minor) for order_id, minor in owed.items()}
    lies = dict(session.execute(select(E.drawer_id, func.sum(E.amount_minor)).where(E.account == Account.DRAWER).group_by(E.drawer_id)).all())
    for drawer_id, minor in session.execute(select(D.id, case((D.state == "open", D.expected_minor), else_=0))):
        found[f"drawer {drawer_id}"] = minor - int(lies.pop(drawer_id, 0))
    found |= {f"drawer {drawer_id}": -int(minor) for drawer_id, minor in lies.items()}
    return {what: minor for what, minor in found.items() if minor}
