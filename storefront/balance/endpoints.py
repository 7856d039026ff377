"""The routes of what a shopper has with us: her balance, and gift cards that are loaded onto it or given out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.balance import books, cards
from storefront.balance.schemas import CardIn, CodeIn

router = APIRouter(tags=["balance"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]
Giver = Annotated[Principal, Depends(allow(Role.OPERATOR))]


@router.get("/v1/balance")
def balance(caller: Shopper, call: Reading) -> Response:
    """What you can spend in each currency, and what came and went, newest first."""
    return call.run(lambda session: {"balance": books.balances(session, caller.id), "entries": books.entries(session, caller.id)})


@router.post("/v1/balance/gift-cards")
def load(body: CodeIn, caller: CodeHolder, call: Command) -> Response:
    """Load a gift card onto your balance. It can be done once, by whoever has the code."""

    def work(session: Session) -> dict[str, object]:
        card = cards.load(session, body.code, caller.id, at=call.clock.now())
        return {"amount_minor": card.amount_minor, "currency": card.currency, "balance": books.balances(session, caller.id)}

    return call.run(work)


@router.post("/v1/gift-cards", status_code=201)
def issue(body: CardIn, caller: Giver, call: Command) -> Response:
    """Issue a gift card. The answer has its code, which is worth the money: it is told this once."""
    return call.run(lambda session: cards.issue(session, body.amount_minor, body.currency, by=caller.id, valid_days=body.valid_days, at=call.clock.now()), status=201)
