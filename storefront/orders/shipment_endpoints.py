"""The routes of parcels: what a store packs and sends, and where carriers tell how far a parcel is (an API key of the scope `shipments`)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow, spend_at
from storefront.orders import shipping
from storefront.orders.schemas import ProofIn
from storefront.orders.shipment_schemas import DoorOut, LeftIn, MoveIn, PackIn, ShipmentOut

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
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


@router.get("/v1/orders/{order_id}/shipments/{shipment_id}/proof")
def door_proof(order_id: OrderId, shipment_id: ShipmentId, caller: Shopper, call: Reading) -> Response:
    """While your parcel is being brought: the code your phone shows at the door."""
    response = call.run(lambda session: DoorOut(proof=shipping.proof_for(session, order_id, shipment_id, caller.id, call.clock.now())))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/till/shipments/{shipment_id}/deliver", status_code=204)
def deliver(shipment_id: ShipmentId, body: ProofIn, caller: Scanner, call: Command) -> Response:
    """At the door, against the code her phone shows now: scanned, or its eight digits."""
    spend_at(call.request, "live_code", shipment_id)
    return call.run(lambda session: shipping.deliver(session, shipment_id, body.code, caller.place_ids, by=caller.id, at=call.clock.now()), status=204)


@router.post("/v1/till/shipments/{shipment_id}/left", status_code=204)
def left(shipment_id: ShipmentId, body: LeftIn, caller: Clerk, call: Command) -> Response:
    """Nobody has shown a code: where it was left. It counts as delivered, and not as proved."""
    return call.run(lambda session: shipping.leave(session, shipment_id, body.where, caller.place_ids, by=caller.id, at=call.clock.now()), status=204)


def _out(session: Session, shipment_id: str, caller: Principal) -> ShipmentOut:
    shown, to = shipping.view_of(session, shipment_id, places_of(caller))
    return ShipmentOut(shipment=shown, to=to)
