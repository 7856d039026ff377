"""The routes of presence: show a place's code, and the code that a screen or a till shows now.

Owns bodies and answers. Must not decide what a proof is worth. No answer but the one that is meant for a screen holds a code.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from app.kernel.clock import from_epoch_s
from app.kernel.errors import Invalid, NotFound
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow, spend_at
from geofences import tiers
from geofences.presence import codes, proving
from geofences.presence.proving import Proved
from geofences.repository import place
from geofences.settings import GeofenceSettings

router = APIRouter()

Shower = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="presence_code"))]
Screen = Annotated[Principal, Depends(allow(Role.CLERK, Role.OPERATOR, Role.SERVER, scope="places"))]
PlaceId = Annotated[str, Path(min_length=1, max_length=40)]
Label = Annotated[str, Query(max_length=40, pattern="^[A-Za-z0-9_-]*$", description="which shelf or lane")]


class PresenceProof(BaseModel):
    """`code` as it was scanned (or the link it was in), or `place_id` with the `digits` a till shows."""

    model_config = ConfigDict(extra="forbid")
    code: str | None = Field(None, min_length=1, max_length=400)
    place_id: str | None = Field(None, min_length=1, max_length=40)
    digits: str | None = Field(None, min_length=codes.DIGITS, max_length=codes.DIGITS + 2, pattern="^[0-9 ]+$")


class Shown(BaseModel):
    """What a screen shows until `until`; `digits` at a till alone."""

    code: str
    digits: str | None
    until: datetime


def take(session: Session, proof: PresenceProof, caller: Principal, at: datetime, settings: GeofenceSettings) -> Proved:
    """The use case behind the route and the phone's page."""
    if proof.code is not None:
        code = proving.read_code(session, proof.code, at)
    elif proof.place_id is not None and proof.digits is not None:
        code = proving.read_digits(session, proof.place_id, proof.digits, at)
    else:
        raise Invalid.field("code", "send the scanned code, or place_id and the digits of the till")
    return proving.prove(
        session,
        code,
        shopper_id=caller.id,
        device_id=caller.device_id or caller.id,
        at=at,
        fastest_mps=settings.jump_mps,
    )


def settings_of(call: Any) -> GeofenceSettings:
    found = getattr(getattr(call.app, "settings", None), "geofences", None)
    return found if isinstance(found, GeofenceSettings) else GeofenceSettings()  # type: ignore[call-arg]


@router.post("/v1/presence", tags=["fixes"])
def post_presence(request: Request, caller: Shower, call: Command, body: PresenceProof) -> Response:
    """She shows a code of the place she is at: it is taken once, and her visit there is believed by what the code is worth."""
    settings = settings_of(call)
    if (
        body.code is None and body.place_id is not None
    ):  # digits can be guessed: whoever tries, the place's tries are counted
        spend_at(request, "presence_code", body.place_id)

    def work(session: Session) -> dict[str, Any]:
        found = take(session, body, caller, call.clock.now(), settings)
        return {
            "place_id": found.place_id,
            "presence": found.presence,
            "visit_id": found.visit_id,
            "visit_level": found.level,
        }

    return call.run(work)


@router.get("/v1/places/{place_id}/presence-code", tags=["places"])
def get_presence_code(place_id: PlaceId, caller: Screen, call: Reading, response: Response, label: Label = "") -> Shown:
    """What the till (for a clerk of the place) or a screen at a shelf (for a server or operator) shows now; ask again by `until`."""
    at = call.clock.now()
    response.headers["Cache-Control"] = "no-store"
    if caller.kind is Role.CLERK and place_id not in caller.place_ids:
        raise NotFound
    with call.database.reading() as session:
        if place(session, place_id) is None:
            raise NotFound
    kind = tiers.TILL if caller.kind is Role.CLERK else tiers.SCREEN
    return shown(kind, place_id, label, at)


def shown(kind: str, place_id: str, label: str, at: datetime) -> Shown:
    until = from_epoch_s((codes.step_of(at.timestamp()) + 1) * codes.STEP_S)
    typed = proving.shown_digits(place_id, at) if kind == tiers.TILL else None
    return Shown(code=proving.shown_code(kind, place_id, label, at), digits=typed, until=until)
