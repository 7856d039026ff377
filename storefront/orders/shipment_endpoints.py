"""The routes of parcels: what a store packs and sends, and where carriers tell how far a parcel is (an API key of the scope `shipments`)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.orders import shipping
from storefront.orders.shipment_schemas import MoveIn, PackIn, ShipmentOut

router = APIRouter(tags=["orders"])

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Sender = Annotated[Principal, Depends(allow(Role.CLERK, Role.OPERATOR, Role.SERVER, scope="shipments"))]
OrderId = Annotated[str, Path(max_length=80)]
ShipmentId = Annotated[str, Path(max_length=80)]


def places_of(caller: Principal) -> shipping.Places:
    """A clerk acts for her stores, everybody else for all."""
    return caller.place_ids if caller.kind is Role.CLERK else None


@router.get("/v1/till/shipments")
def to_ship(caller: Clerk, call: Reading) -> Response:
    """What your stores pack and send, the soonest first."""
    response = call.run(lambda session: {"orders": shipping.to_ship(session, caller.place_ids, call.clock.now())})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/orders/{order_id}/shipments", status_code=201)
def pack(order_id: OrderId, body: PackIn, caller: Sender, call: Command) -> Response:
    """Pack pieces of an order into a parcel: some of it or all that is left, never more."""

    def work(session: Session) -> ShipmentOut:
        pieces = {line.line_no: line.quantity for line in body.lines}
        made = shipping.pack(session, order_id, pieces, places_of(caller), carrier=body.carrier, tracking=body.tracking, by=caller.id, at=call.clock.now())
        return _out(session, made, caller)

    return call.run(work, status=201)


@router.get("/v1/shipments/{shipment_id}")
def shipment(shipment_id: ShipmentId, caller: Sender, call: Reading) -> Response:
    """A parcel, how far it is, and where it goes."""
    response = call.run(lambda session: _out(session, shipment_id, caller))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/shipments/{shipment_id}/moves")
def move(shipment_id: ShipmentId, body: MoveIn, caller: Sender, call: Command) -> Response:
    """Tell how far a parcel is. News that comes twice or late changes nothing; a later estimate of what is under way counts."""

    def work(session: Session) -> ShipmentOut:
        shipping.move(
            session, shipment_id, body.to, places_of(caller), by=caller.id, at=call.clock.now(), expected_at=body.expected_at, why=body.why, tracking=body.tracking,
        )  # fmt: skip
        return _out(session, shipment_id, caller)

    return call.run(work)


def _out(session: Session, shipment_id: str, caller: Principal) -> ShipmentOut:
    shown, to = shipping.view_of(session, shipment_id, places_of(caller))
    return ShipmentOut(shipment=shown, to=to)
