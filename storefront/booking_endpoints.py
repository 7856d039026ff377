"""The routes of services given at a time: for her who books, for the till, and for those who say when they are given."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading, Stage
from app.security.access import Principal, Role, allow
from storefront import booking_desk as desk
from storefront.bookings import invitation
from storefront.bookings.schemas import ServiceIn, StoreTimesOut, TimeOut, TimesOut
from storefront.orders.appointments import Appointment
from storefront.orders.schemas import ProofIn, SlotIn
from storefront.payments.shop import Shop

router = APIRouter(tags=["bookings"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
staff = Depends(allow(Role.MARKETER, Role.OPERATOR))
Id = Annotated[str, Path(max_length=80)]
OrderId = Annotated[str, Path(max_length=80)]
LineNo = Annotated[int, Path(ge=1, le=10_000)]
PlaceId = Annotated[str | None, Query(min_length=1, max_length=60)]


@router.get("/v1/products/{product_id}/times")
def times(product_id: Id, caller: Shopper, call: Reading, place_id: PlaceId = None) -> Response:
    """When a service can be booked, store by store, with what a place costs then and how many are left; no stores: it is not given at times."""

    def work(session: Session) -> TimesOut:
        item, found = desk.times_of(session, product_id, call.clock.now(), shopper_id=caller.id, place_id=place_id)
        stores = [
            StoreTimesOut(
                place_id=one.service.place_id, name=one.name, timezone=one.service.calendar.timezone, duration_min=one.service.duration_min,
                times=[TimeOut(slot_id=t.slot.id, day=t.slot.day, starts_at=t.slot.starts_at, ends_at=t.slot.ends_at, left=t.left, price_minor=t.price_minor) for t in one.times],
            )
            for one in found
        ]  # fmt: skip
        return TimesOut(product_id=item.id, currency=item.currency, stores=stores)

    return call.run(work)


def _told(one: Appointment) -> dict[str, Any]:
    others = [{"slot_id": o.slot.id, "starts_at": o.slot.starts_at, "ends_at": o.slot.ends_at, "left": o.left} for o in one.others]
    return {"booking": one.booking, "cancellable": one.cancellable, "others": others}


@router.get("/v1/orders/{order_id}/bookings")
def bookings(order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """What of your order is given at a time, until when you may move or cancel it, and the times you may move it to."""

    def work(session: Session) -> dict[str, Any]:
        return {"bookings": [_told(one) for one in desk.appointments_of(session, order_id, caller.id, call.clock.now())]}

    return call.run(work)


@router.get("/v1/orders/{order_id}/bookings/{line_no}/proof")
def proof(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Reading) -> Response:
    """The code your phone shows at the store; none while nothing is to be given."""
    response = call.run(lambda session: {"proof": desk.proof_for(session, order_id, line_no, caller.id, call.clock.now())})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get("/v1/orders/{order_id}/bookings/{line_no}/calendar")
def calendar_file(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Reading) -> Response:
    """It as a file for your calendar (RFC 5545)."""
    page = str(call.request.base_url) + f"m/orders/{order_id}"
    with call.database.reading() as session:
        text = desk.invitation(session, order_id, line_no, caller.id, page, call.clock.now())
    return Response(text, media_type=invitation.MEDIA_TYPE, headers={"Content-Disposition": 'attachment; filename="booking.ics"', "Cache-Control": "private, no-store"})


@router.put("/v1/orders/{order_id}/bookings/{line_no}/slot", status_code=204)
def move_booking(order_id: OrderId, line_no: LineNo, body: SlotIn, caller: Shopper, call: Command) -> Response:
    """At another time in the same store, no dearer than what you paid, until the hour the store states."""
    return call.run(lambda session: desk.move(session, order_id, line_no, caller.id, body.slot_id, at=call.clock.now()), status=204)


@router.post("/v1/orders/{order_id}/bookings/{line_no}/cancel")
def cancel(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Command) -> Response:
    """Give it up until the hour the store states: its places are free, and what you paid for them goes back."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        desk.cancel(shop, stage, caller.id, order_id, line_no)

    return call.staged(work)


@router.post("/v1/orders/{order_id}/bookings/{line_no}/here")
def here_for_booking(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Command) -> Response:
    """Tell the store that you are there."""
    return call.run(lambda session: {"new": desk.here(session, order_id, line_no, caller.id, at=call.clock.now())})


# --- at the till ------------------------------------------------------------------------------------------------------


@router.get("/v1/till/bookings")
def todays(caller: Clerk, call: Reading) -> Response:
    """What is booked in your stores today; who has arrived stands first."""
    return call.run(lambda session: {"bookings": desk.at_stores(session, caller.place_ids, call.clock.now())})


@router.post("/v1/till/bookings/{booking_id}/check-in", status_code=204)
def check_in(booking_id: Id, body: ProofIn, caller: Scanner, call: Command) -> Response:
    """She is there: against the code her phone shows now, once."""
    return call.run(lambda session: desk.check_in(session, booking_id, body.code, caller.place_ids, by=caller.id, at=call.clock.now()), status=204)


@router.post("/v1/till/bookings/{booking_id}/miss", status_code=204)
def miss(booking_id: Id, caller: Clerk, call: Command) -> Response:
    """Nobody came."""
    return call.run(lambda session: desk.miss(session, booking_id, caller.place_ids, by=caller.id, at=call.clock.now()), status=204)


# --- when they are given ----------------------------------------------------------------------------------------------


@router.get("/v1/services", dependencies=[staff])
def services(call: Reading) -> Response:
    """Every service of every store, as it was written."""
    return call.run(desk.export)


@router.put("/v1/services/{product_id}/{place_id}", dependencies=[staff])
def put_service(product_id: Id, place_id: Id, body: ServiceIn, call: Command) -> Response:
    """Say whole when a store gives a service. What is booked stays booked, also where fewer fit in from now on."""
    return call.run(lambda session: desk.write_service(session, product_id, place_id, body, at=call.clock.now()))


@router.delete("/v1/services/{product_id}/{place_id}", status_code=204, dependencies=[staff])
def drop_service(product_id: Id, place_id: Id, call: Command) -> Response:
    """Nothing more is booked there; what is booked stays booked."""
    return call.run(lambda session: desk.drop_service(session, product_id, place_id), status=204)
