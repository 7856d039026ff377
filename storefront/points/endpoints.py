"""The route that shows a shopper her points."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from storefront.points import ledger

router = APIRouter(tags=["points"])


@router.get("/v1/points")
def points(caller: Annotated[Principal, Depends(allow(Role.SHOPPER))], call: Reading) -> Response:
    """How many points you have, and for which orders you got or lost them, newest first."""
    return call.run(lambda session: {"points": ledger.balance(session, caller.id), "entries": ledger.entries(session, caller.id)})
