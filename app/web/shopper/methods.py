"""The phone's page of kept cards: which they are, which stands first, and what is over.

Owns the page and its two buttons. Must not pay, and shows no more of a card than she tells it by.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.shopper.frame import frame
from storefront.facade import payment_methods as kept

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

HERE = "/m/payment-methods"


@router.get("/m/payment-methods")
def methods_page(request: Request, caller: Shopper, call: Reading) -> Response:
    """Her cards, the one that stands first where she pays first."""
    at = call.clock.now()
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", at) | {"kept": kept.methods(session, caller.id, at)}
    return rendering.page(request, "shopper/methods.html", context, frame_self=True)


@router.post("/m/payment-methods/{method_id}/default")
def make_default(request: Request, method_id: Id, caller: Shopper, call: Command) -> Response:
    """It stands first from now on."""
    call.run(lambda session: kept.make_default(session, caller.id, method_id, at=call.clock.now()))
    return go_to(request, HERE)


@router.post("/m/payment-methods/{method_id}/remove")
def remove(request: Request, method_id: Id, caller: Shopper, call: Command) -> Response:
    """It is forgotten, here and at the provider."""
    call.run(lambda session: kept.remove(session, caller.id, method_id, at=call.clock.now()))
    return go_to(request, HERE)
