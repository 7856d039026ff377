"""The routes of a shopper's list of wishes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.errors import UnknownProduct
from storefront.wishes import repository

router = APIRouter(tags=["wishes"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
ProductId = Annotated[str, Path(max_length=60)]


@router.get("/v1/me/wishes")
def wishes(caller: Shopper, call: Reading) -> Response:
    """What you keep for later and is still sold, the newest first, with where it lies now. The same on each of your phones."""
    return call.run(lambda session: {"wishes": repository.of_shopper(session, caller.id)})


@router.put("/v1/me/wishes/{product_id}")
def keep(product_id: ProductId, caller: Shopper, call: Command) -> Response:
    """Keep a product, or one variant of it. A second time changes nothing."""
    return call.run(lambda session: repository.put(session, caller.id, product_id, at=call.clock.now()), status=204)


@router.delete("/v1/me/wishes/{product_id}")
def take_off(product_id: ProductId, caller: Shopper, call: Command) -> Response:
    """Take it off the list."""

    def work(session: Session) -> None:
        if not repository.take_off(session, caller.id, [product_id]):
            raise UnknownProduct

    return call.run(work, status=204)
