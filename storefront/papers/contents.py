"""What stands on a receipt and on a credit note: plain data, from the order as it was charged. Pure.

Owns the content and its one spelling in bytes, which is hashed. Must not know words or languages (sheet.py), nor who the shopper is: nothing here
names her, so that a paper can be kept as long as the law wants it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from storefront.contracts import OrderDetail, OrderLineView, TaxSum
from storefront.settings import Merchant
from storefront.taxes.reckoning import Taxed, by_rate, given_back

VERSION = 1


@dataclass(frozen=True, slots=True)
class Heading:
    """What every paper begins with. `of` is the receipt a credit note belongs to."""

    number: str
    kind: str
    issued_at: datetime
    of: str | None = None


def receipt(heading: Heading, order: OrderDetail, taxed: Sequence[Taxed], merchant: Merchant) -> dict[str, Any]:
    """Everything that was charged, the tax by rate and how it was paid."""
    paid_at = order.order.paid_at
    return _begun(heading, order, merchant) | {
        "paid_at": instant(paid_at) if paid_at else None,
        "lines": [_line(line, line.quantity, taxed) for line in order.lines],
        "subtotal_minor": order.subtotal_minor,
        "discount_minor": order.order.discount_minor,
        "total_minor": order.order.total_minor,
        "coupons": [{"title": c.title, "discount_minor": c.discount_minor} for c in order.coupons if c.discount_minor],
        "taxes": [asdict(one) for one in by_rate(taxed)],
        "payments": _payments(order),
    }


def _payments(order: OrderDetail) -> list[dict[str, Any]]:
    parts = [
        {"way": "balance", "amount_minor": order.balance_minor},
        {"way": (order.cash.means if order.cash is not None else None) or "provider", "amount_minor": order.order.total_minor - order.balance_minor},
    ]
    return [part for part in parts if part["amount_minor"]]


def credit_note(
    heading: Heading, order: OrderDetail, taxed: Sequence[Taxed], merchant: Merchant, *, amount_minor: int, pieces: Mapping[str, int], before: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """So much goes back, for these pieces or for the order as a whole. `before`: the credit notes of this order that were issued already."""
    counted = {int(number): count for number, count in pieces.items()}
    lines = [_line(line, counted[line.line_no], taxed) for line in order.lines if line.line_no in counted]
    return _begun(heading, order, merchant) | {
        "lines": lines,
        "total_minor": amount_minor,
        "taxes": [asdict(one) for one in _taxes_back(order, taxed, counted, amount_minor, before)],
    }


def _taxes_back(
    order: OrderDetail, taxed: Sequence[Taxed], pieces: Mapping[int, int], amount_minor: int, before: Sequence[Mapping[str, Any]]
) -> tuple[TaxSum, ...]:
    charged = by_rate(taxed)
    if not charged:
        return ()
    gone: dict[int, int] = {}
    for one in (tax for note in before for tax in note["taxes"]):
        gone[one["rate_bp"]] = gone.get(one["rate_bp"], 0) + one["paid_minor"]
    quantities = {str(line.line_no): line.quantity for line in order.lines}
    weights: dict[int, int] = {}
    for part in taxed:
        count = pieces.get(int(part.line_id), 0)
        weights[part.rate_bp] = weights.get(part.rate_bp, 0) - (-part.paid_minor * count // quantities[part.line_id])  # rounded up: it only weighs
    paid = {one.rate_bp: one.paid_minor for one in charged}
    return given_back(paid, {one.rate_bp: one.tax_minor for one in charged}, gone, amount_minor, weights)


def _begun(heading: Heading, order: OrderDetail, merchant: Merchant) -> dict[str, Any]:
    return {
        "version": VERSION, "number": heading.number, "kind": heading.kind, "of": heading.of, "issued_at": instant(heading.issued_at),
        "day": heading.issued_at.astimezone(ZoneInfo(merchant.timezone)).date().isoformat(), "order_id": order.order.id,
        "placed_at": instant(order.order.placed_at), "merchant": merchant.model_dump(mode="json"), "currency": order.order.currency,
    }  # fmt: skip


def _line(line: OrderLineView, quantity: int, taxed: Sequence[Taxed]) -> dict[str, Any]:
    """`quantity` pieces of it; price and discount of a part are shares of the whole line."""
    return {
        "name": line.name, "delivery": not line.product_id, "quantity": quantity, "unit_minor": line.unit_minor,
        "discount_minor": line.discount_minor * quantity // line.quantity, "total_minor": line.total_minor - line.total_minor * (line.quantity - quantity) // line.quantity,
        "rates_bp": sorted({t.rate_bp for t in taxed if t.line_id == str(line.line_no)}, reverse=True),
    }  # fmt: skip


def instant(at: datetime) -> str:
    """As papers spell a moment."""
    return at.isoformat().replace("+00:00", "Z")


def canonical(content: Mapping[str, Any]) -> str:
    """The one spelling: sorted keys, no spaces."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def credited_minor(notes: Sequence[Mapping[str, Any]]) -> int:
    """What the credit notes so far have given back."""
    return sum(cast("int", note["total_minor"]) for note in notes)
