"""Shipments: the statements. Each change of state is one conditional UPDATE.

Owns them. Must not decide who may do what, nor how much may be sent: orders/shipping.py does, with the order's row held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.kernel.bulk import listed
from app.kernel.db import moved, touched
from app.kernel.ids import new_id
from storefront.shipments.models import ShipmentLineRow, ShipmentRow
from storefront.shipments.states import UNDER_WAY, ShipmentState, predecessors

S, L = ShipmentRow, ShipmentLineRow
TIMES = {
    ShipmentState.HANDED_OVER: "handed_at", ShipmentState.OUT_FOR_DELIVERY: "out_at", ShipmentState.DELIVERED: "delivered_at",
    ShipmentState.FAILED: "failed_at", ShipmentState.RETURNED: "returned_at",
}  # fmt: skip


def write(session: Session, order_id: str, shopper_id: str, pieces: Mapping[int, int], *, carrier: str, tracking: str, by: str, at: datetime) -> str:
    """Packed. Returns the parcel's id."""
    row = S(id=new_id("pcl"), order_id=order_id, shopper_id=shopper_id, state=ShipmentState.PACKED, carrier=carrier, tracking=tracking, packed_at=at, packed_by=by)
    session.add(row)
    session.flush()
    session.add_all([L(shipment_id=row.id, line_no=line_no, quantity=quantity) for line_no, quantity in pieces.items()])
    session.flush()
    return row.id


def found(session: Session, shipment_id: str) -> ShipmentRow | None:
    return session.execute(select(S).where(S.id == shipment_id).execution_options(populate_existing=True)).scalar_one_or_none()


def move(session: Session, shipment_id: str, to: ShipmentState, at: datetime, **values: Any) -> bool:
    """One step forward: True for the one who made it."""
    free = update(S).where(S.id == shipment_id, S.state.in_(predecessors(to)))
    return moved(session, free.values(state=to, **{TIMES[to]: at}, **values))


def hand_over(session: Session, shipment_id: str, at: datetime, **values: Any) -> bool:
    """At the door, of what is being brought: True for the one who did it."""
    out = update(S).where(S.id == shipment_id, S.state == ShipmentState.OUT_FOR_DELIVERY)
    return moved(session, out.values(state=ShipmentState.DELIVERED, delivered_at=at, **values))


def estimate(session: Session, shipment_id: str, expected_at: datetime) -> bool:
    """The carrier says when; only of what is under way."""
    return moved(session, update(S).where(S.id == shipment_id, S.state.in_(UNDER_WAY)).values(expected_at=expected_at))


def has_left(session: Session, order_id: str) -> bool:
    """Something of it has left the store, and has not come back."""
    gone = select(S.id).where(S.order_id == order_id, S.state.not_in((ShipmentState.PACKED, ShipmentState.RETURNED)))
    return session.scalar(gone.limit(1)) is not None


def sent(session: Session, order_ids: Collection[str]) -> dict[str, Counter[int]]:
    """By order and line, how many pieces lie in a parcel that has not come back."""
    out: dict[str, Counter[int]] = {order_id: Counter() for order_id in order_ids}
    inside = select(S.order_id, L.line_no, func.sum(L.quantity)).join(L, L.shipment_id == S.id).where(S.order_id.in_(listed(session, order_ids)), S.state != ShipmentState.RETURNED)
    for order_id, line_no, quantity in session.execute(inside.group_by(S.order_id, L.line_no)):
        out[order_id][line_no] = int(quantity)
    return out


def of_orders(session: Session, order_ids: Collection[str]) -> Sequence[ShipmentRow]:
    """Their parcels, the oldest first."""
    rows = select(S).where(S.order_id.in_(listed(session, order_ids))).order_by(S.packed_at, S.id)
    return session.scalars(rows.execution_options(populate_existing=True)).all()


def insides(session: Session, shipment_ids: Collection[str]) -> dict[str, list[tuple[int, int]]]:
    """By parcel, (line, how many)."""
    out: dict[str, list[tuple[int, int]]] = {shipment_id: [] for shipment_id in shipment_ids}
    for row in session.scalars(select(L).where(L.shipment_id.in_(listed(session, shipment_ids))).order_by(L.shipment_id, L.line_no)):
        out[row.shipment_id].append((row.line_no, row.quantity))
    return out


def forget(session: Session, shopper_id: str) -> int:
    """She is erased: nobody knows any more what was sent to whom."""
    session.execute(delete(L).where(L.shipment_id.in_(select(S.id).where(S.shopper_id == shopper_id))).execution_options(synchronize_session=False))
    return touched(session, delete(S).where(S.shopper_id == shopper_id))
