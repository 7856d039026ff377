"""The storefront's routes in one router, and the two that join its parts: the quote and the checkout."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.kernel.http import Command, Stage
from app.security.access import Principal, Role, allow
from storefront.carts.endpoints import router as cart_routes
from storefront.carts.schemas import CouponIn, QuoteIn
from storefront.catalog.endpoints import router as catalog_routes
from storefront.checkout import CheckoutOrder, check_out, put_coupon, quote
from storefront.orders.endpoints import router as order_routes
from storefront.orders.schemas import CheckoutIn
from storefront.payments.answers import settle_and_finish
from storefront.payments.endpoints import return_address
from storefront.payments.endpoints import router as payment_routes
from storefront.payments.shop import Shop

router = APIRouter()
joined = APIRouter(tags=["cart"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]


@joined.put("/v1/cart/coupon")
def set_coupon(body: CouponIn, caller: Shopper, call: Command) -> Response:
    """Lay a coupon into the cart. If it does not apply yet, it stays there and the answer says why."""
    shop: Shop = call.app.shop
    return call.run(lambda session: put_coupon(session, shop, caller.id, body.code, place_id=body.place_id, at=call.clock.now()))


@joined.post("/v1/cart/quote")
def quote_cart(body: QuoteIn, caller: Shopper, call: Command) -> Response:
    """What the cart costs now, with everything that changed since the shopper last looked. These prices may then be paid."""
    shop: Shop = call.app.shop
    return call.run(lambda session: quote(session, shop, caller.id, place_id=body.place_id, at=call.clock.now(), seen=True))


@joined.post("/v1/checkout", status_code=201)
def checkout(body: CheckoutIn, caller: Shopper, call: Command) -> Response:
    """Turn the cart into an order, hold its stock and coupon, and ask for its payment.

    Send an Idempotency-Key: a retry with the same key finishes what was begun and never charges twice.
    """
    shop: Shop = call.app.shop
    asked = CheckoutOrder(
        caller.id, body.payment_method, return_address(call, body.return_url), body.expected_total_minor, body.place_id
    )

    def work(stage: Stage) -> None:
        order_id, payment = check_out(shop, stage.key, asked)
        settle_and_finish(shop, stage, order_id, payment, status=201)

    return call.staged(work)


for part in (catalog_routes, cart_routes, joined, order_routes, payment_routes):
    router.include_router(part)
