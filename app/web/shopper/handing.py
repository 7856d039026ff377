"""The cart that changes hands, on the phone: the code a till takes it by, and taking what a clerk has put together; and a cart page that follows what another phone did.

Owns these steps. Must not decide: storefront/cart_handing does. A link only asks; the press takes.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from app.web.shopper.qr import qr_svg
from app.web.shopper.shop import cart_part
from storefront import facade as storefront
from storefront.facade import cart_handing

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]
Version = Annotated[int, Query(ge=0, le=10**9)]
UNCHANGED = 204


def _version(call: Any, caller: Principal) -> int:
    with call.database.reading() as session:
        return storefront.cart(session, caller.id).version


@router.get("/m/cart/changes")
def changes(caller: Shopper, call: Reading, version: Version) -> Response:
    """The cart, if it is not in this version any more: another of her phones, or a till, has changed it."""
    return Response(status_code=UNCHANGED) if _version(call, caller) == version else cart_part(call, caller)


@router.post("/m/cart/code")
def show(request: Request, caller: Shopper, call: Command) -> Response:
    """The code of her cart as it is now, for a till."""
    try:
        told = json.loads(bytes(call.run(lambda session: cart_handing.show(session, caller.id, at=call.clock.now())).body))
    except AppError as refusal:
        if refusal.code != "cart_empty":
            raise
        return go_to(request, "/m/cart")
    with call.database.reading() as session:
        context = frame(session, caller.id, "cart", call.clock.now())
        context |= {"code": told["code"], "version": storefront.cart(session, caller.id).version}
    context["picture"] = Markup(qr_svg(told["code"]))  # noqa: S704 - drawn by us
    return rendering.page(request, "shopper/cart_code.html", context, frame_self=True)


@router.get("/m/cart/shown")
def shown(request: Request, caller: Shopper, call: Reading, version: Version) -> Response:
    """Whether a till has it by now: then her order."""
    return Response(status_code=UNCHANGED) if _version(call, caller) == version else go_to(request, "/m/orders/last")


@router.get("/m/cart/take")
def ask(request: Request, caller: Shopper, call: Reading, code: Annotated[str, Query(max_length=64)] = "") -> Response:
    """What a clerk's screen leads to."""
    return _ask(request, caller, call, code)


@router.post("/m/cart/take")
def take(request: Request, caller: CodeHolder, call: Command, form: Fields) -> Response:
    """Into her cart, once."""
    code = form.text("code", most=64)

    def work(session: Session) -> dict[str, int]:
        pieces, left_out = cart_handing.take_on_phone(session, call.app.shop, code, caller.id, at=call.clock.now())
        return {"pieces": pieces, "left_out": len(left_out)}

    try:
        call.run(work)
    except AppError as refusal:
        return _ask(request, caller, call, code, refusal)
    return go_to(request, "/m/cart")


def _ask(request: Request, caller: Principal, call: Any, code: str, refusal: AppError | None = None) -> Response:
    with call.database.reading() as session:
        context = frame(session, caller.id, "cart", call.clock.now()) | {"code": code, "trouble": refusal.detail if refusal else ""}
    return rendering.page(request, "shopper/cart_take.html", context, status=refusal.status if refusal else 200, frame_self=True)
