"""Reading and keeping rates and classes; writing down the tax of an order and reading it again.

Owns the statements about taxes, and the rates that are recorded with the house (rates.json: facts of law with source and day).
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from storefront.taxes.models import OrderTaxRow, TaxClassRow, TaxRateRow
from storefront.taxes.rates import STANDARD, VOUCHER, Rate
from storefront.taxes.reckoning import Taxed


@cache
def recorded() -> tuple[Rate, ...]:
    """The rates of the countries the house knows, oldest first."""
    listed = json.loads(pkgutil.get_data("storefront.taxes", "rates.json") or b"{}")["rates"]
    return tuple(Rate(r["country"], r.get("region", ""), r["tax_class"], date.fromisoformat(r["from"]), r["rate_bp"], r["source"]) for r in listed)


def rates_of(session: Session, country: str) -> tuple[Rate, ...]:
    """What is recorded of a country, then what somebody has set: of two for one day the later counts."""
    r = TaxRateRow
    rows = session.execute(select(r.country, r.region, r.tax_class, r.valid_from, r.rate_bp, r.source).where(r.country == country).order_by(r.valid_from))
    return (*(rate for rate in recorded() if rate.country == country), *(Rate(*row) for row in rows))


def keep_rate(session: Session, rate: Rate, *, at: datetime) -> None:
    """From that day on; the same day again is set anew. Orders that were placed keep what they were charged."""
    key = {"country": rate.country, "region": rate.region, "tax_class": rate.tax_class, "valid_from": rate.valid_from}
    values = {"rate_bp": rate.rate_bp, "source": rate.source, "set_at": at}
    if not insert_new(session, TaxRateRow, key | values, unique=list(key)):
        row = session.get_one(TaxRateRow, tuple(key.values()))
        row.rate_bp, row.source, row.set_at = rate.rate_bp, rate.source, at
        session.flush()


def classes(session: Session) -> dict[str, str]:
    """Category -> class, of those that have one."""
    return {row[0]: row[1] for row in session.execute(select(TaxClassRow.category, TaxClassRow.tax_class).order_by(TaxClassRow.category))}


def classes_of(session: Session, categories: Iterable[str]) -> dict[str, str]:
    """The class of each of these categories."""
    wanted = set(categories)
    c = TaxClassRow
    known = {row[0]: row[1] for row in session.execute(select(c.category, c.tax_class).where(c.category.in_(wanted)))}
    return {category: known.get(category, STANDARD) for category in wanted}


def keep_class(session: Session, category: str, tax_class: str, *, at: datetime) -> None:
    session.execute(delete(TaxClassRow).where(TaxClassRow.category == category))
    session.add(TaxClassRow(category=category, tax_class=tax_class, set_at=at))
    session.flush()


def write(session: Session, order_id: str, taxed: Sequence[Taxed], numbers: Mapping[str, int]) -> None:
    """Freeze the tax of an order's lines; `numbers`: line id -> line number. A free delivery has no line and no tax."""
    session.add_all(
        OrderTaxRow(order_id=order_id, line_no=numbers[t.line_id], rate_bp=t.rate_bp, tax_class=t.tax_class, paid_minor=t.paid_minor, tax_minor=t.tax_minor)
        for t in taxed
        if t.line_id in numbers
    )
    session.flush()


def voucher_lines(session: Session, order_id: str) -> set[int]:
    """The numbers of an order's lines that are gift cards."""
    return set(session.scalars(select(OrderTaxRow.line_no).where(OrderTaxRow.order_id == order_id, OrderTaxRow.tax_class == VOUCHER)))


def of_order(session: Session, order_id: str) -> tuple[Taxed, ...]:
    """As it was charged, line by line; the line's id is its number."""
    t = OrderTaxRow
    rows = session.execute(
        select(t.line_no, t.tax_class, t.rate_bp, t.paid_minor, t.tax_minor).where(t.order_id == order_id).order_by(t.line_no, t.rate_bp.desc())
    )
    return tuple(Taxed(str(line_no), kind, rate_bp, paid, tax) for line_no, kind, rate_bp, paid, tax in rows)
