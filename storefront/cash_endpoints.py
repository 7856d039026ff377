"""The routes of cash: a clerk's drawer, money taken and paid back at the till or the door, and the day's report."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow, spend_at
from storefront import cash_counter
from storefront.cash import drawers
from storefront.cash.schemas import CountIn, DrawerIn, PayOutIn, ShiftIn, TakeIn
from storefront.orders import cash_taking
from storefront.orders.schemas import RefundIn
from storefront.payments.shop import Shop

router = APIRouter(tags=["cash"])

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
OrderId = Annotated[str, Path(max_length=80)]
DrawerId = Annotated[str, Path(max_length=80)]
PlaceId = Annotated[str | None, Query(min_length=1, max_length=60)]


@router.get("/v1/till/drawers")
def her_drawers(caller: Clerk, call: Reading) -> Response:
    """The drawers you have open."""
    return call.run(lambda session: {"drawers": drawers.hers(session, caller.id)})


@router.post("/v1/till/drawers", status_code=201)
def open_drawer(body: DrawerIn, caller: Clerk, call: Command) -> Response:
    """Open a drawer at one of your stores, with the float that lies in it; one in a currency at a time."""

    return call.run(
        lambda session: cash_counter.open_drawer(session, body.place_id, caller.place_ids, caller.id, body.kind, body.float_minor, body.currency, at=call.clock.now()),
        status=201,
    )


@router.post("/v1/till/drawers/shift")
def shift(body: ShiftIn, caller: Clerk, call: Command) -> Response:
    """Put money in from the safe, or (below nothing) take it out."""
    return call.run(lambda session: drawers.shift(session, caller.id, body.currency, body.amount_minor, at=call.clock.now()))


@router.post("/v1/till/drawers/{drawer_id}/close")
def close(drawer_id: DrawerId, body: CountIn, caller: Clerk, call: Command) -> Response:
    """Count it and hand it in, once. A difference needs a reason."""
    return call.run(lambda session: drawers.close(session, drawer_id, caller.id, body.counted_minor, body.why, at=call.clock.now()))


@router.post("/v1/till/cash/{order_id}/take")
def take(order_id: OrderId, body: TakeIn, caller: Scanner, call: Command) -> Response:
    """Take what is due for an order into your drawer; the answer says what to give back. With the code her phone shows the goods are handed over with it."""
    shop: Shop = call.app.shop
    if body.code:
        spend_at(call.request, "live_code", order_id)
    return call.run(
        lambda session: cash_taking.take(
            session, shop.coupons, order_id, means=body.means, tendered_minor=body.tendered_minor, places=caller.place_ids, by=caller.id, at=call.clock.now(), code=body.code,
        )
    )  # fmt: skip


@router.post("/v1/till/cash/{order_id}/refused")
def refused(order_id: OrderId, caller: Clerk, call: Command) -> Response:
    """Nobody takes or pays what was brought or kept: the order is given up, everything goes back, and it counts the next time she wants to pay in cash."""
    shop: Shop = call.app.shop
    return call.run(lambda session: {"given_up": cash_taking.refuse(session, shop.coupons, order_id, places=caller.place_ids, at=call.clock.now())})


@router.post("/v1/till/cash/{order_id}/pay-out")
def pay_out(order_id: OrderId, caller: Clerk, call: Command, body: PayOutIn | None = None) -> Response:
    """Give back what waits to be paid out for pieces that came back, once: from your drawer, or by the terminal it was paid with; or, if she wants that or it may not be
    handed out here, to her balance."""
    who, to_balance = {"places": caller.place_ids, "by": caller.id}, body is not None and body.to_balance
    return call.run(lambda session: {"paid_out_minor": cash_counter.pay_out(session, call.app.shop, order_id, **who, at=call.clock.now(), to_balance=to_balance)})


@router.post("/v1/till/cash/{order_id}/refund")
def give_all_back(order_id: OrderId, body: RefundIn, caller: Clerk, call: Command) -> Response:
    """Take back everything that is still out of an order that was paid in cash, and hand its money over from your drawer (or by the terminal): both, or nothing."""
    who = {"places": caller.place_ids, "by": caller.id, "restock": body.restock}
    return call.run(lambda session: {"paid_out_minor": cash_counter.give_all_back(session, call.app.shop, order_id, **who, at=call.clock.now())})


@router.get("/v1/cash/report")
def report(_caller: Operator, call: Reading, day: date | None = None, place_id: PlaceId = None) -> Response:
    """A day's drawers with what went through them, expected and counted, and what is still owed; and whatever does not agree with the books (nothing)."""
    settings = call.app.shop.settings

    def work(session: Session) -> dict[str, object]:
        found = cash_counter.report(session, settings, day, place_id, at=call.clock.now())
        return {"report": found.report, "books_minor": found.books, "waits": found.waits, "drift": found.drift}

    return call.run(work)
