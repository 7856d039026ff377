"""The routes by which money becomes true, or goes back: confirm, refresh, cancel, refund, return, and the provider's webhook."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from app.kernel.http import Command, CommandCall, RawBody, Stage
from app.security.access import ANYONE, Principal, Role, allow
from app.security.asking import asker_of
from storefront import guarding
from storefront.contracts import OrderState
from storefront.errors import OrderClosed
from storefront.orders.endpoints import owner
from storefront.orders.repository import of_staff, owned
from storefront.orders.schemas import ConfirmIn, RefundIn, ReturnIn
from storefront.payments import collecting
from storefront.payments.answers import settle_and_finish
from storefront.payments.shop import Shop
from storefront.payments.webhooks import receive

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Payer = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.MARKETER, Role.OPERATOR))]
Refunder = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Returner = Annotated[Principal, Depends(allow(Role.CLERK, Role.MARKETER, Role.OPERATOR))]
OrderId = Annotated[str, Path(max_length=80)]


def return_address(call: CommandCall, path: str | None) -> str | None:
    """The absolute address of a path of this site."""
    return str(call.request.base_url).rstrip("/") + path if path else None


def _state(shop: Shop, order_id: str, caller: Principal) -> OrderState:
    with shop.database.reading() as session:
        return OrderState(owned(session, order_id, owner(caller)).state)


@router.post("/v1/orders/{order_id}/confirm")
def confirm_order(order_id: OrderId, body: ConfirmIn, caller: Shopper, call: Command) -> Response:
    """Try to pay a pending order (again): after a decline with another method, after the bank's page without one."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        state = _state(shop, order_id, caller)
        if state in (OrderState.CANCELLED, OrderState.PAYMENT_FAILED):
            raise OrderClosed
        payment = collecting.begin(shop, order_id) if state is OrderState.PENDING else collecting.look(shop, order_id)
        means = collecting.Means(body.payment_method, body.kept_method, body.keep_method)
        if means != collecting.Means() and payment is not None:
            guarding.may_pay_kept(shop.database, asker_of(call.request), order_id, means.kept_id, at=call.clock.now())
            address = return_address(call, body.return_url)
            payment = collecting.confirm(shop, order_id, payment, means=means, return_url=address, key=stage.key)
        settle_and_finish(shop, stage, order_id, payment)

    return call.staged(work)


@router.post("/v1/orders/{order_id}/refresh")
def refresh_order(order_id: OrderId, caller: Payer, call: Command) -> Response:
    """Ask the payment provider now, and bring the order to where its payment is."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        _state(shop, order_id, caller)
        settle_and_finish(shop, stage, order_id, collecting.look(shop, order_id))

    return call.staged(work)


@router.post("/v1/orders/{order_id}/cancel")
def cancel_order(order_id: OrderId, caller: Shopper, call: Command) -> Response:
    """Give up an unpaid order: stock and coupon go back. An order whose money came, or is coming, cannot be cancelled."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        _state(shop, order_id, caller)
        collecting.cancel(shop, order_id)
        settle_and_finish(shop, stage, order_id, None)

    return call.staged(work)


@router.post("/v1/orders/{order_id}/refund")
def refund_order(order_id: OrderId, body: RefundIn, caller: Refunder, call: Command) -> Response:
    """Give all the money back that is not back yet. The coupons are given back too, once."""
    shop: Shop = call.app.shop

    def work(stage: Stage) -> None:
        _state(shop, order_id, caller)
        collecting.ask_refund(shop, order_id, restock=body.restock)
        payment = collecting.send_refund(shop, order_id)
        settle_and_finish(shop, stage, order_id, payment)

    return call.staged(work)


@router.post("/v1/orders/{order_id}/returns")
def return_pieces(order_id: OrderId, body: ReturnIn, caller: Returner, call: Command) -> Response:
    """Take pieces of a paid order back and give back what was paid for them, to the cent, less their share of any cashback.

    Send an Idempotency-Key: a retry with the same key finishes what was begun and never pays back twice.
    """
    shop: Shop = call.app.shop
    pieces = {line.line_no: line.quantity for line in body.lines}

    def work(stage: Stage) -> None:
        _of_her_store(shop, order_id, caller)
        payment = collecting.give_pieces_back(shop, order_id, pieces, key=stage.key, restock=body.restock, asked_by=caller.id, to_credit=body.to_credit)
        settle_and_finish(shop, stage, order_id, payment)

    return call.staged(work)


def _of_her_store(shop: Shop, order_id: str, caller: Principal) -> None:
    """A clerk takes back what was ordered in her stores, or in none; other staff everything. Raises UnknownOrder."""
    with shop.database.reading() as session:
        of_staff(session, order_id, caller.place_ids if caller.kind is Role.CLERK else None)


@router.post("/v1/webhooks/stripe", tags=["webhooks"], dependencies=[Depends(allow(ANYONE))])
def stripe_webhook(
    call: Command,
    body: RawBody,
    stripe_signature: Annotated[str | None, Header()] = None,
) -> dict[str, str]:
    """Stripe tells what became of a payment. Believed only when signed within the last five minutes, and only once."""
    return {"outcome": receive(call.app.shop, body, stripe_signature)}
