"""The routes of the loyalty programme: where a shopper stands, her word whether it counts, and points for money."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.kernel.ids import new_id
from app.security.access import Principal, Role, allow
from storefront.loyalty import choosing, planning, showing, weighing

router = APIRouter(tags=["loyalty"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Staff = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]


class CountingIn(BaseModel):
    """Whether what you buy and visit shall count from now on."""

    model_config = ConfigDict(extra="forbid")

    counted: bool


class ExchangeIn(BaseModel):
    """How many times the programme's points for its credit."""

    model_config = ConfigDict(extra="forbid")

    times: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1


@router.get("/v1/loyalty")
def standing(caller: Shopper, call: Reading) -> Response:
    """Your points, tier, cards and challenges, why you have them, and what is missing to the next."""
    return call.run(lambda session: showing.shown(session, caller.id, at=call.clock.now()))


@router.put("/v1/loyalty/counting")
def counting(body: CountingIn, caller: Shopper, call: Command) -> Response:
    """Have it counted or not, from now on. What you have stays yours either way."""

    def work(session: Session) -> dict[str, bool]:
        choosing.choose(session, caller.id, counted=body.counted, at=call.clock.now())
        return {"counted": body.counted}

    return call.run(work)


@router.post("/v1/points/exchange")
def exchange(body: ExchangeIn, caller: Shopper, call: Command) -> Response:
    """Points for credit on your balance. Send an Idempotency-Key: a retry exchanges nothing more."""

    def work(session: Session) -> dict[str, int]:
        return {"credit_minor": weighing.exchange(session, caller.id, body.times, cause=new_id("exc"), at=call.clock.now())}

    return call.run(work)


@router.get("/v1/loyalty/programme")
def programme(_caller: Staff, call: Reading) -> Response:
    """The programme in force as YAML, as `moments loyalty export` writes it."""
    with call.database.reading() as session:
        return Response(planning.export(session), media_type="application/yaml")
