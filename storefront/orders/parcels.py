"""What of an order lies in which parcel and what is still to be packed: read for many orders at once.

Owns these statements. Must not change anything: shipping.py does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from storefront.catalog.models import ProductRow
from storefront.contracts import OrderState, ShipmentPiece, ShipmentView
from storefront.delivery.models import DeliveryBookingRow
from storefront.delivery.repository import HELD
from storefront.orders.models import OrderLineRow, OrderRow
from storefront.shipments import repository
from storefront.shipments.models import ShipmentLineRow, ShipmentRow
from storefront.shipments.states import UNDER_WAY, ShipmentState
from storefront.taxes.models import OrderTaxRow
from storefront.taxes.rates import VOUCHER

_NO_GOODS = or_(
    OrderLineRow.product_id == "",
    exists().where(ProductRow.id == OrderLineRow.product_id, ProductRow.kind.in_(("digital", "service"))),
    exists().where(OrderTaxRow.order_id == OrderLineRow.order_id, OrderTaxRow.line_no == OrderLineRow.line_no, OrderTaxRow.tax_class == VOUCHER),
)
"""The delivery itself, gift cards, and what is no thing are not packed."""


def left(session: Session, order_ids: Collection[str]) -> dict[str, list[ShipmentPiece]]:
    """By order, what of it is still to be packed: bought, less what was returned, less what lies in a parcel that has not come back."""
    line, sent = OrderLineRow, repository.sent(session, order_ids)
    hers = select(line.order_id, line.line_no, line.name, line.quantity - line.returned).where(line.order_id.in_(listed(session, order_ids)), ~_NO_GOODS)
    out: dict[str, list[ShipmentPiece]] = {order_id: [] for order_id in order_ids}
    for order_id, line_no, name, quantity in session.execute(hers.order_by(line.order_id, line.line_no)):
        if (more := quantity - sent[order_id][line_no]) > 0:
            out[order_id].append(ShipmentPiece(line_no, name, more))
    return out


def to_ship(session: Session, area_ids: Collection[str], *, since: datetime, limit: int = 100) -> Sequence[DeliveryBookingRow]:
    """What these areas have promised and the store still has something to do with, the soonest first."""
    b, o, line, parcel, inside = DeliveryBookingRow, OrderRow, OrderLineRow, ShipmentRow, ShipmentLineRow
    sent = select(func.coalesce(func.sum(inside.quantity), 0)).join(parcel, parcel.id == inside.shipment_id)
    sent = sent.where(parcel.order_id == line.order_id, inside.line_no == line.line_no, parcel.state != ShipmentState.RETURNED).correlate(line).scalar_subquery()
    to_pack: ColumnElement[bool] = select(line.line_no).where(line.order_id == b.order_id, ~_NO_GOODS, line.quantity - line.returned > sent).correlate(b).exists()
    packed, gone = (exists().where(parcel.order_id == b.order_id, parcel.state.in_(states)) for states in ((ShipmentState.PACKED,), (*UNDER_WAY, ShipmentState.FAILED)))
    stands = and_(b.state == HELD, o.state.in_((OrderState.PAID, OrderState.CONFIRMED)), o.refund_state == "none")
    rows = select(b).join(o, o.id == b.order_id).where(b.area_id.in_(listed(session, area_ids)), b.ends_at > since, or_(and_(stands, or_(to_pack, packed)), gone))
    return session.scalars(rows.order_by(b.starts_at, b.order_id).limit(limit)).all()


def of_orders(session: Session, order_ids: Collection[str]) -> dict[str, list[ShipmentView]]:
    """By order, its parcels with what lies in them, the oldest first."""
    out: dict[str, list[ShipmentView]] = {order_id: [] for order_id in order_ids}
    rows = repository.of_orders(session, order_ids)
    if not rows:
        return out
    line, inside = OrderLineRow, repository.insides(session, [row.id for row in rows])
    known = session.execute(select(line.order_id, line.line_no, line.name).where(line.order_id.in_(listed(session, sorted({row.order_id for row in rows})))))
    names = {(order_id, line_no): name for order_id, line_no, name in known}
    for row in rows:
        out[row.order_id].append(_view(row, tuple(ShipmentPiece(line_no, names[row.order_id, line_no], quantity) for line_no, quantity in inside[row.id])))
    return out


def of_order(session: Session, order_id: str) -> tuple[ShipmentView, ...]:
    return tuple(of_orders(session, [order_id])[order_id])


def _view(row: ShipmentRow, pieces: tuple[ShipmentPiece, ...]) -> ShipmentView:
    return ShipmentView(
        row.id, row.order_id, row.state, row.carrier, row.tracking, pieces, row.packed_at, row.handed_at, row.out_at, row.expected_at, row.delivered_at,
        row.failed_at, row.returned_at, row.why, row.proof,
    )  # fmt: skip
