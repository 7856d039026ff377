"""The storefront's routes in one router, and the two that join its parts: the quote and the checkout."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading, Stage
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from storefront.addresses.endpoints import router as address_routes
from storefront.balance.endpoints import router as balance_routes
from storefront.billing.endpoints import router as membership_routes
from storefront.booking_endpoints import router as booking_routes
from storefront.cart_code_endpoints import router as cart_code_routes
from storefront.carts.endpoints import router as cart_routes
from storefront.carts.quoting import CartQuote
from storefront.carts.schemas import CouponIn, DeliveryIn, QuoteIn
from storefront.cash_endpoints import router as cash_routes
from storefront.catalog.endpoints import router as catalog_routes
from storefront.checkout import CheckoutOrder, check_out, choose_delivery, put_best_coupons, put_coupon, quote, slots_of
from storefront.delivery.endpoints import router as delivery_routes
from storefront.delivery.schemas import SlotsOut, slots_out
from storefront.disputes_endpoints import router as dispute_routes
from storefront.downloads.endpoints import router as download_routes
from storefront.loyalty.endpoints import router as loyalty_routes
from storefront.methods.endpoints import router as method_routes
from storefront.orders.endpoints import router as order_routes
from storefront.orders.return_endpoints import router as return_routes
from storefront.orders.schemas import CheckoutIn
from storefront.orders.shipment_endpoints import router as shipment_routes
from storefront.papers.endpoints import router as paper_routes
from storefront.payments.answers import settle_and_finish
from storefront.payments.endpoints import return_address
from storefront.payments.endpoints import router as payment_routes
from storefront.payments.shop import Shop
from storefront.points.endpoints import router as points_routes
from storefront.reasons import sentence
from storefront.recommending.endpoints import router as recommending_routes
from storefront.revenue_endpoints import router as revenue_routes
from storefront.reviews.endpoints import router as review_routes
from storefront.sharing.endpoints import router as sharing_routes
from storefront.taxes.endpoints import router as tax_routes
from storefront.wishes.endpoints import router as wish_routes

router = APIRouter()
joined = APIRouter(tags=["cart"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Way = Annotated[str, Query(min_length=1, max_length=40)]
AddressId = Annotated[str | None, Query(min_length=1, max_length=40)]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]


@joined.put("/v1/cart/coupon")
def set_coupon(body: CouponIn, caller: CodeHolder, call: Command) -> Response:
    """Lay a coupon into the cart, instead of any that lies there. If it does not apply yet, it stays there and the answer says why."""
    shop: Shop = call.app.shop
    return call.run(lambda session: put_coupon(session, shop, caller.id, body.code, place_id=body.place_id, at=call.clock.now()))


@joined.post("/v1/cart/coupons")
def add_coupon(body: CouponIn, caller: CodeHolder, call: Command) -> Response:
    """Lay one more coupon into the cart. Refused when it may not be used with one that lies there, naming both and why."""
    shop: Shop = call.app.shop
    return call.run(lambda session: put_coupon(session, shop, caller.id, body.code, place_id=body.place_id, at=call.clock.now(), beside=True))


@joined.post("/v1/cart/coupons/best")
def lay_best_coupons(body: QuoteIn, caller: Shopper, call: Command) -> Response:
    """Lay in those of your coupons that together give most; the answer proves it. When none applies, the cart stays as it is."""
    shop: Shop = call.app.shop
    return call.run(lambda session: put_best_coupons(session, shop, caller.id, place_id=body.place_id, at=call.clock.now()))


@joined.put("/v1/cart/delivery")
def set_delivery(body: DeliveryIn, caller: Shopper, call: Command) -> Response:
    """How you want to get the order, and when and where; the quote says what each way costs and what it still needs."""
    shop: Shop = call.app.shop

    def work(session: Session) -> CartQuote:
        at = call.clock.now()
        return choose_delivery(session, shop, caller.id, body.method, place_id=body.place_id, at=at, slot_id=body.slot_id, address_id=body.address_id, collect_at=body.collect_at)

    return call.run(work)


@joined.get("/v1/delivery/slots")
def slots(caller: Shopper, call: Reading, method: Way, address_id: AddressId = None) -> Response:
    """When that way can bring it to the address (yours that counts unless you name another), with what each time costs and how many still fit in."""
    shop: Shop = call.app.shop

    def work(session: Session) -> SlotsOut:
        found, free = slots_of(session, shop, caller.id, method, address_id, at=call.clock.now())
        return slots_out(found, free, sentence(found.needs))

    return call.run(work)


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
        caller.id, body.payment_method, return_address(call, body.return_url), body.expected_total_minor, body.place_id, asker_of(call.request),
        body.use_balance, body.expected_balance_minor, body.kept_method, body.keep_method, body.pay_by,
    )  # fmt: skip

    def work(stage: Stage) -> None:
        order_id, payment = check_out(shop, stage.key, asked)
        settle_and_finish(shop, stage, order_id, payment, status=201)

    return call.staged(work)


PARTS = (
    address_routes, balance_routes, delivery_routes, catalog_routes, cart_routes, cart_code_routes, joined, order_routes, return_routes, shipment_routes, paper_routes, payment_routes, method_routes, dispute_routes, cash_routes, points_routes, loyalty_routes, membership_routes, recommending_routes, revenue_routes, review_routes, sharing_routes, tax_routes, wish_routes, download_routes, booking_routes,
)  # fmt: skip
for part in PARTS:
    router.include_router(part)
