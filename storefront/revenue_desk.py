"""The desk of revenue: what our own pages and commands ask of the books with partners, said with plain arguments.

Owns joining the room's use cases; the JSON routes do the same in revenue_endpoints.py. Must not hold a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.revenue import accruing, books, phrases, planning, repository, showing, statements
from storefront.revenue.partners import Partner, Terms
from storefront.revenue.placements import Slot
from storefront.revenue.showing import Sponsored
from storefront.revenue.statements import bounds, month_of, to_csv
from storefront.revenue_contracts import PlacementFigures, Statement
from storefront.settings import StorefrontSettings

__all__ = [
    "Month",
    "Slot",
    "Sponsored",
    "any_sponsored",
    "apply",
    "bounds",
    "close",
    "drift",
    "export",
    "month",
    "month_of",
    "open_sponsored",
    "partner_of",
    "placements_today",
    "plan",
    "say",
    "spoken",
    "sponsored",
    "statement",
    "terms",
    "to_csv",
    "unaltered",
]  # fmt: skip

export, plan, apply = planning.export, planning.plan, planning.apply
drift, terms = books.drift, repository.in_force
say, spoken = phrases.say, phrases.spoken
statement, unaltered = statements.statement, statements.unaltered


@dataclass(frozen=True, slots=True)
class Month:
    """`statements` of a month, as of now or as closed; `over`: it may be closed. `terms`: with whom there is an agreement. `placements`: every one there was, as it stands now. `drift` must be empty."""

    period: str
    over: bool
    statements: list[Statement]
    terms: Terms
    placements: list[PlacementFigures]
    drift: dict[str, int]


def month(session: Session, settings: StorefrontSettings, period: str | None = None, *, partner_id: str | None = None, lines: bool = False, at: datetime) -> Month:
    """This month's unless one is named. Raises Invalid."""
    timezone = settings.merchant.timezone
    of = period or month_of(at, timezone)
    found = statements.statements(session, of, timezone, partner_id=partner_id, lines=lines)
    return Month(of, at >= bounds(of, timezone)[1], found, terms(session), repository.figures(session), drift(session))


def close(session: Session, settings: StorefrontSettings, period: str, *, by: str, at: datetime) -> list[Statement]:
    """Raises Invalid, PeriodNotOver."""
    return statements.close(session, period, settings.merchant.timezone, by=by, at=at)


def partner_of(session: Session, product_id: str) -> Partner | None:
    """Whose commission is earned with it."""
    return accruing.partners_of(session, terms(session), {1: product_id}).get(1)


def placements_today(session: Session, settings: StorefrontSettings, at: datetime) -> list[str]:
    """The names of partners who pay for a place today, each once."""
    return showing.sponsors(session, at, settings.merchant.timezone)


def any_sponsored(session: Session, settings: StorefrontSettings, at: datetime) -> bool:
    """Most often not, and then nothing need be written."""
    return bool(placements_today(session, settings, at))


def sponsored(
    session: Session, settings: StorefrontSettings, shopper_id: str, slot: Slot, *, language: str, at: datetime, category: str = "", query: str = "", product_id: str = ""
) -> Sponsored | None:
    """What stands there for her, counted: needs a transaction."""
    place = showing.where(session, slot, category=category, query=query, product_id=product_id)
    return showing.show(session, shopper_id, place, language=language, at=at, timezone=settings.merchant.timezone)


def open_sponsored(session: Session, settings: StorefrontSettings, shopper_id: str, placement_id: str, *, at: datetime) -> str:
    """The product she goes to. Raises UnknownPlacement."""
    return showing.open_one(session, shopper_id, placement_id, at=at, timezone=settings.merchant.timezone)
