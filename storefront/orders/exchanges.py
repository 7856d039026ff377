"""Another piece instead of money: what she may choose, what it comes to exactly, and her request, which holds it in stock.

Owns these three. Must not take pieces or move money: exchanging.py does both at once when the pieces are here. One line of an order is exchanged at a time, and
what was got in exchange may come back for money, but is not exchanged again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog.models import ProductRow
from storefront.catalog.repository import for_cart, hold
from storefront.contracts import ERASED, ExchangeView, ProductView, ReturnRequestView
from storefront.errors import OutOfStock, QuoteChanged
from storefront.memberships import benefits as membership
from storefront.orders import exchange_rule, return_requests, returning
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.orders.return_policy import Cause, Policy
from storefront.orders.return_requests import Worth
from storefront.reasons import StorefrontReason as Reason
from storefront.reasons import sentence
from storefront.return_errors import NotExchangeable
from storefront.taxes.rates import VOUCHER
from storefront.taxes.repository import classes_of

MOST_CHOICES = 24
PHYSICAL = "physical"


def choices(session: Session, order: OrderRow, line_no: int, *, at: datetime) -> list[ProductView]:
    """What this line may be exchanged for, each at the price it would have: other variants of the product, the same once more, then what lies in its category.
    Only what is in stock; nothing where it may not be exchanged at all."""
    line = _line(session, order, line_no)
    bought = _bought(session, line)
    if _against(order, bought) is not None or line is None or bought is None:
        return []
    p = ProductRow
    near = select(p.id).where(p.on_sale, p.is_head.is_(False), p.stock_units > 0, p.kind == PHYSICAL)
    same = near.where((p.head_id == bought.head_id) if bought.head_id else (p.id == bought.id)).order_by(p.id == bought.id, p.position, p.id)
    beside = near.where(p.category == bought.category).order_by(p.name, p.id)
    ids = dict.fromkeys([*session.scalars(same.limit(MOST_CHOICES)), *session.scalars(beside.limit(MOST_CHOICES))])
    found = _wanted(session, order, line, bought, list(ids)[:MOST_CHOICES], at)
    return [found[product_id] for product_id in ids if product_id in found]


def worth(
    session: Session, order: OrderRow, pieces: Mapping[int, int], reason: Cause, policy: Policy, product_id: str, *, to_credit: bool, at: datetime
) -> Worth:
    """What she gets for these pieces besides so many of the other, and what she pays. Raises NotReturnable, NotExchangeable, OrderNotRefundable."""
    return_requests.allowed(session, order, pieces, reason, policy, at=at)
    if len(pieces) != 1:
        raise _refused(Reason.EXCHANGE_ONE_LINE)
    [(line_no, count)] = pieces.items()
    line = _line(session, order, line_no)
    bought = _bought(session, line)
    why = _against(order, bought)
    if why is not None or line is None or bought is None:
        raise _refused(why or Reason.EXCHANGE_NOT_FOR_THIS)
    wanted = _wanted(session, order, line, bought, [product_id], at).get(product_id)
    if wanted is None:
        raise _refused(Reason.EXCHANGE_NOT_FOR_THIS)
    paid_minor, _ = returning.worth_of(session, order, pieces, to_credit=to_credit)
    found = reckoned(wanted.id, wanted.name, wanted.price_minor, count, price_minor=line.unit_minor * count, paid_minor=paid_minor)
    back_minor = max(0, paid_minor - found.total_minor)
    credit_minor = returning.credit_of(session, order, back_minor, to_credit=to_credit)
    return Worth(back_minor, back_minor - credit_minor, credit_minor, pieces, found)


def reckoned(product_id: str, name: str, unit_minor: int, count: int, *, price_minor: int, paid_minor: int) -> ExchangeView:
    """So many pieces at that price, for others of `price_minor` for which she paid `paid_minor`."""
    wanted_minor = unit_minor * count
    off_minor = exchange_rule.discount_minor(price_minor, paid_minor, wanted_minor)
    total_minor = wanted_minor - off_minor
    return ExchangeView(product_id, name, count, unit_minor, off_minor, total_minor, max(0, total_minor - paid_minor))


def ask(
    session: Session, order: OrderRow, pieces: Mapping[int, int], reason: Cause, policy: Policy, product_id: str, *, to_credit: bool, expected_minor: int,
    expected_pay_minor: int, within_days: int, at: datetime,
) -> ReturnRequestView:  # fmt: skip
    """Her request, for what she was shown; what she wants is held for her until it ends. Raises QuoteChanged, OutOfStock, ReturnAlreadyAsked, and what `worth` raises."""
    found = worth(session, order, pieces, reason, policy, product_id, to_credit=to_credit, at=at)
    pay_minor = found.exchange.pay_minor if found.exchange is not None else 0
    if (found.amount_minor, pay_minor) != (expected_minor, expected_pay_minor):
        told = {"amount_minor": found.amount_minor, "pay_minor": pay_minor, "changes": []}
        raise QuoteChanged(f"you would get {found.amount_minor} and pay {pay_minor}; look at it again", extra=told)
    request = return_requests.write(session, order.id, found, reason, to_credit=to_credit, within_days=within_days, at=at)
    if short := hold(session, {product_id: sum(pieces.values())}):
        raise OutOfStock(extra={"short": [{"product_id": i, "in_stock": left} for i, left in short.items()]})
    return request


def _line(session: Session, order: OrderRow, line_no: int) -> OrderLineRow | None:
    line = OrderLineRow
    return session.scalar(select(line).where(line.order_id == order.id, line.line_no == line_no).execution_options(populate_existing=True))


def _bought(session: Session, line: OrderLineRow | None) -> ProductRow | None:
    return session.get(ProductRow, line.product_id) if line is not None else None


def _against(order: OrderRow, bought: ProductRow | None) -> Reason | None:
    if order.exchange_of is not None:
        return Reason.EXCHANGE_ONCE
    if order.shopper_id == ERASED or bought is None or bought.kind != PHYSICAL:
        return Reason.EXCHANGE_NOT_FOR_THIS
    return None


def _wanted(session: Session, order: OrderRow, line: OrderLineRow, bought: ProductRow, ids: list[str], at: datetime) -> dict[str, ProductView]:
    """Those of these that can be had, at the price they would have for her: as members pay now, and of the same product by what they differ."""
    now = membership.at_member_prices(session, order.shopper_id, for_cart(session, [*ids, bought.id], order.currency), at)
    classes = classes_of(session, {one.category for one in now.values()})
    before = now.get(bought.id)
    out = dict[str, ProductView]()
    for product_id in ids:
        one = now.get(product_id)
        if one is None or one.currency != order.currency or one.kind != PHYSICAL or classes[one.category] == VOUCHER:
            continue
        related = one.id == bought.id or (one.head_id is not None and one.head_id == bought.head_id)
        before_minor = before.price_minor if related and before is not None and before.currency == order.currency else None
        out[product_id] = replace(one, price_minor=exchange_rule.unit_minor(line.unit_minor, before_minor, one.price_minor))
    return out


def _refused(why: Reason) -> NotExchangeable:
    return NotExchangeable(sentence(why) or "", extra={"reason": why})
