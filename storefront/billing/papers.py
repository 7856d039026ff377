"""The papers about a membership's money: a receipt for what was paid, a credit note for each part that went back.

Owns their content and that each is issued once, with its number, in the transaction that makes the money true. They are like those of orders, from the
same series, and read the same way (storefront/papers/sheet.py); nothing in them names her.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from storefront.contracts import PaperView
from storefront.errors import PaperAltered, UnknownPaper
from storefront.memberships.models import MembershipInvoiceRow, MembershipPaperRow, MembershipRow
from storefront.orders.paper_due import CREDIT_NOTE, RECEIPT
from storefront.papers.contents import VERSION, canonical, instant, sha256_of
from storefront.papers.issuing import PREFIX, next_no
from storefront.papers.repository import Paper, read_content
from storefront.settings import Merchant
from storefront.taxes import repository as taxes
from storefront.taxes.rates import STANDARD, rate_on
from storefront.taxes.reckoning import Taxed, by_rate, reckon


def issue(session: Session, invoice: MembershipInvoiceRow, merchant: Merchant, *, amount_minor: int, at: datetime) -> None:
    """The paper about `amount_minor` of the invoice: the receipt while nothing is back, else the credit note for what has just gone back."""
    kind, zone = CREDIT_NOTE if invoice.refunded_minor else RECEIPT, ZoneInfo(merchant.timezone)
    p = MembershipPaperRow
    if session.get(p, (invoice.id, invoice.refunded_minor)) is not None:
        return
    number = f"{PREFIX[kind]}{at.astimezone(zone).year}-{next_no(session, kind, at.astimezone(zone).year):06}"
    of = session.scalar(select(p.number).where(p.invoice_id == invoice.id, p.kind == RECEIPT)) if kind == CREDIT_NOTE else None
    taxed = _taxed(session, amount_minor, merchant, invoice.paid_at or at)
    line = {
        "name": invoice.plan_name, "delivery": False, "quantity": 1, "unit_minor": amount_minor, "discount_minor": 0, "total_minor": amount_minor,
        "rates_bp": [one.rate_bp for one in taxed],
    }  # fmt: skip
    content: dict[str, Any] = {
        "version": VERSION, "number": number, "kind": kind, "of": of, "issued_at": instant(at), "day": at.astimezone(zone).date().isoformat(),
        "order_id": invoice.membership_id, "placed_at": instant(invoice.told_at), "merchant": merchant.model_dump(mode="json"), "currency": invoice.currency,
        "lines": [line], "total_minor": amount_minor, "taxes": [dataclasses.asdict(one) for one in by_rate(taxed)],
    }  # fmt: skip
    if kind == RECEIPT:
        paid = {"paid_at": instant(invoice.paid_at or at), "subtotal_minor": amount_minor, "discount_minor": 0, "coupons": []}
        content |= paid | {"payments": [{"way": "provider", "amount_minor": amount_minor}]}
    text = canonical(content)
    row = {"invoice_id": invoice.id, "upto_minor": invoice.refunded_minor, "kind": kind, "number": number, "content": text, "sha256": sha256_of(text), "issued_at": at}
    insert_new(session, p, row, unique=["invoice_id", "upto_minor"])


def _taxed(session: Session, amount_minor: int, merchant: Merchant, at: datetime) -> Sequence[Taxed]:
    """The tax it contains, by the standard rate of the day; nothing where no rate is known."""
    day = at.astimezone(ZoneInfo(merchant.timezone)).date()
    rate = rate_on(taxes.rates_of(session, merchant.country), STANDARD, country=merchant.country, region=merchant.region, day=day)
    return reckon([Taxed("1", STANDARD, rate.rate_bp, amount_minor)]) if rate is not None else ()


def of_invoice(session: Session, invoice_id: str) -> tuple[PaperView, ...]:
    """The receipt, then the credit notes."""
    p = MembershipPaperRow
    rows = session.scalars(select(p).where(p.invoice_id == invoice_id).order_by(p.upto_minor))
    return tuple(_paper(row).view for row in rows)


def paper(session: Session, shopper_id: str, number: str) -> Paper:
    """One of hers. Raises UnknownPaper, also for another's, and PaperAltered when it is not what was issued."""
    p, i, m = MembershipPaperRow, MembershipInvoiceRow, MembershipRow
    hers = select(p).join(i, i.id == p.invoice_id).join(m, m.id == i.membership_id).where(m.shopper_id == shopper_id, p.number == number)
    row = session.scalars(hers).one_or_none()
    if row is None:
        raise UnknownPaper
    return _paper(row)


def _paper(row: MembershipPaperRow) -> Paper:
    found = read_content(row.number, row.content, row.sha256)
    if found is None:
        raise PaperAltered
    return Paper(PaperView(row.number, row.kind, row.issued_at, found["total_minor"], found["currency"], row.sha256), found)
