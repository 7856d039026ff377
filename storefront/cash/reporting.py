"""A store's day in cash: each drawer with what went through it, what was expected and counted, and what is still owed.

Owns reading it from the books. Must not change anything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from storefront.cash import drawers
from storefront.cash.books import Account
from storefront.cash.claims import OPEN
from storefront.cash.models import CashClaimRow, CashEntry
from storefront.cash_contracts import DrawerView


@dataclass(frozen=True, slots=True)
class DrawerDay:
    """`cash_minor` and `terminal_minor`: what went through it, by why (taken, paid_back, put_in, taken_out); what went out is below nothing."""

    drawer: DrawerView
    cash_minor: Mapping[str, int]
    terminal_minor: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CashReport:
    """`drawers`: those opened on `day` as the store's clock has it. By currency: `taken_minor` (less what was paid back), in cash and by terminal;
    `difference_minor` of those counted; `owed`: how many orders still owe how much now, whenever they were placed."""

    day: date
    place_id: str | None
    drawers: tuple[DrawerDay, ...]
    cash_minor: Mapping[str, int]
    terminal_minor: Mapping[str, int]
    difference_minor: Mapping[str, int]
    owed: Mapping[str, tuple[int, int]]


ORDERS = ("taken", "paid_back")


def report(session: Session, day: date, timezone: str, place_ids: Collection[str] | None = None) -> CashReport:
    """Of these stores; None: of all."""
    begins = datetime.combine(day, time(), ZoneInfo(timezone))
    found = drawers.of_places(session, place_ids, since=begins, until=begins + timedelta(days=1))
    e = CashEntry
    flows: dict[str, dict[str, dict[str, int]]] = {one.id: {Account.DRAWER: {}, Account.TERMINAL: {}} for one in found}
    through = select(e.drawer_id, e.account, e.why, func.sum(e.amount_minor)).where(e.drawer_id.in_(listed(session, list(flows))), e.account.in_((Account.DRAWER, Account.TERMINAL)))
    for drawer_id, account, why, minor in session.execute(through.group_by(e.drawer_id, e.account, e.why)) if flows else ():
        flows[str(drawer_id)][account][why] = int(minor)
    days = tuple(DrawerDay(one, flows[one.id][Account.DRAWER], flows[one.id][Account.TERMINAL]) for one in found)
    cash, terminal, differs = dict[str, int](), dict[str, int](), dict[str, int]()
    for one in days:
        currency = one.drawer.currency
        cash[currency] = cash.get(currency, 0) + sum(one.cash_minor.get(why, 0) for why in ORDERS)
        terminal[currency] = terminal.get(currency, 0) + sum(one.terminal_minor.get(why, 0) for why in ORDERS)
        differs[currency] = differs.get(currency, 0) + (one.drawer.difference_minor or 0)
    only = next(iter(place_ids)) if place_ids is not None and len(place_ids) == 1 else None
    return CashReport(day, only, days, cash, terminal, differs, _owed(session, place_ids))


def _owed(session: Session, place_ids: Collection[str] | None) -> dict[str, tuple[int, int]]:
    c = CashClaimRow
    rows = select(c.currency, func.count(), func.sum(c.amount_minor)).where(c.state == OPEN).group_by(c.currency)
    found = session.execute(rows if place_ids is None else rows.where(c.place_id.in_(place_ids)))
    return {currency: (many, int(minor)) for currency, many, minor in found}
