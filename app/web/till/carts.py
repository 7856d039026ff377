"""Carts at the till: taking the one a phone shows, to be paid here; and putting one together that a phone takes.

Owns this page and its forms. Must not decide: the storefront does. It never shows whose phone it is.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Forbidden, Invalid
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.qr import qr_svg
from geofences import facade as geofences
from storefront import facade as storefront
from storefront.facade import cart_handing

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
HERE = "/till/carts"
MOST_NAMED = 5


def _page(request: Request, call: Any, caller: Principal, refusal: AppError | None = None, shown: dict[str, Any] | None = None) -> Response:
    with call.database.reading() as session:
        cart = cart_handing.of_clerk(session, caller.id)
        known = storefront.products_by_ids(session, [line.product_id for line in cart.lines])
        places = sorted(geofences.places_by_ids(session, list(caller.place_ids)).values(), key=lambda place: place.name)
    lines = [(known[line.product_id], line.quantity) for line in cart.lines if line.product_id in known]
    said = "" if refusal is None else "; ".join(one.remedy for one in refusal.fields) or refusal.detail
    context = {"lines": lines, "places": places, "trouble": said, "gone": "", "shown": shown, "currency": cart.currency}
    return rendering.page(request, "till/carts.html", context, status=refusal.status if refusal else 200)


@router.get("/till/carts")
def carts(request: Request, caller: Clerk, call: Reading) -> Response:
    """Both directions."""
    return _page(request, call, caller)


@router.post("/till/carts/take")
def take(request: Request, caller: Scanner, call: Command, form: Fields) -> Response:
    """What the phone shows becomes an order to be paid here."""
    code, place_id = form.text("code", most=64), form.text("place_id", most=60)

    def work(session: Session) -> dict[str, str]:
        if place_id not in caller.place_ids:
            raise Forbidden
        return {"order_id": cart_handing.take_at_till(session, call.app.shop, code, place_id, by=caller.id, at=call.clock.now())}

    try:
        answer = call.run(work)
    except Forbidden:
        raise
    except AppError as refusal:
        return _page(request, call, caller, refusal)
    return go_to(request, f"/till/cash#o-{json.loads(bytes(answer.body))['order_id']}")


@router.post("/till/carts/lines")
def put(request: Request, caller: Clerk, call: Command, form: Fields) -> Response:
    """More pieces of a product, by its number or its name."""
    wanted = form.text("product", most=80)
    quantity = form.whole("quantity", least=1, most=99, default=1)

    def work(session: Session) -> dict[str, int]:
        at = call.clock.now()
        return {"lines": len(cart_handing.put(session, call.app.shop, caller.id, {_meant(session, wanted): quantity}, at=at).lines)}

    return _then(request, call, caller, work)


def _meant(session: Session, wanted: str) -> str:
    """The product's id. Raises Invalid when none or several may be meant."""
    if not wanted:
        raise Invalid.field("product", "type the product's number or name")
    if storefront.product(session, wanted) is not None:
        return wanted
    found = storefront.products(session, wanted, limit=MOST_NAMED)
    if len(found) != 1:
        raise Invalid.field("product", f"which one: {', '.join(one.name for one in found)}?" if found else "nothing is sold by this name or number")
    return found[0].id


@router.post("/till/carts/empty")
def empty(request: Request, caller: Clerk, call: Command) -> Response:
    """Begin anew."""

    def work(session: Session) -> dict[str, bool]:
        cart_handing.empty(session, caller.id, at=call.clock.now())
        return {"empty": True}

    return _then(request, call, caller, work)


@router.post("/till/carts/code")
def show(request: Request, caller: Clerk, call: Command) -> Response:
    """What the phone scans."""
    try:
        told = json.loads(bytes(call.run(lambda session: cart_handing.show_clerks(session, caller.id, at=call.clock.now())).body))
    except AppError as refusal:
        return _page(request, call, caller, refusal)
    link = f"{call.app.settings.base_url()}/m/cart/take?code={told['code']}"
    return _page(request, call, caller, shown={"code": told["code"], "picture": Markup(qr_svg(link))})  # noqa: S704 - drawn by us


def _then(request: Request, call: CommandCall, caller: Principal, work: Any) -> Response:
    try:
        call.run(work)
    except AppError as refusal:
        return _page(request, call, caller, refusal)
    return go_to(request, HERE)
