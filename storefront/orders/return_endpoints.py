"""The routes by which a shopper asks to give pieces of an order back."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.contracts import ProductView, ReturnRequestView
from storefront.orders import exchanges, repository, return_requests
from storefront.orders.return_policy import Policy
from storefront.orders.schemas import GiveBackIn, GiveBackNowIn
from storefront.settings import StorefrontSettings

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
OrderId = Annotated[str, Path(max_length=80)]
LineNo = Annotated[int, Path(ge=1, le=1000)]


def policy_of(settings: StorefrontSettings) -> Policy:
    """What may come back, as the shop has set it."""
    return Policy(settings.return_days, frozenset(settings.return_kept))


def _pieces(body: GiveBackIn) -> dict[int, int]:
    return {line.line_no: line.quantity for line in body.lines}


@router.get("/v1/orders/{order_id}/return")
def returnable(order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """Which pieces of your order may come back, until when you may ask, and what you have asked for."""

    def work(session: Session) -> return_requests.Returnable:
        policy = policy_of(call.app.shop.settings)
        return return_requests.returnable(session, repository.owned(session, order_id, caller.id), policy, at=call.clock.now())

    return call.run(work)


@router.get("/v1/orders/{order_id}/return/{line_no}/exchanges")
def exchange_choices(order_id: OrderId, line_no: LineNo, caller: Shopper, call: Reading) -> Response:
    """What pieces of this line may be exchanged for, each at the price it would have: its other variants first."""

    def work(session: Session) -> dict[str, list[ProductView]]:
        return {"products": exchanges.choices(session, repository.owned(session, order_id, caller.id), line_no, at=call.clock.now())}

    return call.run(work)


@router.post("/v1/orders/{order_id}/return/quote")
def return_quote(order_id: OrderId, body: GiveBackIn, caller: Shopper, call: Command) -> Response:
    """What you would get for these pieces, to the cent, and where it goes; for an exchange, what it comes to. Nothing is asked for yet."""

    def work(session: Session) -> return_requests.Worth:
        order, policy = repository.owned(session, order_id, caller.id), policy_of(call.app.shop.settings)
        if body.exchange_for is not None:
            return exchanges.worth(session, order, _pieces(body), body.reason, policy, body.exchange_for, to_credit=body.to_credit, at=call.clock.now())
        return return_requests.worth(session, order, _pieces(body), body.reason, policy, to_credit=body.to_credit, at=call.clock.now())

    return call.run(work)


@router.post("/v1/orders/{order_id}/return", status_code=201)
def ask_return(order_id: OrderId, body: GiveBackNowIn, caller: Shopper, call: Command) -> Response:
    """Ask to give these pieces back, for what the quote said. The money goes when they are received; until then you may withdraw. What you want in exchange is held for
    you meanwhile, and becomes an order of its own then; if it is dearer, you pay the difference on that."""

    def work(session: Session) -> ReturnRequestView:
        settings: StorefrontSettings = call.app.shop.settings
        order, within = repository.owned(session, order_id, caller.id), settings.return_within_days
        both = {"to_credit": body.to_credit, "expected_minor": body.expected_minor, "within_days": within, "at": call.clock.now()}
        if body.exchange_for is not None:
            pay_minor = body.expected_pay_minor
            return exchanges.ask(session, order, _pieces(body), body.reason, policy_of(settings), body.exchange_for, expected_pay_minor=pay_minor, **both)
        return return_requests.ask(session, order, _pieces(body), body.reason, policy_of(settings), **both)

    return call.run(work, status=201)


@router.delete("/v1/orders/{order_id}/return")
def withdraw_return(order_id: OrderId, caller: Shopper, call: Command) -> Response:
    """You keep them after all."""

    def work(session: Session) -> None:
        repository.owned(session, order_id, caller.id)
        return_requests.withdraw(session, order_id, at=call.clock.now())

    return call.run(work)
