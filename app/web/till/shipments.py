"""The clerk's list of orders that are brought: packed into parcels, handed to a carrier, out, or back at the store.

Owns this page and its forms. Must not decide: storefront/orders/shipping does. The address stands here because it stands on the label.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow, spend_at
from app.web import rendering
from app.web.browser import asked_by_htmx
from app.web.forms import Fields, LongFields
from app.web.till.answering import done
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
HERE = "/till/shipments"
FAILURES = {"nobody_there": "Nobody was there", "not_found": "The address was not found", "refused": "It was not accepted", "damaged": "It was damaged", "lost": "It was lost"}
LEFT = {"at_door": "At the door", "neighbour": "With a neighbour", "box": "In a parcel box", "desk": "At a desk"}
STATES = {
    "packed": "packed", "handed_over": "with the carrier", "out_for_delivery": "being brought", "delivered": "delivered", "failed": "not delivered", "returned": "back here",
}  # fmt: skip


def _context(call: Any, caller: Principal, trouble: str = "", of: str = "") -> dict[str, Any]:
    with call.database.reading() as session:
        told = at_counter.to_ship(session, caller.place_ids, call.clock.now())
    shown = {one.order_id for one in told} | {parcel.id for one in told for parcel in one.shipments}
    return {"gone": trouble if of not in shown else "", "told": told, "failures": FAILURES, "states": STATES, "left": LEFT, "trouble": trouble, "of": of}


@router.get("/till/shipments")
def shipments(request: Request, caller: Clerk, call: Reading, part: Annotated[str, Query(max_length=5)] = "") -> Response:
    """What her stores pack and send, the soonest first. The page asks again by itself."""
    if part and asked_by_htmx(request):
        return rendering.fragment("till/shipments.part.html", _context(call, caller))
    return rendering.page(request, "till/shipments.html", _context(call, caller))


@router.post("/till/orders/{order_id}/pack")
def pack(request: Request, order_id: Id, caller: Clerk, call: Command, form: LongFields) -> Response:
    """So many pieces of each line into one parcel."""
    carrier, tracking = form.text("carrier", most=40), form.text("tracking", most=80)
    pieces = {int(name[4:]): form.whole(name, least=0, most=99, default=0) for name in form.fields if name.startswith("line") and name[4:].isdecimal() and len(name) < 9}

    def work(session: Session) -> dict[str, str]:
        if not carrier:
            raise Invalid.field("carrier", "who carries it")
        chosen = {line_no: quantity for line_no, quantity in pieces.items() if quantity}
        return {"id": at_counter.pack(session, order_id, chosen, caller.place_ids, carrier=carrier, tracking=tracking, by=caller.id, at=call.clock.now())}

    return _done(request, call, caller, order_id, work)


@router.post("/till/shipments/{shipment_id}/move")
def move(request: Request, shipment_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """One step forward."""
    to, why = form.text("to", most=20), form.text("why", most=20)

    def work(session: Session) -> dict[str, bool]:
        if to not in set(at_counter.ShipmentState) - {at_counter.ShipmentState.PACKED}:
            raise Invalid.field("to", "a step of a parcel")
        if why and why not in set(at_counter.Failure):
            raise Invalid.field("why", f"one of {', '.join(at_counter.Failure)}")
        cause = at_counter.Failure(why) if why else None
        return {"new": at_counter.move_shipment(session, shipment_id, at_counter.ShipmentState(to), caller.place_ids, by=caller.id, at=call.clock.now(), why=cause)}

    return _done(request, call, caller, shipment_id, work)


@router.post("/till/shipments/{shipment_id}/deliver")
def deliver(request: Request, shipment_id: Id, caller: Scanner, call: Command, form: Fields) -> Response:
    """At the door, against the code the phone shows."""
    code = form.text("code", most=120)

    def work(session: Session) -> dict[str, str]:
        at_counter.deliver(session, shipment_id, code, caller.place_ids, by=caller.id, at=call.clock.now())
        return {"id": shipment_id}

    spend_at(request, "live_code", shipment_id)
    return _done(request, call, caller, shipment_id, work)


@router.post("/till/shipments/{shipment_id}/left")
def left(request: Request, shipment_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """Nobody has shown a code."""
    where = form.text("where", most=20)

    def work(session: Session) -> dict[str, str]:
        if where not in set(at_counter.Left):
            raise Invalid.field("where", f"one of {', '.join(at_counter.Left)}")
        at_counter.leave(session, shipment_id, at_counter.Left(where), caller.place_ids, by=caller.id, at=call.clock.now())
        return {"id": shipment_id}

    return _done(request, call, caller, shipment_id, work)


def _done(request: Request, call: CommandCall, caller: Principal, of: str, work: Any) -> Response:
    def refused(why: AppError) -> Response:
        return rendering.page(request, "till/shipments.html", _context(call, caller, why.detail, of), status=why.status)

    return done(request, call, work, home=HERE, refused=refused)
