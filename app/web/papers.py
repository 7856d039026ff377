"""Receipts and credit notes as pages, to read, print and save: a shopper's own, and everybody's for staff.

Owns the two addresses of each paper. Must not reckon or word anything: the storefront hands over the sheet as it is read.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.shopper.frame import frame
from notifications import facade as notifications
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
OrderId = Annotated[str, Path(min_length=1, max_length=80)]
Number = Annotated[str, Path(min_length=1, max_length=30)]
STAFF_LANGUAGE = "en"


@router.get("/m/orders/{order_id}/papers/{number}")
def paper(request: Request, order_id: OrderId, number: Number, caller: Shopper, call: Reading) -> Response:
    """Her receipt in her language."""
    with call.database.reading() as session:
        sheet = storefront.paper_sheet(session, _hers(session, order_id, caller), number, _language(session, caller))
        context = frame(session, caller.id, "me", call.clock.now()) | _context(sheet, f"/m/orders/{order_id}")
    return rendering.page(request, "shopper/paper.html", context, frame_self=True)


@router.get("/m/orders/{order_id}/papers/{number}/pdf")
def paper_file(order_id: OrderId, number: Number, caller: Shopper, call: Reading) -> Response:
    """The same as a file."""
    with call.database.reading() as session:
        return storefront.paper_pdf(session, _hers(session, order_id, caller), number, _language(session, caller))


@router.get("/console/orders/{order_id}/papers/{number}")
def paper_for_staff(request: Request, order_id: OrderId, number: Number, _caller: Staff, call: Reading) -> Response:
    with call.database.reading() as session:
        sheet = storefront.paper_sheet(session, order_id, number, STAFF_LANGUAGE)
    return rendering.page(request, "console/paper.html", {"here": "orders"} | _context(sheet, f"/console/orders/{order_id}"))


@router.get("/console/orders/{order_id}/papers/{number}/pdf")
def file_for_staff(order_id: OrderId, number: Number, _caller: Staff, call: Reading) -> Response:
    with call.database.reading() as session:
        return storefront.paper_pdf(session, order_id, number, STAFF_LANGUAGE)


def _context(sheet: storefront.Sheet, back: str) -> dict[str, object]:
    words = {name: storefront.paper_words(name, sheet.language) for name in ("print", "pdf", "back")}
    return {"sheet": sheet, "back": back, "pdf": f"{back}/papers/{sheet.number}/pdf", "words": words}


def _hers(session: Session, order_id: str, caller: Principal) -> str:
    """Raises NotFound for another's order, as for none at all."""
    found = storefront.order(session, order_id)
    if found is None or found.order.shopper_id != caller.id:
        raise NotFound
    return order_id


def _language(session: Session, caller: Principal) -> str:
    return notifications.liked(session, caller.id).language
