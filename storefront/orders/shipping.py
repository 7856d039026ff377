"""An order that is brought to her: packed into parcels, handed to a carrier, out, delivered, or back at the store.

Owns these steps. Whatever leaves the store begins with the order's row locked, so that nothing is sent of an order that is given up, and never more than
was bought less what was returned. A clerk acts for the areas of her stores and for those of none; another's order or parcel is as none. A carrier's news may
come twice and late: what is old changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.outbox import emit
from storefront.addresses import repository as addresses
from storefront.addresses.formats import label
from storefront.cash import claims
from storefront.cash.errors import CashDue
from storefront.collection import proof
from storefront.contracts import OrderToShip, ShipmentMoved, ShipmentView
from storefront.delivery import booking
from storefront.delivery import repository as deliveries
from storefront.delivery.repository import HELD
from storefront.errors import (
    HandOverRefused,
    NothingToSend,
    ShipmentBehind,
    TooManyShipped,
    UnknownOrder,
    UnknownShipment,
)
from storefront.orders import parcels
from storefront.orders.models import OrderRow
from storefront.orders.repository import goes_on, locked, owned, stands
from storefront.shipments import repository
from storefront.shipments.models import ShipmentRow
from storefront.shipments.states import Failure, Left, Proof, ShipmentState, is_behind

LATE = timedelta(days=14)
"""So long after its time an order that was not sent stays on the store's list."""
Places = Collection[str] | None
"""The stores somebody works at; None: for all."""


def to_ship(session: Session, places: Places, at: datetime) -> list[OrderToShip]:
    """What the stores pack and send, the soonest first: orders that stand, and what is under way or came back of any."""
    areas = {area.id: area for area in deliveries.areas(session) if not area.collect and _hers(area.place_id, places)}
    rows = parcels.to_ship(session, list(areas), since=at - LATE) if areas else ()
    ids = [row.order_id for row in rows]
    left, packed = parcels.left(session, ids), parcels.of_orders(session, ids)
    cash = claims.of_orders(session, ids)
    opened = addresses.opened([(row.sealed, row.order_id) for row in rows])
    return [
        OrderToShip(
            row.order_id, areas[row.area_id].name, label(to) if to is not None else (), row.starts_at, row.ends_at, row.timezone,
            tuple(left[row.order_id]) if row.state == HELD else (), tuple(packed[row.order_id]), cash.get(row.order_id),
        )
        for row, to in zip(rows, opened, strict=True)
    ]  # fmt: skip


def pack(session: Session, order_id: str, pieces: Mapping[int, int], places: Places, *, carrier: str, tracking: str = "", by: str, at: datetime) -> str:
    """So many pieces of each line into one parcel; returns its id. Raises UnknownOrder, NothingToSend, TooManyShipped, Invalid."""
    order = _standing(session, order_id, places)
    if not pieces or any(quantity < 1 for quantity in pieces.values()):
        raise Invalid.field("lines", "at least one piece of at least one line")
    left = {piece.line_no: piece.quantity for piece in parcels.left(session, [order_id])[order_id]}
    over = sorted(line_no for line_no, quantity in pieces.items() if quantity > left.get(line_no, 0))
    if over:
        raise TooManyShipped(extra={"lines": [{"line_no": line_no, "left": left.get(line_no, 0)} for line_no in over]})
    shipment_id = repository.write(session, order_id, order.shopper_id, pieces, carrier=carrier, tracking=tracking, by=by, at=at)
    _tell(session, shipment_id, order_id, order.shopper_id, ShipmentState.PACKED, at)
    return shipment_id


