"""The routes of kept payment methods. Another's is answered as if there were none. One is kept by paying with it and saying so."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from storefront.methods import repository
from storefront.methods.repository import Kept

router = APIRouter(tags=["payment methods"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
MethodId = Annotated[str, Path(max_length=80)]


class KeptMethodOut(BaseModel):
    """What you tell it by. `expired`: it pays nothing any more."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int
    default: bool
    expired: bool
    expires_soon: bool
    kept_at: datetime


def method_out(kept: Kept) -> KeptMethodOut:
    c = kept.card
    return KeptMethodOut(
        id=kept.id, brand=c.brand, last4=c.last4, exp_month=c.exp_month, exp_year=c.exp_year, default=kept.default, expired=kept.expired,
        expires_soon=kept.expires_soon, kept_at=kept.kept_at,
    )  # fmt: skip


@router.get("/v1/me/payment-methods")
def payment_methods(caller: Shopper, call: Reading) -> Response:
    """The payment methods you have kept, the one that stands first where you pay first."""
    response = call.run(lambda session: {"payment_methods": [method_out(one) for one in repository.methods(session, caller.id, call.clock.now())]})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.put("/v1/me/payment-methods/{method_id}/default", status_code=204)
def make_default(method_id: MethodId, caller: Shopper, call: Command) -> Response:
    """Let it stand first where you pay."""
    return call.run(lambda session: repository.make_default(session, caller.id, method_id, at=call.clock.now()), status=204)


@router.delete("/v1/me/payment-methods/{method_id}", status_code=204)
def remove(method_id: MethodId, caller: Shopper, call: Command) -> Response:
    """Forget it, here at once and at the payment provider as soon as it answers."""

    def work(session: Session) -> None:
        repository.remove(session, caller.id, method_id, at=call.clock.now())

    return call.run(work, status=204)
