"""The routes that show orders. Those that pay, refresh, cancel and refund are in payments/endpoints.py."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.balance import cards
from storefront.contracts import OrderDetail
from storefront.orders import repository, rescheduling
from storefront.orders.schemas import DeliveryOut, OtherSlotOut, SlotIn

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
OrderId = Annotated[str, Path(max_length=80)]
Reader = Annotated[Principal, Depends(allow(Role.SHOPPER, Role.MARKETER, Role.OPERATOR))]


def owner(caller: Principal) -> str | None:
    """Whose orders the caller may see: a shopper her own, staff everybody's (None)."""
    return caller.id if caller.kind is Role.SHOPPER else None


@router.get("/v1/orders")
def orders(caller: Reader, call: Reading, limit: Annotated[int, Query(ge=1, le=repository.MOST)] = 50) -> Response:
    """Orders, newest first: a shopper's own, or everybody's for staff."""
    return call.run(lambda session: {"orders": repository.orders_of(session, owner(caller), limit=limit)})


@router.get("/v1/orders/{order_id}")
def order(order_id: Annotated[str, Path(max_length=80)], caller: Reader, call: Reading) -> Response:
    """One order with its lines as they were charged."""

    def work(session: Session) -> OrderDetail:
        return repository.detail(session, repository.owned(session, order_id, owner(caller)))

    return call.run(work)


def _delivery(session: Session, order_id: str, caller: Principal, at: datetime) -> DeliveryOut:
    found = rescheduling.planned(session, order_id, caller.id, at)
    if found is None:
        return DeliveryOut(delivery=None, to=(), others=[])
    others = [OtherSlotOut(slot_id=o.slot.id, starts_at=o.slot.starts_at, ends_at=o.slot.ends_at, left=max(0, o.left)) for o in found.others]
    return DeliveryOut(delivery=found.delivery, to=found.to, others=others)


@router.get("/v1/orders/{order_id}/delivery")
def order_delivery(order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """When and where your order is brought, and the times you may move it to."""
    response = call.run(lambda session: _delivery(session, order_id, caller, call.clock.now()))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.put("/v1/orders/{order_id}/slot")
def move_order(order_id: OrderId, body: SlotIn, caller: Shopper, call: Command) -> Response:
    """Have it brought at another time, no dearer than what you paid, until the cut-off of the time it has."""

    def work(session: Session) -> DeliveryOut:
        rescheduling.move_slot(session, order_id, caller.id, body.slot_id, at=call.clock.now())
        return _delivery(session, order_id, caller, call.clock.now())

    return call.run(work)


@router.get("/v1/orders/{order_id}/gift-cards")
def gift_cards(order_id: Annotated[str, Path(max_length=80)], caller: Annotated[Principal, Depends(allow(Role.SHOPPER))], call: Reading) -> Response:
    """The gift cards you bought with this order, with their codes."""

    def work(session: Session) -> dict[str, object]:
        repository.owned(session, order_id, caller.id)
        return {"gift_cards": cards.of_order(session, order_id)}

    return call.run(work)
