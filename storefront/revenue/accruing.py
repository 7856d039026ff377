"""Commission on an order: agreed when its money becomes true, and brought to what is kept of it whenever that changes.

Owns which lines earn: products of a partner, at the terms in force then; not the delivery, and not gift cards, which are money. The caller holds the order's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from storefront.catalog import categories
from storefront.catalog.models import ProductRow
from storefront.revenue import books, repository
from storefront.revenue.models import CommissionRow
from storefront.revenue.partners import Partner, Terms
from storefront.taxes.repository import voucher_lines


def settle(session: Session, order_id: str, kept: Mapping[int, int], why: str, *, at: datetime) -> None:
    """`kept`: line number -> minor units that stay paid; a line that is not named is not kept."""
    sold = select(CommissionRow).where(CommissionRow.order_id == order_id).order_by(CommissionRow.line_no)
    for row in session.scalars(sold.execution_options(populate_existing=True)).all():
        books.settle(session, row, kept.get(row.line_no, 0), why, at=at)


def agree(session: Session, order_id: str, currency: str, lines: Mapping[int, str]) -> None:
    """The money has just become true: at which rate each line is sold. `lines`: line number -> product."""
    newest = repository.newest(session)
    terms = repository.terms_of(newest.document) if newest is not None else Terms()
    if newest is None or not terms.partners:
        return
    partners = partners_of(session, terms, lines)
    for line_no in sorted(partners.keys() - voucher_lines(session, order_id)):
        one = partners[line_no]
        row = {
            "order_id": order_id, "line_no": line_no, "partner_id": one.id, "product_id": lines[line_no], "currency": currency, "rate_bp": one.rate_bp,
            "terms_version": newest.version, "kept_minor": 0,
        }  # fmt: skip
        insert_new(session, CommissionRow, row, unique=["order_id", "line_no"])


def partners_of(session: Session, terms: Terms, lines: Mapping[int, str]) -> dict[int, Partner]:
    """`lines`: number -> product; those with which a commission is earned."""
    p, tree = ProductRow, categories.parents(session)
    known = {i: (head, category) for i, head, category in session.execute(select(p.id, p.head_id, p.category).where(p.id.in_(sorted(set(lines.values())))))}
    out: dict[int, Partner] = {}
    for line_no, product_id in lines.items():
        head_id, category = known.get(product_id, (None, ""))
        found = terms.partner_of([product_id, *([head_id] if head_id else [])], [category, *categories.above(category, tree)])
        if found is not None and found.rate_bp:
            out[line_no] = found
    return out
