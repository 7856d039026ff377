"""The routes by which a shopper decides what her data is used for, takes it home, and deletes it.

Owns the HTTP side of consents and their receipts, of what her phone permits and how old she is, of export and erasure. Everything here is about the caller: no other shopper can be named.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid, NotFound
from app.kernel.http import Command, Reading
from app.privacy import minors, permissions, signals
from app.privacy.consents import consents, receipt, set_consent
from app.privacy.permissions import Access
from app.privacy.purposes import Purpose
from app.privacy.subjects import erase, export
from app.security.access import ANYONE, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from app.security.principals import Principal, Role

router = APIRouter(tags=["privacy"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Anybody = Annotated[Principal, Depends(allow(ANYONE))]


class ConsentIn(BaseModel):
    """`granted` true: you agree to the notice as it reads now. False: you withdraw, effective at once."""

    model_config = ConfigDict(extra="forbid", strict=True)
    granted: bool


class PermissionIn(BaseModel):
    """What your phone's system lets us see: `never`, `while_in_use` or `always`; `precise` false: only roughly where you are."""

    model_config = ConfigDict(extra="forbid")
    access: Access
    precise: bool | None = None


class AgeIn(BaseModel):
    """The year you were born in. It is not kept: only whether you are under age, if you are."""

    model_config = ConfigDict(extra="forbid", strict=True)
    birth_year: int


@router.get("/.well-known/gpc.json", include_in_schema=False)
def global_privacy_control(caller: Anybody) -> Response:  # noqa: ARG001 - open to all
    """That the Sec-GPC header is obeyed here."""
    return JSONResponse(signals.WELL_KNOWN)


@router.get("/v1/consents")
def my_consents(caller: Shopper, call: Reading) -> Response:
    """Every purpose in plain words, and whether you have agreed to it."""
    return call.run(lambda session: {"consents": consents(session, caller.id, call.clock.now())})


@router.put("/v1/consents/{purpose}")
def put_consent(request: Request, purpose: Purpose, body: ConsentIn, caller: Shopper, call: Command) -> Response:
    """Agree or withdraw. What is already so stays so."""
    if body.granted:
        signals.refuse_grant(request, purpose)

    def work(session: Session) -> object:
        at = call.clock.now()
        set_consent(session, caller.id, purpose, granted=body.granted, source="app" if caller.via == "device" else "phone_page", at=at)
        return next(view for view in consents(session, caller.id, at) if view.purpose == purpose.value)

    return call.run(work)


@router.get("/v1/consents/{purpose}/receipt")
def my_receipt(purpose: Purpose, caller: Shopper, call: Reading) -> Response:
    """The receipt of what you said last about a purpose: the whole record as ISO/IEC TS 27560 wants it, with its hash."""

    def work(session: Session) -> object:
        found = receipt(session, caller.id, purpose)
        if found is None:
            raise NotFound(f"you have not said anything about {purpose.value} yet")
        return found

    response = call.run(work)
    response.headers["Content-Disposition"] = f'attachment; filename="consent-{purpose.value}.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@router.put("/v1/me/location-permission")
def put_permission(body: PermissionIn, caller: Shopper, call: Command) -> Response:
    """What the phone's system permits of its position. It grants nothing; `never` stops what you had agreed to."""
    device_id = caller.device_id
    if device_id is None:
        raise Invalid.field("device", "call from the device whose permission this is")

    def work(session: Session) -> object:
        changed = permissions.report(session, caller.id, device_id, body.access, precise=body.precise, at=call.clock.now())
        return {"access": body.access, "precise": body.precise, "changed": changed}

    return call.run(work)


@router.put("/v1/me/age")
def put_age(body: AgeIn, caller: Shopper, call: Command) -> Response:
    """Whether you are under age. If you are, nothing locates or approaches you, and what you had agreed to of that is withdrawn."""
    return call.run(lambda session: {"minor": minors.state_birth_year(session, caller.id, body.birth_year, call.clock.now())})


@router.get("/v1/me/export")
def export_me(caller: Shopper, call: Reading) -> Response:
    """Everything held about you, as JSON."""

    def work(session: Session) -> object:
        asker_of(call.request).allow(session, Action.EXPORT, at=call.clock.now())
        return export(session, caller.id, at=call.clock.now())

    response = call.run(work)
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/me/erase")
def erase_me(caller: Shopper, call: Command) -> Response:
    """Delete everything held about you, now. Afterwards this device and every session are unknown (401)."""

    def work(session: Session) -> object:
        asker_of(call.request).allow(session, Action.ERASE, at=call.clock.now())
        return erase(session, caller.id, call.clock.now(), by=caller)

    return call.run(work)
