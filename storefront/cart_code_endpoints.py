"""The routes by which a cart changes hands: a code on the phone that a till takes, and one on the till that a phone takes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.orm import Session

from app.kernel.http import Command
from app.security.access import Principal, Role, allow
from storefront import cart_handing
from storefront.carts.repository import cart_of
from storefront.carts.schemas import LineIn
from storefront.cash.errors import NotYourTill
from storefront.orders.repository import detail, owned
from storefront.payments.shop import Shop

router = APIRouter(tags=["cart"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]
Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class CartCodeIn(BaseModel):
    """What was scanned or typed; spaces, dashes and small letters do no harm."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class TillCartCodeIn(CartCodeIn):
    """The same, and at which of your stores."""

    place_id: Annotated[str, StringConstraints(min_length=1, max_length=60)]


class TillCartIn(BaseModel):
    """What you have put together, instead of what lay in your cart before."""

    model_config = ConfigDict(extra="forbid")

    lines: Annotated[list[LineIn], Field(min_length=1, max_length=200)]


@router.post("/v1/cart/code", status_code=201)
def show_code(caller: Shopper, call: Command) -> Response:
    """A code for your cart as it is now: a till that takes it within three minutes turns it into an order you pay there."""
    return call.run(lambda session: cart_handing.show(session, caller.id, at=call.clock.now()), status=201)


@router.post("/v1/cart/take")
def take_on_phone(body: CartCodeIn, caller: CodeHolder, call: Command) -> Response:
    """Take what a clerk has put together into your cart, once. Of a product that lies in both the larger number stays."""
    shop: Shop = call.app.shop

    def work(session: Session) -> dict[str, object]:
        pieces, left_out = cart_handing.take_on_phone(session, shop, body.code, caller.id, at=call.clock.now())
        return {"pieces": pieces, "left_out": left_out, "cart": cart_of(session, caller.id)}

    return call.run(work)


@router.post("/v1/till/carts", status_code=201)
def fill(body: TillCartIn, caller: Clerk, call: Command) -> Response:
    """Put a cart together; the answer has the code a phone takes it with."""
    shop: Shop = call.app.shop

    def work(session: Session) -> dict[str, object]:
        at, pieces = call.clock.now(), dict[str, int]()
        for line in body.lines:
            pieces[line.product_id] = pieces.get(line.product_id, 0) + line.quantity
        cart_handing.empty(session, caller.id, at=at)
        cart = cart_handing.put(session, shop, caller.id, pieces, at=at)
        return {"lines": cart.lines, "code": cart_handing.show_clerks(session, caller.id, at=at)}

    return call.run(work, status=201)


@router.post("/v1/till/carts/take", status_code=201)
def take_at_till(body: TillCartCodeIn, caller: Scanner, call: Command) -> Response:
    """Take the cart a phone shows, once: it becomes an order to be paid here and now (`POST /v1/till/cash/{order_id}/take`)."""
    shop: Shop = call.app.shop

    def work(session: Session) -> object:
        if body.place_id not in caller.place_ids:
            raise NotYourTill
        order_id = cart_handing.take_at_till(session, shop, body.code, body.place_id, by=caller.id, at=call.clock.now())
        return detail(session, owned(session, order_id, None))

    return call.run(work, status=201)
