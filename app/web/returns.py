"""Pieces of a paid order come back: the page at the till and in the console that says what is paid back, and does it.

Owns finding the order, its form and its answer. Must not reckon: what a piece was paid for was frozen when it was ordered, and the
room gives it back once. Must not show who the shopper is. A clerk sees orders of her stores and of none.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from storefront import facade as storefront
from storefront.contracts import OrderDetail, OrderState

router = APIRouter(include_in_schema=False)

Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
OrderId = Annotated[str, Path(min_length=1, max_length=80)]
Asked = Annotated[str, Query(max_length=80)]

ORDERS_SHOWN = 50
LINES_ASKED = 40
"""A form has at most 50 fields (forms.py); what is left of a longer order is asked for on the next page."""


@router.get("/console/orders")
def orders(request: Request, _caller: Staff, call: Reading, order: Asked = "") -> Response:
    """The newest orders; a number goes straight to its order."""
    if order.strip():
        return go_to(request, f"/console/orders/{order.strip()}")
    with call.database.reading() as session:
        found = storefront.orders(session, limit=ORDERS_SHOWN)
    return rendering.page(request, "console/orders.html", {"here": "orders", "orders": found})


@router.get("/console/orders/{order_id}")
def order(request: Request, order_id: OrderId, caller: Staff, call: Reading) -> Response:
    """One order: what was paid for each line, what came back, and the form for more."""
    return _shown(request, call, caller, order_id)


@router.post("/console/orders/{order_id}/returns")
def return_in_console(request: Request, order_id: OrderId, caller: Staff, call: Command, form: Fields) -> Response:
    """What is ticked off comes back, and its money goes back."""
    return _return(request, call, caller, order_id, form)


@router.get("/till/returns")
def find(request: Request, caller: Clerk, call: Reading, order: Asked = "") -> Response:
    """The order's number, typed or scanned from the phone."""
    if not order.strip():
        return _shown(request, call, caller, "")
    return go_to(request, f"/till/returns/{order.strip()}")


@router.get("/till/returns/{order_id}")
def order_at_till(request: Request, order_id: OrderId, caller: Clerk, call: Reading) -> Response:
    """The same order at the counter."""
    return _shown(request, call, caller, order_id)


@router.post("/till/returns/{order_id}")
def return_at_till(request: Request, order_id: OrderId, caller: Clerk, call: Command, form: Fields) -> Response:
    return _return(request, call, caller, order_id, form)


def _return(request: Request, call: CommandCall, caller: Principal, order_id: str, form: Form) -> Response:
    shop: storefront.Shop = call.app.shop
    with call.database.reading() as session:
        detail = storefront.at_counter.order_of_staff(session, order_id, caller)
    entered = {line.line_no: form.text(f"line{line.line_no}", most=6) for line in detail.lines}
    try:
        pieces = _pieces(detail, form)
        restock, seen = form.ticked("restock"), form.whole("seen", least=0, most=10**6)
        # the same press of the same page once more is the same return; a later page shows more pieces as returned
        key = f"page {seen} {sorted(pieces.items())}"
        call.staged(lambda stage: storefront.at_counter.return_pieces(shop, stage, order_id, pieces, restock=restock, caller=caller, key=key))
    except AppError as refusal:
        if refusal.status not in (409, 422, 503):
            raise
        return _shown(request, call, caller, order_id, trouble=refusal.detail, entered=entered, status=refusal.status)
    return go_to(request, f"{_home(caller)}/{order_id}")


def _pieces(detail: OrderDetail, form: Form) -> dict[int, int]:
    """Line number -> how many; raises Invalid where nothing is returned, or more of a line than is out."""
    out: dict[int, int] = {}
    for line in detail.lines:
        left = line.quantity - line.returned
        try:
            count = form.whole(f"line{line.line_no}", least=0, most=left, default=0)
        except Invalid:
            raise Invalid.field(line.name or "delivery", f"a whole number from 0 to {left}") from None
        if count:
            out[line.line_no] = count
    if not out:
        raise Invalid.field("pieces", "say of at least one line how many come back")
    return out


def _shown(
    request: Request, call: Any, caller: Principal, order_id: str, *, trouble: str = "", entered: dict[int, str] | None = None, status: int = 200
) -> Response:  # fmt: skip
    context: dict[str, Any] = {"here": "orders", "home": _home(caller), "detail": None, "trouble": trouble, "entered": entered or {}, "asked": None}
    if order_id:
        with call.database.reading() as session:
            context |= _told(session, order_id, caller)
        context["papers"] = () if caller.kind is Role.CLERK else storefront.papers_of(call.app.shop, order_id)
    template = "till/returns.html" if caller.kind is Role.CLERK else "console/order.html"
    return rendering.page(request, template, context, status=status)


def _told(session: Session, order_id: str, caller: Principal) -> dict[str, Any]:
    detail = storefront.at_counter.order_of_staff(session, order_id, caller)
    may = detail.order.state is OrderState.PAID and not detail.refund_due
    left = [line for line in detail.lines if line.quantity > line.returned] if may else []
    asked = storefront.at_counter.return_request(session, order_id, at=session.info["clock"].now())
    return {"asked": asked, "detail": detail, "returnable": {line.line_no for line in left[:LINES_ASKED]}, "more": len(left) > LINES_ASKED, "seen": sum(line.returned for line in detail.lines)}


def _home(caller: Principal) -> str:
    return "/till/returns" if caller.kind is Role.CLERK else "/console/orders"
