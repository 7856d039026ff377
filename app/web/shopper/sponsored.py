"""What is sponsored on a page of the shop, and opening it.

Owns the part of the page and its route. Must not choose: the storefront does, by the page and by nothing of hers.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command
from app.security.access import Principal, Role, allow
from app.web.browser import go_to
from notifications import facade as notifications
from storefront import facade as storefront
from storefront.facade import revenue

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
PlacementId = Annotated[str, Path(min_length=1, max_length=30)]


def beside(call: Any, shopper_id: str, *, category: str = "", query: str = "", product_id: str = "") -> dict[str, Any]:
    """The context of shopper/sponsored.part.html. Not inside a transaction."""
    at, settings = call.clock.now(), call.app.settings.storefront
    with call.database.reading() as session:
        if not revenue.any_sponsored(session, settings, at):
            return {"sponsored": None}
        language = revenue.spoken(notifications.liked(session, shopper_id).language)
    slot = revenue.Slot.PRODUCT if product_id else revenue.Slot.SEARCH if query.strip() else revenue.Slot.CATEGORY
    with call.database.transaction() as session:
        found = revenue.sponsored(session, settings, shopper_id, slot, language=language, at=at, category=category, query=query, product_id=product_id)
    return {"sponsored": found, "sponsored_language": language, "why_link": revenue.say("why.link", language)}


@router.post("/m/sponsored/{placement_id}")
def open_one(request: Request, placement_id: PlacementId, caller: Shopper, call: Command) -> Response:
    """To the product she was shown."""
    opened: list[str] = []

    def work(session: Session) -> dict[str, str]:
        opened.append(storefront.revenue.open_sponsored(session, call.app.settings.storefront, caller.id, placement_id, at=call.clock.now()))
        return {"product_id": opened[0]}

    call.run(work)
    return go_to(request, f"/m/shop/{opened[0]}" if opened else "/m/shop")
