"""Her list on the phone: keep a product with one tap, see what of it lies where, put it into the cart.

Owns this page and form. Must not say when something is near: the storefront notices, notifications tell.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from geofences import facade as geofences
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]


@router.get("/m/wishes")
def wishes(request: Request, caller: Shopper, call: Reading) -> Response:
    """What she keeps for later."""
    with call.database.reading() as session:
        kept = storefront.wishes.of_shopper(session, caller.id)
        places = geofences.places_by_ids(session, {shelf.place_id for wish in kept for shelf in wish.shelves})
        context = frame(session, caller.id, "shop", call.clock.now()) | {"kept": kept, "stores": {place.id: place.name for place in places.values()}}
    return rendering.page(request, "shopper/wishes.html", context, frame_self=True)


@router.post("/m/wishes")
def change(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Kept (`wanted` is yes), or off the list with all variants of it. `product_id` is the variant chosen on its page, else `of`."""
    of, wanted = form.text("of", most=60), form.text("wanted", most=3) == "yes"
    product_id = (form.text("product_id", most=60) if wanted else "") or of

    def work(session: Session) -> dict[str, bool]:
        if wanted:
            storefront.wishes.put(session, caller.id, product_id, at=call.clock.now())
        else:
            found = storefront.product_detail(session, of)
            storefront.wishes.take_off(session, caller.id, [of, *(one.id for one in found.variants)] if found is not None else [of])
        return {"kept": wanted}

    call.run(work)
    with call.database.reading() as session:
        item = storefront.product(session, of)
    if item is None:
        raise NotFound
    return go_to(request, "/m/wishes" if form.text("then", most=10) == "list" else f"/m/shop/{item.id}")
