"""The code on the till's screen by which a phone shows that it stands there: new every 15 seconds.

Owns this part of the till's page. Must not know who scans it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from markupsafe import Markup

from app.kernel.errors import NotFound
from app.kernel.http import Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.shopper.qr import qr_svg
from geofences import facade as geofences

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
PlaceId = Annotated[str, Query(max_length=80)]


@router.get("/till/here")
def here(caller: Clerk, call: Reading, place_id: PlaceId = "") -> Response:
    """The QR code and the digits of one of her stores, now."""
    if place_id not in caller.place_ids:
        raise NotFound
    code, digits = geofences.place_code(place_id, call.clock.now(), kind="till")
    link = f"{call.app.settings.base_url()}/m/here?code={code}"
    shown = {"qr": Markup(qr_svg(link)), "digits": f"{digits[:4]} {digits[4:]}"}  # noqa: S704 - drawn by us
    return rendering.fragment("till/here.part.html", shown)
