"""The routes that show orders. Those that pay, refresh, cancel and refund are in payments/endpoints.py."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.balance import cards
from storefront.collection.showing import view as collection_view
from storefront.contracts import OrderDetail
from storefront.orders import fetching, repository, rescheduling
from storefront.orders.schemas import CollectionOut, DeliveryOut, OtherSlotOut, ProofIn, SlotIn

router = APIRouter(tags=["orders"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
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


# --- fetched from a store ---------------------------------------------------------------------------------------------


@router.get("/v1/orders/{order_id}/collection")
def order_collection(order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """Where you fetch your order, until when, and, once it is ready, the code your phone shows for it."""

    def work(session: Session) -> CollectionOut:
        proof = fetching.proof_for(session, order_id, caller.id, call.clock.now())
        return CollectionOut(collection=collection_view(session, order_id), proof=proof)

    response = call.run(work)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/orders/{order_id}/here")
def here(order_id: OrderId, caller: Shopper, call: Command) -> Response:
    """Tell the store that you are there. Nobody need: with the use of your location agreed to, it learns so by itself."""

    def work(session: Session) -> CollectionOut:
        fetching.here(session, order_id, caller.id, at=call.clock.now())
        return CollectionOut(collection=collection_view(session, order_id), proof=fetching.proof_for(session, order_id, caller.id, call.clock.now()))

    return call.run(work)


@router.get("/v1/till/collections")
def collections(caller: Clerk, call: Reading) -> Response:
    """What is to be picked and fetched at your stores; who has arrived comes first."""
    return call.run(lambda session: {"collections": fetching.at_stores(session, caller.place_ids, call.clock.now())})


@router.post("/v1/till/collections/{order_id}/ready", status_code=204)
def make_ready(order_id: OrderId, caller: Clerk, call: Command) -> Response:
    """It is picked and waits for her."""
    return call.run(lambda session: fetching.make_ready(session, order_id, caller.place_ids, at=call.clock.now()), status=204)


@router.post("/v1/till/collections/{order_id}/hand-over", status_code=204)
def hand_over(order_id: OrderId, body: ProofIn, caller: Scanner, call: Command) -> Response:
    """Hand it over against the code her phone shows now: scanned, or its eight digits."""

    def work(session: Session) -> None:
        fetching.hand_over(session, order_id, body.code, caller.place_ids, by=caller.id, at=call.clock.now())

    return call.run(work, status=204)
