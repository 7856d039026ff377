"""What an order keeps as it was when it was placed: its lines, and what each coupon gave on them.

Owns writing these rows. Refunds, cashback and points are reckoned from them and never anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from offers.contracts import Quote, QuoteLine
from storefront import paying
from storefront.carts.totals import Totals
from storefront.cash.risk import PayBy
from storefront.contracts import ProductView
from storefront.orders.models import OrderCouponRow, OrderLineRow
from storefront.settings import DeliveryMethod


def write_lines(
    session: Session, order_id: str, lines: tuple[QuoteLine, ...], products: Mapping[str, ProductView], sums: Totals, way: DeliveryMethod, pay_by: PayBy
) -> dict[str, int]:
    """The delivery last, and only if it has a price; then the fee for how it is paid. Returns line id -> line number."""
    kept = [line for line in lines if not line.delivery or line.unit_amount_minor]
    numbers = {line.line_id: number for number, line in enumerate(kept, start=1)}
    for line in kept:
        discount, gross = sums.discounts[line.line_id], line.unit_amount_minor * line.quantity
        session.add(
            OrderLineRow(
                order_id=order_id, line_no=numbers[line.line_id], product_id=line.product_id,
                name=_name(line, products, way, pay_by), unit_minor=line.unit_amount_minor,
                quantity=line.quantity, discount_minor=discount, total_minor=gross - discount,
            )
        )  # fmt: skip
    session.flush()
    return numbers


def _name(line: QuoteLine, products: Mapping[str, ProductView], way: DeliveryMethod, pay_by: PayBy) -> str:
    if line.line_id == paying.FEE_LINE:
        return paying.FEE_NAME[pay_by]
    return way.name if line.delivery else products[line.product_id].name


def write_coupons(session: Session, order_id: str, shares: tuple[Quote, ...], numbers: dict[str, int]) -> None:
    """Frozen per coupon and line: refunds, cashback and points are reckoned from these and never anew."""
    for position, share in enumerate(shares):
        off = {str(numbers[line.line_id]): line.discount_minor for line in share.lines if line.discount_minor}
        promised = [
            {
                "kind": e.kind, "text": e.text, "amount_minor": e.amount_minor or 0, "multiplier_bp": e.multiplier_bp,
                "payment_methods": list(e.payment_methods), "lines": [numbers[i] for i in e.line_ids],
            }
            for e in share.entitlements
        ]  # fmt: skip
        session.add(
            OrderCouponRow(
                order_id=order_id, coupon_id=share.coupon_id, position=position, title=share.title, discount_minor=share.discount_minor,
                shares=off, entitlements=promised,
            )
        )  # fmt: skip
    session.flush()
