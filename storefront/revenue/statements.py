"""A partner's month: what it comes to by now, and closing it.

Owns both, and how a statement is written as a table. A month is closed once; what is booked for it afterwards (a late return, a payment that was under way) stands in the
first statement closed after that. So no booking is in two statements, and none in none.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import insert_new, touched
from app.kernel.errors import Invalid
from app.kernel.http import to_json
from app.kernel.ids import derived_id
from app.kernel.outbox import emit
from storefront.revenue import books, repository
from storefront.revenue.books import EARNED, Account
from storefront.revenue.errors import PeriodNotOver, StatementUnderWay, UnknownStatement
from storefront.revenue.models import RevenueEntry, StatementRow
from storefront.revenue_contracts import Statement, StatementClosed, StatementLine

E, S = RevenueEntry, StatementRow
COLUMNS = ("period", "partner_id", "kind", "cause", "line_no", "product_id", "rate_bp", "base_minor", "amount_minor", "currency", "why", "at")
_KINDS = {Account.COMMISSION: "commission", Account.PLACEMENTS: "placement"}


def bounds(period: str, timezone: str) -> tuple[datetime, datetime]:
    """Of a month such as 2026-11, as the shop's clock has it. Raises Invalid."""
    try:
        begins = datetime.strptime(period, "%Y-%m").replace(tzinfo=ZoneInfo(timezone))
    except ValueError:
        raise Invalid.field("period", "a month, such as 2026-11") from None
    year, month = divmod(begins.year * 12 + begins.month, 12)
    return begins, begins.replace(year=year, month=month + 1)


def month_of(at: datetime, timezone: str) -> str:
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m}"


def statements(session: Session, period: str, timezone: str, *, partner_id: str | None = None, lines: bool = False) -> list[Statement]:
    """Of every partner who has one, by currency: closed as it was closed, else what a closing now would hold."""
    _, ends_at = bounds(period, timezone)
    closed = select(S).where(S.period == period)
    rows = session.scalars(closed.where(S.partner_id == partner_id) if partner_id else closed).all()
    found = [_closed(session, row, lines=lines) for row in rows]
    done = {(row.partner_id, row.currency) for row in rows}
    waits = select(E.partner_id, E.currency).where(_waiting(ends_at)).distinct()
    for of, currency in session.execute(waits.where(E.partner_id == partner_id) if partner_id else waits).all():
        if (of, currency) not in done and not _later(session, of, currency, period):
            found.append(_statement(_name(session, of), of, period, currency, _lines(session, E.partner_id == of, E.currency == currency, _waiting(ends_at)), lines=lines))
    return sorted(found, key=lambda one: (one.partner_name, one.partner_id, one.currency))


def statement(session: Session, statement_id: str) -> Statement:
    """A closed one, whole. Raises UnknownStatement."""
    row = session.get(S, statement_id)
    if row is None:
        raise UnknownStatement
    return _closed(session, row, lines=True)


def closed(session: Session, *, limit: int = 100) -> list[Statement]:
    """The newest month first, without their lines."""
    rows = session.scalars(select(S).order_by(S.period.desc(), S.partner_id, S.currency).limit(limit)).all()
    return [_closed(session, row, lines=False) for row in rows]


def close(session: Session, period: str, timezone: str, *, by: str, at: datetime) -> list[Statement]:
    """Close the month for every partner who has something booked; what is closed stays as it is. Raises Invalid, PeriodNotOver."""
    _, ends_at = bounds(period, timezone)
    if at < ends_at:
        raise PeriodNotOver
    waits = select(E.partner_id, E.currency).where(_waiting(ends_at)).distinct().order_by(E.partner_id, E.currency)
    for partner_id, currency in session.execute(waits).all():
        if not _later(session, partner_id, currency, period):
            _close(session, partner_id, currency, period, ends_at, by=by, at=at)
    return statements(session, period, timezone)


