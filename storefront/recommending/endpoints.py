"""The routes of recommendations: what goes with a product, for anybody; what goes with her cart and herself, for her."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Reading
from app.security.access import ANYONE, Principal, Role, allow
from storefront.catalog.repository import product
from storefront.errors import UnknownProduct
from storefront.recommending import showing

router = APIRouter(tags=["shop"])

Limit = Annotated[int, Query(ge=1, le=20)]
Place = Annotated[str | None, Query(max_length=40, description="Only what lies in this store now.")]


@router.get("/v1/products/{product_id}/together", dependencies=[Depends(allow(ANYONE))])
def together(product_id: Annotated[str, Path(max_length=80)], call: Reading, place_id: Place = None, limit: Limit = 4) -> Response:
    """What many people buy in the same order, best first, each with why it is shown. Asks for nobody and uses nothing of whoever asks."""

    def work(session: Session) -> dict[str, Any]:
        if product(session, product_id) is None:
            raise UnknownProduct
        return {"recommendations": showing.beside(session, call.app.shop.settings, [product_id], place_id=place_id, limit=limit)}

    return call.run(work)


@router.get("/v1/me/recommendations")
def for_her(caller: Annotated[Principal, Depends(allow(Role.SHOPPER))], call: Reading, place_id: Place = None, limit: Limit = 4) -> Response:
    """What goes with your cart and, if you let us use your purchases (*Offers that fit*), with what you bought and keep; each with why it is shown."""

    def work(session: Session) -> dict[str, Any]:
        return {"recommendations": showing.for_her(session, call.app.shop.settings, caller.id, at=call.clock.now(), place_id=place_id, limit=limit)}

    return call.run(work)
