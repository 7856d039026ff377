"""The routes that change the cart. Each answers the cart as it is then; prices are quoted by storefront/endpoints.py."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.carts import repository
from storefront.carts.schemas import LineIn, QuantityIn
from storefront.catalog.repository import product
from storefront.errors import UnknownProduct

router = APIRouter(tags=["cart"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
LineId = Annotated[str, Path(max_length=80)]


@router.get("/v1/cart")
def cart(caller: Shopper, call: Reading) -> Response:
    """The cart as it lies there, without today's prices; see POST /v1/cart/quote for those."""
    return call.run(lambda session: repository.cart_of(session, caller.id))


@router.post("/v1/cart/lines")
def add_line(body: LineIn, caller: Shopper, call: Command) -> Response:
    """Put pieces of a product into the cart. One cart holds one currency."""

    def work(session: Session) -> repository.Cart:
        found = product(session, body.product_id)
        if found is None:
            raise UnknownProduct
        most = call.app.shop.settings.max_lines
        repository.add(session, caller.id, found, body.quantity, max_lines=most, at=call.clock.now(), slot_id=body.slot_id)
        return repository.cart_of(session, caller.id)

    return call.run(work)


@router.put("/v1/cart/lines/{line_id}")
def set_line(line_id: LineId, body: QuantityIn, caller: Shopper, call: Command) -> Response:
    """So many pieces of this line in all."""

    def work(session: Session) -> repository.Cart:
        repository.set_quantity(session, caller.id, line_id, body.quantity, at=call.clock.now())
        return repository.cart_of(session, caller.id)

    return call.run(work)


@router.delete("/v1/cart/lines/{line_id}")
def remove_line(line_id: LineId, caller: Shopper, call: Command) -> Response:
    """Take a line out."""

    def work(session: Session) -> repository.Cart:
        repository.remove(session, caller.id, line_id, at=call.clock.now())
        return repository.cart_of(session, caller.id)

    return call.run(work)


@router.delete("/v1/cart")
def empty_cart(caller: Shopper, call: Command) -> Response:
    """Take everything out, the coupons too."""

    def work(session: Session) -> repository.Cart:
        repository.empty(session, caller.id, at=call.clock.now())
        return repository.cart_of(session, caller.id)

    return call.run(work)


@router.delete("/v1/cart/coupon")
def remove_coupon(caller: Shopper, call: Command) -> Response:
    """Take every coupon out of the cart; they stay yours."""

    def work(session: Session) -> repository.Cart:
        repository.set_coupons(session, caller.id, (), at=call.clock.now())
        return repository.cart_of(session, caller.id)

    return call.run(work)


@router.delete("/v1/cart/coupons/{coupon_id}")
def remove_one_coupon(coupon_id: LineId, caller: Shopper, call: Command) -> Response:
    """Take one coupon out of the cart; it stays yours."""

    def work(session: Session) -> repository.Cart:
        repository.take_coupon_out(session, caller.id, coupon_id, at=call.clock.now())
        return repository.cart_of(session, caller.id)

    return call.run(work)
