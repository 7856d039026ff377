"""The routes by which a shopper decides what her data is used for, takes it home, and deletes it.

Owns the HTTP side of consents, export and erasure. Everything here is about the caller: no other shopper can be named.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.privacy.consents import consents, set_consent
from app.privacy.purposes import Purpose
from app.privacy.subjects import erase, export
from app.security.access import allow
from app.security.principals import Principal, Role

router = APIRouter(tags=["privacy"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]


class ConsentIn(BaseModel):
    """`granted` true: you agree to the notice as it reads now. False: you withdraw, effective at once."""

    model_config = ConfigDict(extra="forbid", strict=True)
    granted: bool


@router.get("/v1/consents")
def my_consents(caller: Shopper, call: Reading) -> Response:
    """Every purpose in plain words, and whether you have agreed to it."""
    return call.run(lambda session: {"consents": consents(session, caller.id, call.clock.now())})


@router.put("/v1/consents/{purpose}")
def put_consent(purpose: Purpose, body: ConsentIn, caller: Shopper, call: Command) -> Response:
    """Agree or withdraw. What is already so stays so."""

    def work(session: Session) -> object:
        at = call.clock.now()
        set_consent(session, caller.id, purpose, granted=body.granted, source="app" if caller.via == "device" else "phone_page", at=at)
        return next(view for view in consents(session, caller.id, at) if view.purpose == purpose.value)

    return call.run(work)


@router.get("/v1/me/export")
def export_me(caller: Shopper, call: Reading) -> Response:
    """Everything held about you, as JSON."""
    response = call.run(lambda session: export(session, caller.id, at=call.clock.now()))
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/me/erase")
def erase_me(caller: Shopper, call: Command) -> Response:
    """Delete everything held about you, now. Afterwards this device and every session are unknown (401)."""
    return call.run(lambda session: erase(session, caller.id, call.clock.now()))
