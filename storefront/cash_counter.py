"""The counter of cash: what our own pages and commands do with money in hand, said with plain arguments.

Owns joining the room's use cases; the JSON routes do the same in cash_endpoints.py. Must not hold a rule.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from storefront.cash import books, claims, drawers, reporting
from storefront.cash.claims import Means
from storefront.cash.drawers import Differs, Kind
from storefront.cash.errors import NotYourTill
from storefront.cash.reporting import CashReport
from storefront.cash_contracts import CashAtStore, CashTaken, CashView, DrawerView
from storefront.orders import cash_paying_back, cash_taking
from storefront.orders.cash_paying_back import Till
from storefront.payments.shop import Shop
from storefront.settings import StorefrontSettings

__all__ = ["CashReport", "Differs", "Kind", "Means", "at_till", "close", "give_all_back", "open_drawer", "pay_out", "report", "shift", "take", "view_for"]

close, shift = drawers.close, drawers.shift


@dataclass(frozen=True, slots=True)
class AtTill:
    """What a clerk has before her: her drawers, what is to be paid at her stores, and what waits to be paid out."""

    drawers: list[DrawerView]
    owed: list[CashAtStore]
    back: list[CashAtStore]


@dataclass(frozen=True, slots=True)
class DayReport:
    """A day's report; `books`: currency -> account -> minor units, of all days. `drift` must be empty. `waits`: currency -> (of how many orders, how much) waits
    to be paid out now."""

    report: CashReport
    books: dict[str, dict[str, int]]
    drift: dict[str, int]
    waits: dict[str, tuple[int, int]]


def at_till(session: Session, clerk_id: str, places: Collection[str]) -> AtTill:
    return AtTill(drawers.hers(session, clerk_id), *cash_taking.at_stores(session, places))


def open_drawer(session: Session, place_id: str, places: Collection[str], clerk_id: str, kind: Kind, float_minor: int, currency: str, *, at: datetime) -> DrawerView:
    """At a store of hers. Raises NotYourTill, DrawerAlreadyOpen."""
    if place_id not in places:
        raise NotYourTill
    return drawers.open_drawer(session, place_id, clerk_id, kind, float_minor, currency, at=at)


def take(session: Session, shop: Shop, order_id: str, *, means: Means, tendered_minor: int, places: Collection[str], by: str, at: datetime, code: str = "") -> CashTaken:
    """Raises what cash_taking.take raises."""
    return cash_taking.take(session, shop.coupons, order_id, means=means, tendered_minor=tendered_minor, places=places, by=by, at=at, code=code)


def pay_out(session: Session, shop: Shop, order_id: str, *, places: Collection[str], by: str, at: datetime, to_balance: bool = False) -> int:
    """Raises what cash_paying_back.pay_out raises."""
    return cash_paying_back.pay_out(session, shop.coupons, order_id, Till(by, places, shop.settings.cash_back_elsewhere_minor), at=at, to_balance=to_balance)


def give_all_back(session: Session, shop: Shop, order_id: str, *, places: Collection[str], by: str, restock: bool, at: datetime) -> int:
    """Everything that is still out, for its money. Raises what cash_paying_back.give_all_back raises."""
    return cash_paying_back.give_all_back(session, shop.coupons, order_id, Till(by, places, shop.settings.cash_back_elsewhere_minor), restock=restock, at=at)


def view_for(session: Session, order_id: str, places: Collection[str]) -> CashView | None:
    """How an order of these stores was paid; None for another."""
    found = claims.view_of(session, order_id)
    return found if found is not None and (found.place_id is None or found.place_id in places) else None


def report(session: Session, settings: StorefrontSettings, day: date | None = None, place_id: str | None = None, *, at: datetime) -> DayReport:
    """Of a store, or of all; today's unless a day is named."""
    timezone = settings.merchant.timezone
    on = day or at.astimezone(ZoneInfo(timezone)).date()
    return DayReport(reporting.report(session, on, timezone, None if place_id is None else (place_id,)), books.sums(session), books.drift(session), cash_taking.waiting(session, place_id))
