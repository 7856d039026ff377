"""Waiting for an order and fetching it: the code on the phone that changes by itself, "I'm here", and "Tell me".

Owns these steps. Must not decide: storefront/orders/fetching does. Another's order is as none.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.privacy.consents import set_consent
from app.privacy.purposes import Purpose
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.shopper.frame import frame
from app.web.shopper.qr import qr_svg
from storefront import facade as storefront
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_]+$")]


@router.get("/m/orders/{order_id}/collect")
def code_page(request: Request, order_id: Id, caller: Shopper, call: Reading) -> Response:
    """The code to show at the shop; once it was handed over, the order."""
    at = call.clock.now()
    with call.database.reading() as session:
        live = at_counter.proof_for(session, order_id, caller.id, at)
        detail = storefront.order(session, order_id)
        context = frame(session, caller.id, "me", at)
    if live is None or detail is None or detail.collection is None:
        return go_to(request, f"/m/orders/{order_id}")
    context |= {"order_id": order_id, "live": live, "collection": detail.collection, "picture": Markup(qr_svg(live.text))}  # noqa: S704 - drawn by us
    return rendering.page(request, "shopper/collect.html", context, frame_self=True)


@router.get("/m/orders/{order_id}/door/{shipment_id}")
def door_page(request: Request, order_id: Id, shipment_id: Id, caller: Shopper, call: Reading) -> Response:
    """The code to show whoever brings the parcel; once she has it, the order."""
    at = call.clock.now()
    with call.database.reading() as session:
        live = at_counter.door_proof(session, order_id, shipment_id, caller.id, at)
        detail = storefront.order(session, order_id)
        context = frame(session, caller.id, "me", at)
    parcel = next((one for one in detail.shipments if one.id == shipment_id), None) if detail is not None else None
    if live is None or parcel is None:
        return go_to(request, f"/m/orders/{order_id}")
    context |= {"order_id": order_id, "shipment_id": shipment_id, "live": live, "parcel": parcel, "picture": Markup(qr_svg(live.text))}  # noqa: S704 - drawn by us
    return rendering.page(request, "shopper/door.html", context, frame_self=True)


@router.post("/m/orders/{order_id}/here")
def here(request: Request, order_id: Id, caller: Shopper, call: Command) -> Response:
    """The shop is told that she is there."""

    def work(session: Session) -> dict[str, bool]:
        return {"new": at_counter.here(session, order_id, caller.id, at=call.clock.now())}

    try:
        call.run(work)
    except AppError as refusal:
        if refusal.status != 409:
            raise  # not hers; what is not ready (any more) is said by the order's own page
    return go_to(request, f"/m/orders/{order_id}")


@router.post("/m/orders/{order_id}/downloads/{line_no}")
def download(request: Request, order_id: Id, line_no: Annotated[int, Path(ge=1, le=10_000)], caller: Shopper, call: Command) -> Response:
    """Opens the file of a line, and goes there."""
    call.run(lambda session: storefront.open_download(session, call.app.shop, order_id, line_no, caller.id))
    return go_to(request, storefront.download_address(order_id, line_no))


@router.post("/m/orders/{order_id}/tell-me")
def tell_me(request: Request, order_id: Id, caller: Shopper, call: Command) -> Response:
    """Her phone may tell her how far her orders are: the switch of *Me*, where she waits for one."""

    def work(session: Session) -> dict[str, bool]:
        at_counter.owned(session, order_id, caller.id)
        return {"changed": set_consent(session, caller.id, Purpose.ORDER_NEWS, granted=True, source="order_page", at=call.clock.now())}

    call.run(work)
    return go_to(request, f"/m/orders/{order_id}")
