"""The desk of revenue: what our own pages and commands ask of the books with partners, said with plain arguments.

Owns joining the room's use cases; the JSON routes do the same in revenue_endpoints.py. Must not hold a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from storefront.revenue import books, planning, repository, statements
from storefront.revenue.partners import Terms
from storefront.revenue.statements import bounds, month_of, to_csv
from storefront.revenue_contracts import Statement
from storefront.settings import StorefrontSettings

__all__ = ["Month", "apply", "bounds", "close", "drift", "export", "month", "month_of", "plan", "statement", "terms", "to_csv", "unaltered"]

export, plan, apply = planning.export, planning.plan, planning.apply
drift, terms = books.drift, repository.in_force
statement, unaltered = statements.statement, statements.unaltered


@dataclass(frozen=True, slots=True)
class Month:
    """`statements` of a month, as of now or as closed; `over`: it may be closed. `terms`: with whom there is an agreement. `drift` must be empty."""

    period: str
    over: bool
    statements: list[Statement]
    terms: Terms
    drift: dict[str, int]


def month(session: Session, settings: StorefrontSettings, period: str | None = None, *, partner_id: str | None = None, lines: bool = False, at: datetime) -> Month:
    """This month's unless one is named. Raises Invalid."""
    timezone = settings.merchant.timezone
    of = period or month_of(at, timezone)
    found = statements.statements(session, of, timezone, partner_id=partner_id, lines=lines)
    return Month(of, at >= bounds(of, timezone)[1], found, terms(session), drift(session))


def close(session: Session, settings: StorefrontSettings, period: str, *, by: str, at: datetime) -> list[Statement]:
    """Raises Invalid, PeriodNotOver."""
    return statements.close(session, period, settings.merchant.timezone, by=by, at=at)
