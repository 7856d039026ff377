"""How the shop earns, said to whoever asks: from what is agreed with partners today, in the languages of receipts.

Owns the page. Must not count or choose anything: who only reads leaves no trace.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel import languages
from app.kernel.http import Reading
from app.security.access import ANYONE, Principal, Role, allow
from app.web import rendering
from app.web.shopper.frame import OUTSIDE, frame
from notifications import facade as notifications
from storefront.facade import revenue

router = APIRouter(include_in_schema=False)

Anyone = Annotated[Principal, Depends(allow(ANYONE))]
NAMES = {"en": "English", "fi": "Suomi", "sv": "Svenska"}


@router.get("/m/how-we-earn")
def how_we_earn(request: Request, caller: Anyone, call: Reading, lang: Annotated[str, Query(max_length=35)] = "") -> Response:
    """In the language that is asked for, else the one she likes, else her browser's."""
    at, settings = call.clock.now(), call.app.settings.storefront
    with call.database.reading() as session:
        language = revenue.spoken(lang or _liked(session, request, caller))
        terms = revenue.terms(session)
        context = {
            "language": language,
            "names": NAMES,
            "say": lambda key, **facts: revenue.say(key, language, **facts),
            "partners": ", ".join(sorted(one.name for one in terms.partners if one.rate_bp)),
            "metered": call.app.settings.metering.count,
            "sponsors": ", ".join(revenue.placements_today(session, settings, at)),
        }
        context |= frame(session, caller.id, "me", at) if caller.kind is Role.SHOPPER else OUTSIDE
    return rendering.page(request, "shopper/how_we_earn.html", context, frame_self=True)


def _liked(session: Session, request: Request, caller: Principal) -> str:
    if caller.kind is Role.SHOPPER and (liked := notifications.liked(session, caller.id).language):
        return liked
    offered = [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return next((tag for tag in offered if tag.split("-")[0].lower() in NAMES), languages.PLAIN)
