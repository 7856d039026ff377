"""The routes of sharing, for apps: make a link, read one, come by one."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import ANYONE, Principal, Role, allow
from storefront.sharing import links

router = APIRouter(tags=["sharing"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Token = Annotated[str, Path(max_length=60)]


class ShareIn(BaseModel):
    """What you want to show others."""

    model_config = ConfigDict(extra="forbid")

    product_id: Annotated[str, StringConstraints(min_length=1, max_length=60)]


@router.post("/v1/me/shares", status_code=201)
def share(body: ShareIn, caller: Shopper, call: Command) -> Response:
    """Your link to a product: the same each time. `path` follows our address; nothing in it says whose it is."""
    return call.run(lambda session: links.share(session, caller.id, body.product_id, at=call.clock.now()), status=201)


@router.get("/v1/me/shares")
def shares(caller: Shopper, call: Reading) -> Response:
    """Your links, with the points each has brought. Who came by them is not told."""
    return call.run(lambda session: {"shares": links.of_shopper(session, caller.id)})


@router.get("/v1/shares/{share_token}", dependencies=[Depends(allow(ANYONE))])
def read_share(share_token: Token, call: Reading) -> Response:
    """What a link leads to. Looking counts for nobody."""
    return call.run(lambda session: {"product_id": links.shared_product(session, share_token)})


@router.post("/v1/shares/{share_token}/come")
def come(share_token: Token, caller: Shopper, call: Command) -> Response:
    """You came by the link and let it count: what you order in the next days is owed to it."""

    def work(session: Session) -> dict[str, str]:
        return {"product_id": links.came(session, caller.id, share_token, at=call.clock.now())}

    return call.run(work)
