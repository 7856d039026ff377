"""Issuing the papers that are due: the next number, the content, its hash, all in one transaction.

Owns the moment a paper becomes one. Numbers have no gaps: whoever takes the row that says a paper is due writes it, and takes its number by one
conditional UPDATE in the same transaction. Must not be called inside another transaction.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from storefront.orders.models import PaperDueRow
from storefront.orders.paper_due import CREDIT_NOTE, PAID, RECEIPT, REFUNDED
from storefront.orders.repository import detail, locked
from storefront.papers import contents
from storefront.papers.models import PaperRow, PaperSeriesRow
from storefront.payments.shop import Shop
from storefront.settings import Merchant
from storefront.taxes.repository import of_order as taxes_of_order

PREFIX = {RECEIPT: "R", CREDIT_NOTE: "C"}
_TURN = {PAID: 0, REFUNDED: 2}
"""The receipt before anything about it, and what is left of it last."""


def issue_due(shop: Shop, limit: int = 100) -> int:
    """Issue what is due, the oldest first; returns how many. Call every few seconds."""
    with shop.database.reading() as session:
        waiting = session.scalars(select(PaperDueRow.order_id).order_by(PaperDueRow.due_at).limit(limit)).all()
    return sum(issue_of(shop, order_id) for order_id in dict.fromkeys(waiting))


def issue_of(shop: Shop, order_id: str) -> int:
    """Issue what is due of one order, in the order it happened; returns how many."""
    d = PaperDueRow
    with shop.database.reading() as session:
        due = session.execute(select(d.cause, d.due_at).where(d.order_id == order_id)).all()
    issued = 0
    for cause, _ in sorted(due, key=lambda one: (_TURN.get(one[0], 1), one[1], one[0])):
        with shop.database.transaction() as session:
            issued += _issue(session, order_id, cause, shop.settings.merchant, at=shop.now())
    return issued


def _issue(session: Session, order_id: str, cause: str, merchant: Merchant, *, at: datetime) -> bool:
    """False when somebody else has, or there is nothing to write."""
    order, due = locked(session, order_id), session.get(PaperDueRow, (order_id, cause))
    if order is None or due is None:
        return False
    kind, facts = due.kind, due.facts
    taken = session.execute(delete(PaperDueRow).where(PaperDueRow.order_id == order_id, PaperDueRow.cause == cause))
    if cast("CursorResult[Any]", taken).rowcount != 1:
        return False
    before = issued_contents(session, order_id, CREDIT_NOTE)
    amount_minor = order.total_minor - contents.credited_minor(before) if cause == REFUNDED else facts.get("amount_minor", 0)
    if kind == CREDIT_NOTE and amount_minor <= 0:
        return False  # all of it is credited already
    of = next((one["number"] for one in issued_contents(session, order_id, RECEIPT)), None)
    told, taxed = detail(session, order), taxes_of_order(session, order_id)
    year = at.astimezone(ZoneInfo(merchant.timezone)).year
    heading = contents.Heading(f"{PREFIX[kind]}{year}-{next_no(session, kind, year):06}", kind, at, of)
    if kind == RECEIPT:
        content = contents.receipt(heading, told, taxed, merchant)
    else:
        content = contents.credit_note(heading, told, taxed, merchant, amount_minor=amount_minor, pieces=facts.get("pieces", {}), before=before)
    text = contents.canonical(content)
    session.add(
        PaperRow(order_id=order_id, cause=cause, kind=kind, number=heading.number, content=text, sha256=contents.sha256_of(text), issued_at=at)
    )
    session.flush()
    return True


def next_no(session: Session, series: str, year: int) -> int:
    """The next number of a year's receipts or credit notes: no number is left out, because it is taken in the transaction that issues the paper."""
    s = PaperSeriesRow
    insert_new(session, s, {"series": series, "year": year, "last_no": 0}, unique=["series", "year"])
    moved(session, update(s).where(s.series == series, s.year == year).values(last_no=s.last_no + 1))
    return session.execute(select(s.last_no).where(s.series == series, s.year == year)).scalar_one()


def issued_contents(session: Session, order_id: str, kind: str) -> list[dict[str, Any]]:
    """The papers of a kind that were issued of an order, as data, the oldest first."""
    p = PaperRow
    rows = session.scalars(select(p.content).where(p.order_id == order_id, p.kind == kind).order_by(p.issued_at, p.number))
    return [json.loads(text) for text in rows]
