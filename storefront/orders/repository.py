"""Reading orders and writing a new one. Moves of state are in moves.py, because they also move stock and coupons.

Owns the statements that place and show orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from storefront.bookings.showing import of_order as bookings_of
from storefront.cash import claims
from storefront.collection.showing import view as collection_view
from storefront.contracts import Bought, OrderCouponView, OrderDetail, OrderLineView, OrderState, OrderView, RefundView
from storefront.delivery.booking import view as delivery_view
from storefront.disputes.repository import of_order as disputes_of
from storefront.errors import UnknownOrder
from storefront.orders.models import OrderCouponRow, OrderLineRow, OrderRow, RefundRow
from storefront.orders.parcels import of_order as parcels_of
from storefront.points.ledger import of_cause as points_of_order
from storefront.reasons import sentence
from storefront.taxes.reckoning import Taxed, by_rate
from storefront.taxes.repository import of_order as taxes_of_order

MOST = 100
PAID_WITHIN = timedelta(days=2)
"""An order waits hours for its money, never so long: its index is by when it was placed."""
_HERS = and_(OrderRow.state == OrderState.PAID, OrderRow.refund_state == "none", OrderLineRow.product_id != "", OrderLineRow.returned < OrderLineRow.quantity)


def fresh(session: Session, order_id: str) -> OrderRow | None:
    """The row as the database has it now, whatever this session has seen before."""
    return session.execute(select(OrderRow).where(OrderRow.id == order_id).execution_options(populate_existing=True)).scalar_one_or_none()


def locked(session: Session, order_id: str) -> OrderRow | None:
    """The same, and nobody moves it until the transaction ends: what is decided by its state begins so."""
    row = select(OrderRow).where(OrderRow.id == order_id).with_for_update()
    return session.execute(row.execution_options(populate_existing=True)).scalar_one_or_none()


def stands(order: OrderRow) -> bool:
    """It is paid, and its money is not on its way back as a whole."""
    return order.state == OrderState.PAID and order.refund_state == "none"


def exchange_stands(session: Session, order_id: str, *, with_coupon: bool = False) -> bool:
    """Whether an order that replaces pieces of this one is paid, or waits to be; `with_coupon`: one to which something of a coupon of this one went over."""
    of = select(OrderRow.id).where(OrderRow.exchange_of == order_id, OrderRow.state.in_((OrderState.PENDING, OrderState.PAID)))
    if with_coupon:
        of = of.join(OrderCouponRow, OrderCouponRow.order_id == OrderRow.id)
    return session.scalar(of.limit(1)) is not None


def goes_on(order: OrderRow) -> bool:
    """It is picked, packed and sent: paid, or to be paid in cash when it is handed over."""
    return stands(order) or order.state == OrderState.CONFIRMED


def owned(session: Session, order_id: str, shopper_id: str | None) -> OrderRow:
    """The order, if it is this shopper's (None: asked by staff). Raises UnknownOrder, for another's order too."""
    row = fresh(session, order_id)
    if row is None or (shopper_id is not None and row.shopper_id != shopper_id):
        raise UnknownOrder
    return row


def of_staff(session: Session, order_id: str, place_ids: Collection[str] | None) -> OrderRow:
    """The order, for those who work in these stores: it was placed in one of them or in none (None: they work for all). Raises UnknownOrder."""
    row = owned(session, order_id, None)
    if place_ids is not None and row.place_id is not None and row.place_id not in place_ids:
        raise UnknownOrder
    return row


def by_payment(session: Session, payment_id: str, order_id: str | None) -> OrderRow | None:
    """The order of a payment; by the order id the payment was made for while the payment's id is not yet recorded."""
    row = session.execute(
        select(OrderRow).where(OrderRow.payment_id == payment_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None and order_id is not None:
        row = fresh(session, order_id)
        if row is not None and row.payment_id is not None:
            return None  # the order has another payment; this one is not its own
    return row


def bought_between(session: Session, *, since: datetime, until: datetime) -> list[Bought]:
    """What was paid after `since`, until `until` (included), the earliest first; each product of an order once."""
    o, line = OrderRow, OrderLineRow
    rows = session.execute(
        select(o.id, o.shopper_id, line.product_id, line.name, o.paid_at)
        .join(line, line.order_id == o.id)
        .where(o.placed_at > since - PAID_WITHIN, o.placed_at <= until, o.paid_at > since, o.paid_at <= until, _HERS)
        .order_by(o.paid_at, o.id, line.line_no)
    )
    return list({(row.id, row.product_id): Bought(*row) for row in rows}.values())


def still_has(session: Session, order_id: str, product_id: str) -> bool:
    """Whether the order stands and some of this product was not given back."""
    row = select(OrderLineRow.line_no).join(OrderRow, OrderRow.id == OrderLineRow.order_id)
    return session.scalar(row.where(OrderRow.id == order_id, OrderLineRow.product_id == product_id, _HERS).limit(1)) is not None


def view(row: OrderRow) -> OrderView:
    return OrderView(
        row.id, row.shopper_id, OrderState(row.state), row.total_minor, row.discount_minor, row.currency, row.coupon_id, row.placed_at, row.paid_at,
        row.refunded_minor,
    )  # fmt: skip


def lines(session: Session, order_id: str, taxed: Sequence[Taxed]) -> tuple[OrderLineView, ...]:
    tax = Counter[str]()
    for part in taxed:
        tax[part.line_id] += part.tax_minor
    rows = session.scalars(select(OrderLineRow).where(OrderLineRow.order_id == order_id).order_by(OrderLineRow.line_no))
    return tuple(
        OrderLineView(r.line_no, r.product_id, r.name, r.unit_minor, r.quantity, r.discount_minor, r.total_minor, r.returned, tax[str(r.line_no)])
        for r in rows
    )


def pieces_of(session: Session, order_ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """By order, what it is called and how many of it are still hers; without what is no product."""
    out: dict[str, list[tuple[str, int]]] = {order_id: [] for order_id in order_ids}
    line, left = OrderLineRow, OrderLineRow.quantity - OrderLineRow.returned
    hers = select(line.order_id, line.name, left).where(line.order_id.in_(listed(session, order_ids)), line.product_id != "", left > 0)
    for order_id, name, quantity in session.execute(hers.order_by(line.order_id, line.line_no)):
        out[order_id].append((name, quantity))
    return out


def coupons_of(session: Session, order_id: str) -> list[OrderCouponRow]:
    """What each coupon gave, in the order they took their shares."""
    return list(session.scalars(select(OrderCouponRow).where(OrderCouponRow.order_id == order_id).order_by(OrderCouponRow.position)))


def refunds_of(session: Session, order_id: str) -> list[RefundRow]:
    """Parts of its money on their way back or back, oldest first."""
    rows = select(RefundRow).where(RefundRow.order_id == order_id).order_by(RefundRow.asked_at, RefundRow.id)
    return list(session.scalars(rows.execution_options(populate_existing=True)))


def _coupon_views(session: Session, order_id: str, refunds: Sequence[RefundRow]) -> tuple[OrderCouponView, ...]:
    paid_back = {row.coupon_id: row for row in refunds if row.coupon_id is not None}

    def seen(row: OrderCouponRow) -> OrderCouponView:
        back = paid_back.get(row.coupon_id)
        promised = [one for one in row.entitlements if one["kind"] == "cashback"]
        amount_minor = back.amount_minor if back else sum(one["amount_minor"] for one in promised)
        state, why = (back.state, back.why) if back else (None, None)
        return OrderCouponView(row.coupon_id, row.title, row.discount_minor, amount_minor, state, sentence(why))

    return tuple(seen(row) for row in coupons_of(session, order_id))


def detail(session: Session, row: OrderRow) -> OrderDetail:
    refunds, taxed = refunds_of(session, row.id), taxes_of_order(session, row.id)
    told = lines(session, row.id, taxed)
    return OrderDetail(
        order=view(row), lines=told, subtotal_minor=row.subtotal_minor, place_id=row.place_id, expires_at=row.expires_at,
        closed_at=row.closed_at, decline=row.decline, decline_text=sentence(row.decline), close_reason=row.close_reason,
        close_text=sentence(row.close_reason), refunded_minor=row.refunded_minor,
        refund_due=row.refund_state == "due" or any(r.state == "due" and r.kind == "return" for r in refunds),
        coupons=_coupon_views(session, row.id, refunds),
        refunds=tuple(RefundView(r.id, r.kind, r.state, r.amount_minor, r.pieces, r.asked_at, r.closed_at, r.credit_minor, r.exchange_id) for r in refunds),
        points=points_of_order(session, row.id), taxes=by_rate(taxed), balance_minor=row.balance_minor,
        credited_minor=row.credited_minor,
        delivery=delivery_view(session, row.id), collection=collection_view(session, row.id), shipments=parcels_of(session, row.id),
        disputes=disputes_of(session, row.id), cash=claims.view_of(session, row.id) if row.payment_id is None else None,
        bookings=bookings_of(session, row.id, {line.line_no: line.name for line in told}),
        exchange_of=row.exchange_of, exchanged_into=tuple(session.scalars(select(OrderRow.id).where(OrderRow.exchange_of == row.id).order_by(OrderRow.placed_at, OrderRow.id))),
    )  # fmt: skip


def orders_of(session: Session, shopper_id: str | None, *, limit: int = MOST) -> list[OrderView]:
    """Newest first; of everybody when `shopper_id` is None."""
    statement = select(OrderRow).order_by(OrderRow.placed_at.desc(), OrderRow.id.desc()).limit(min(limit, MOST))
    if shopper_id is not None:
        statement = statement.where(OrderRow.shopper_id == shopper_id)
    return [view(row) for row in session.scalars(statement)]


def due_for_a_look(session: Session, at: datetime, limit: int) -> Sequence[tuple[str, datetime]]:
    """(order id, when it was due) of orders whose payment or refund is not settled and should be looked at now."""
    statement = select(OrderRow.id, OrderRow.next_look_at).where(OrderRow.next_look_at <= at).order_by(OrderRow.next_look_at).limit(limit)
    return [(order_id, due) for order_id, due in session.execute(statement) if due is not None]