def move(
    session: Session, shipment_id: str, to: ShipmentState, places: Places, *, by: str, at: datetime, expected_at: datetime | None = None, why: Failure | None = None, tracking: str = ""
) -> bool:
    """One step forward; True when it was made now. A step the parcel has behind it changes nothing, but for a later estimate of what is under way.

    Raises UnknownShipment, ShipmentBehind (it is not so far yet), NothingToSend (the order does not stand any more), Invalid.
    """
    row = shipment_of(session, shipment_id, places)
    if (why is not None) != (to is ShipmentState.FAILED):
        raise Invalid.field("why", f"with `failed` one of {', '.join(Failure)}, and with nothing else")
    if row.state == ShipmentState.PACKED:
        _standing(session, row.order_id, places)
    values = {name: value for name, value in {"expected_at": expected_at, "why": why, "tracking": tracking}.items() if value}
    if to is ShipmentState.DELIVERED:
        if places is not None and row.state == ShipmentState.OUT_FOR_DELIVERY:
            raise HandOverRefused("Who brings it takes the code her phone shows, or says where it was left.")
        order = locked(session, row.order_id)
        if order is not None and not stands(order) and goes_on(order):
            raise CashDue
        values |= {"proof": Proof.CARRIER, "delivered_by": by}
    if repository.move(session, shipment_id, to, at, **values):
        _tell(session, shipment_id, row.order_id, row.shopper_id, to, at)
        return True
    now = shipment_of(session, shipment_id, places)
    if not is_behind(ShipmentState(now.state), to):
        raise ShipmentBehind(f"It is {now.state.replace('_', ' ')}; that does not lead to {to.value.replace('_', ' ')}.")
    if expected_at is not None and now.state == to:
        repository.estimate(session, shipment_id, expected_at)
    return False


def proof_for(session: Session, order_id: str, shipment_id: str, shopper_id: str, at: datetime) -> proof.LiveProof | None:
    """The code she shows at her door; None while nobody brings this parcel. Raises UnknownOrder, UnknownShipment, also for another's."""
    order, row = owned(session, order_id, shopper_id), repository.found(session, shipment_id)
    if row is None or row.order_id != order_id:
        raise UnknownShipment
    return proof.live(shipment_id, at) if row.state == ShipmentState.OUT_FOR_DELIVERY and goes_on(order) else None


def deliver(session: Session, shipment_id: str, typed: str, places: Places, *, by: str, at: datetime) -> None:
    """At the door, against the code her phone shows now, once. Raises UnknownShipment, NothingToSend, HandOverRefused."""
    _at_door(session, shipment_id, places, proof.against(shipment_id, typed, at, what="parcel"), by=by, at=at, proof=Proof.CODE)


def leave(session: Session, shipment_id: str, where: Left, places: Places, *, by: str, at: datetime) -> None:
    """Nobody has shown a code: left there, and not proved. Raises as `deliver`."""
    _at_door(session, shipment_id, places, "", by=by, at=at, proof=Proof.LEFT, why=where)


def _at_door(session: Session, shipment_id: str, places: Places, wrong: str, *, by: str, at: datetime, **values: Any) -> None:
    row = shipment_of(session, shipment_id, places)
    order = _standing(session, row.order_id, places)
    if wrong:
        raise HandOverRefused(wrong)
    if not stands(order):
        raise CashDue
    if repository.hand_over(session, shipment_id, at, delivered_by=by, **values):
        _tell(session, shipment_id, row.order_id, row.shopper_id, ShipmentState.DELIVERED, at)
        return
    now = shipment_of(session, shipment_id, places)
    raise HandOverRefused("It was delivered already." if now.state == ShipmentState.DELIVERED else "Nobody brings this parcel now.")


def shipment_of(session: Session, shipment_id: str, places: Places) -> ShipmentRow:
    """Raises UnknownShipment, for another store's too."""
    row = repository.found(session, shipment_id)
    if row is None or not _of_places(session, row.order_id, places):
        raise UnknownShipment
    return row


def view_of(session: Session, shipment_id: str, places: Places) -> tuple[ShipmentView, tuple[str, ...]]:
    """A parcel, and where it goes. Raises UnknownShipment."""
    row = shipment_of(session, shipment_id, places)
    return next(one for one in parcels.of_order(session, row.order_id) if one.id == shipment_id), booking.address_of(session, row.order_id)


def _standing(session: Session, order_id: str, places: Places) -> OrderRow:
    """The order, locked, brought by one of these stores. Raises UnknownOrder, NothingToSend."""
    order = locked(session, order_id)
    if order is None or not _of_places(session, order_id, places):
        raise UnknownOrder
    if not goes_on(order):
        raise NothingToSend
    return order


def _of_places(session: Session, order_id: str, places: Places) -> bool:
    found = deliveries.booking(session, order_id)
    if found is None:
        return False
    area = deliveries.area(session, found.area_id)
    return _hers(area.place_id if area is not None else None, places)


def _hers(place_id: str | None, places: Places) -> bool:
    """An area that names no store is served by all."""
    return places is None or place_id is None or place_id in places


def _tell(session: Session, shipment_id: str, order_id: str, shopper_id: str, state: ShipmentState, at: datetime) -> None:
    emit(session, ShipmentMoved(shipment_id, order_id, shopper_id, state.value, at), subject=shopper_id)