def _close(session: Session, partner_id: str, currency: str, period: str, ends_at: datetime, *, by: str, at: datetime) -> None:
    statement_id, name = derived_id("stm", partner_id, f"{currency}:{period}"), _name(session, partner_id)
    row = {
        "id": statement_id, "partner_id": partner_id, "partner_name": name, "period": period, "currency": currency, "total_minor": 0, "sha256": "",
        "closed_by": by, "closed_at": at,
    }  # fmt: skip
    if not insert_new(session, S, row, unique=["partner_id", "currency", "period"]):
        return  # closed before, or by somebody else just now
    of_month = (E.partner_id == partner_id, E.currency == currency, _waiting(ends_at))
    movements = list(session.scalars(select(E.movement).where(*of_month)))
    told = _statement(name, partner_id, period, currency, _lines(session, E.movement.in_(listed(session, movements))), lines=True)
    both = update(E).where(E.movement.in_(listed(session, movements)), E.statement_id.is_(None))
    if touched(session, both.values(statement_id=statement_id)) != 2 * len(movements):
        raise StatementUnderWay
    touched(session, update(S).where(S.id == statement_id).values(total_minor=told.total_minor, sha256=_hash(told.lines)))
    books.enter(
        session, Account.OWED, Account.STATED, told.total_minor, currency, books.CLOSED, partner_id=partner_id, cause=statement_id, at=at, statement_id=statement_id
    )
    emit(session, StatementClosed(statement_id, partner_id, period, currency, told.total_minor, at), subject=partner_id)


def _waiting(ends_at: datetime) -> ColumnElement[bool]:
    return (E.account == Account.OWED) & E.statement_id.is_(None) & (E.at < ends_at)


def _later(session: Session, partner_id: str, currency: str, period: str) -> bool:
    """A month after this one is closed already: what is booked late waits for the month after that."""
    return session.scalar(select(S.id).where(S.partner_id == partner_id, S.currency == currency, S.period > period).limit(1)) is not None


def _name(session: Session, partner_id: str) -> str:
    found = repository.in_force(session).partner(partner_id)
    return found.name if found is not None else partner_id


def _closed(session: Session, row: StatementRow, *, lines: bool) -> Statement:
    booked = _lines(session, E.statement_id == row.id)
    told = _statement(row.partner_name, row.partner_id, row.period, row.currency, booked, lines=lines)
    return Statement(
        told.partner_id, told.partner_name, told.period, told.currency, told.commission_minor, told.placements_minor, row.total_minor, row.id, row.sha256, row.closed_at, told.lines
    )


def _lines(session: Session, *of: ColumnElement[bool]) -> list[StatementLine]:
    """Of the earning side; of those that wait, by the movement whose other side waits."""
    movements = select(E.movement).where(*of)
    rows = session.scalars(select(E).where(E.account.in_(EARNED), E.movement.in_(movements)).order_by(E.at, E.movement))
    return [StatementLine(_KINDS[Account(r.account)], r.cause, r.line_no, r.product_id, r.rate_bp, r.base_minor, -r.amount_minor, r.why, r.at) for r in rows]


def _statement(name: str, partner_id: str, period: str, currency: str, booked: Sequence[StatementLine], *, lines: bool) -> Statement:
    commission = sum(one.amount_minor for one in booked if one.kind == "commission")
    total = sum(one.amount_minor for one in booked)
    return Statement(partner_id, name, period, currency, commission, total - commission, total, None, None, None, tuple(booked) if lines else ())


def _hash(booked: Sequence[StatementLine]) -> str:
    return hashlib.sha256(to_json(list(booked))).hexdigest()


def unaltered(session: Session, statement_id: str) -> bool:
    """Whether the lines of a closed statement are those it was closed with."""
    told = statement(session, statement_id)
    return told.sha256 == _hash(told.lines) and told.total_minor == sum(one.amount_minor for one in told.lines)


def to_csv(told: Sequence[Statement]) -> str:
    """A line for each booking, of statements with their lines."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for s in told:
        for one in s.lines:
            writer.writerow(
                (s.period, s.partner_id, one.kind, one.cause, one.line_no or "", one.product_id, one.rate_bp, one.base_minor, one.amount_minor, s.currency, one.why, one.at.isoformat())
            )
    return out.getvalue()
