"""Where the link behind a place's code leads: one button that says "I am here", and what came of it.

Owns this page. Must not decide what a code is worth.
"""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.forms import Fields
from app.web.shopper.frame import frame
from geofences import facade as geofences

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Shower = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="presence_code"))]
Code = Annotated[str, Query(max_length=400)]

SAID = {
    "till": "The till knows that you are here.",
    "shelf_qr": "The shelf knows that you are here.",
    "static_beacon": "Thank you. A printed code can be copied, so it counts for a little only.",
    "bare_fix": "You seem to be at two places at once, so none of the codes counts.",
}


@router.get("/m/here")
def here(request: Request, caller: Shopper, call: Reading, code: Code = "") -> Response:
    """She has scanned a code; nothing happens before she says so."""
    with call.database.reading() as session:
        context = frame(session, caller.id, "", call.clock.now()) | {"code": code, "said": "", "good": True}
    return rendering.page(request, "shopper/here.html", context)


@router.post("/m/here")
def i_am_here(request: Request, caller: Shower, call: Command, form: Fields) -> Response:
    """The code is taken."""
    code = form.text("code", most=400)

    def work(session: Session) -> dict[str, str]:
        at = call.clock.now()
        return {"presence": geofences.show_code(session, code, caller.id, caller.device_id or caller.id, at=at, settings=call.app.settings.geofences)}

    good = True
    try:
        said = SAID[json.loads(bytes(call.run(work).body))["presence"]]
    except AppError as refusal:
        good, said = False, refusal.detail
    with call.database.reading() as session:
        context = frame(session, caller.id, "", call.clock.now()) | {"code": "", "said": said, "good": good}
    return rendering.page(request, "shopper/here.html", context)
