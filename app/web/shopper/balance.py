"""What she has with us: her balance, how it came and went, and a gift card's code to be loaded.

Owns the page and its form. Must not reckon: the storefront's books do.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
CodeHolder = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="coupon_code"))]

WORDS = {"card": "Gift card", "given": "From us", "refunds": "Money back as store credit", "spent": "Money back", "held": "Order", "expired": "Ended"}
"""What stands on the other side of a movement."""


@router.get("/m/balance")
def balance(request: Request, caller: Shopper, call: Reading) -> Response:
    """What she can spend, and what came and went."""
    return _page(request, caller, call, "")


@router.post("/m/balance/gift-cards")
def load(request: Request, caller: CodeHolder, call: Command, form: Fields) -> Response:
    """The code of a gift card."""
    code = form.text("code", most=64)

    def work(session: Session) -> dict[str, int]:
        return {"amount_minor": at_counter.load_gift_card(session, caller.id, code, at=call.clock.now()).amount_minor}

    try:
        call.run(work)
    except AppError as refusal:
        if refusal.status not in (404, 409):
            raise
        return _page(request, caller, call, refusal.detail, status=refusal.status)
    return go_to(request, "/m/balance")


def _page(request: Request, caller: Principal, call: Any, trouble: str, *, status: int = 200) -> Response:
    with call.database.reading() as session:
        balances, entries = at_counter.balances(session, caller.id)
        context = frame(session, caller.id, "me", call.clock.now()) | {"balances": balances, "entries": entries, "words": WORDS, "trouble": trouble}
    return rendering.page(request, "shopper/balance.html", context, status=status, frame_self=True)
