"""Giving pieces back, asked for on the phone: which and why, for an exchange what for, then exactly what she gets, then her word.

Owns these steps and the form. Must not reckon or decide what may come back: the storefront does, and says why not.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from storefront import facade as storefront
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
OrderId = Annotated[str, Path(min_length=1, max_length=80)]

REASONS = {
    "changed_mind": "I changed my mind",
    "damaged": "It is damaged or spoilt",
    "wrong_product": "I got something else",
    "not_as_described": "It is not as described",
}


@router.get("/m/orders/{order_id}/return")
def form(request: Request, order_id: OrderId, caller: Shopper, call: Reading) -> Response:
    """What may come back, and until when."""
    return _page(request, call, caller, order_id)


@router.post("/m/orders/{order_id}/return")
def step(request: Request, order_id: OrderId, caller: Shopper, call: Command, form: Fields) -> Response:
    """What she would get; and, pressed there, her request."""
    shop: storefront.Shop = call.app.shop
    entered: dict[str, Any] = {}
    exchange_for = form.text("exchange_for", most=60)
    try:
        with call.database.reading() as session:
            lines = at_counter.returnable(session, shop, order_id, caller.id, at=call.clock.now()).lines
        entered = {f"line{line.line_no}": form.text(f"line{line.line_no}", most=6) for line in lines}
        entered |= {"reason": form.text("reason", most=20), "to": form.text("to", most=10), "exchange_for": exchange_for}
        pieces = {line.line_no: form.whole(f"line{line.line_no}", least=0, most=line.left, default=0) for line in lines}
        pieces = {line_no: count for line_no, count in pieces.items() if count}
        if entered["reason"] not in REASONS:
            raise Invalid.field("reason", "say why it comes back")
        reason, to_credit = storefront.ReturnCause(entered["reason"]), entered["to"] in ("credit", "exchange_credit")
        if entered["to"] == "exchange" and not exchange_for:
            return _page(request, call, caller, order_id, entered=entered, choices=_choices(call, caller, order_id, pieces))
        exchange_for = exchange_for if entered["to"] in ("exchange", "exchange_credit") else ""
        if not form.text("expected_minor", most=20):
            with call.database.reading() as session:
                worth = at_counter.return_worth(session, shop, order_id, caller.id, pieces, reason, to_credit=to_credit, exchange_for=exchange_for, at=call.clock.now())
            return _page(request, call, caller, order_id, entered=entered, worth=worth)
        expected_minor, pay_minor = form.whole("expected_minor", least=0, most=10**12), form.whole("expected_pay_minor", least=0, most=10**12, default=0)
        call.run(
            lambda session: at_counter.ask_return(
                session, shop, order_id, caller.id, pieces, reason, to_credit=to_credit, expected_minor=expected_minor, exchange_for=exchange_for, expected_pay_minor=pay_minor, at=call.clock.now(),
            )
        )  # fmt: skip
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        return _page(request, call, caller, order_id, entered=entered, trouble=refusal.detail, status=refusal.status)
    return go_to(request, f"/m/orders/{order_id}")


def _choices(call: Any, caller: Principal, order_id: str, pieces: dict[int, int]) -> list[Any]:
    """What the pieces may be exchanged for. Raises Invalid for those of several lines, or of none, or for which there is nothing."""
    if len(pieces) != 1:
        raise Invalid.field("pieces", "exchange pieces of one product at a time")
    [line_no] = pieces
    with call.database.reading() as session:
        found = at_counter.exchange_choices(session, order_id, caller.id, line_no, at=call.clock.now())
    if not found:
        raise Invalid.field("exchange", "there is nothing it could be exchanged for now; it may come back for money")
    return found


@router.post("/m/orders/{order_id}/return/withdraw")
def withdraw(request: Request, order_id: OrderId, caller: Shopper, call: Command) -> Response:
    """She keeps them."""

    def work(session: Session) -> dict[str, bool]:
        at_counter.withdraw_return(session, order_id, caller.id, at=call.clock.now())
        return {"withdrawn": True}

    call.run(work)
    return go_to(request, f"/m/orders/{order_id}")


def _page(
    request: Request, call: Any, caller: Principal, order_id: str, *, entered: dict[str, Any] | None = None, worth: Any = None, choices: Any = None, trouble: str = "", status: int = 200
) -> Response:  # fmt: skip
    at = call.clock.now()
    with call.database.reading() as session:
        found = at_counter.returnable(session, call.app.shop, order_id, caller.id, at=at)
        detail = storefront.order(session, order_id)
        context = frame(session, caller.id, "me", at)
    return rendering.page(
        request, "shopper/giving_back.html",
        context | {"found": found, "order": detail.order if detail else None, "order_exchanged": bool(detail and detail.exchange_of), "paid_by_card": bool(detail and detail.order.total_minor > detail.balance_minor), "entered": entered or {}, "worth": worth, "choices": choices, "reasons": REASONS, "trouble": trouble},
        status=status, frame_self=True,
    )  # fmt: skip
