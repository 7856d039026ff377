"""Points, tier, cards and challenges on the phone: what she has and why, what is missing to the next, and whether it counts at all.

Owns the page and its three forms. Must not reckon: the storefront's loyalty programme does.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.kernel.ids import new_id
from app.privacy import signals
from app.privacy.consents import set_consent
from app.privacy.purposes import NOTICES, Purpose
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from geofences import facade as geofences
from storefront import facade as storefront
from storefront.contracts import LoyaltyView

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]

HOME = "/m/loyalty"
SOURCE = "loyalty_page"
WORDS = {
    "paid": "Bought", "pieces_returned": "Given back", "refunded": "Given back", "visited": "Visit", "visit_not_counted": "A visit that was none",
    "gift": "Card or challenge", "gift_withdrawn": "Card not full any more", "referred": "Somebody new by a link of yours", "exchanged": "To your balance", "lapsed": "Their time was over",
}  # fmt: skip
"""Why points came or went."""
STATES = {"given": "", "withdrawn": "Not any more: what it was for went back", "kept": "Kept, although what it was for went back"}


@router.get("/m/loyalty")
def loyalty(request: Request, caller: Shopper, call: Reading) -> Response:
    """Where she stands."""
    return _page(request, caller, call, "")


@router.post("/m/loyalty/counting")
def counting(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Count from now on, or do not: one tap each way."""
    call.run(lambda session: {"changed": storefront.choose_loyalty(session, caller.id, counted=form.ticked("counted"), at=call.clock.now())})
    return go_to(request, HOME)


@router.post("/m/loyalty/visits")
def visits(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Her consent that visits count, given or withdrawn here as on the page of all consents."""
    if form.ticked("granted"):
        signals.refuse_grant(request, Purpose.LOYALTY)
    call.run(lambda session: {"changed": set_consent(session, caller.id, Purpose.LOYALTY, granted=form.ticked("granted"), source=SOURCE, at=call.clock.now())})
    return go_to(request, HOME)


@router.post("/m/loyalty/exchange")
def exchange(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Points for credit."""
    times = form.whole("times", least=1, most=1000)

    def work(session: Session) -> dict[str, int]:
        return {"credit_minor": storefront.exchange_points(session, caller.id, times, cause=new_id("exc"), at=call.clock.now())}

    try:
        call.run(work)
    except AppError as refusal:
        if refusal.status != 409:
            raise
        return _page(request, caller, call, refusal.detail, status=refusal.status)
    return go_to(request, HOME)


def _page(request: Request, caller: Principal, call: Any, trouble: str, *, status: int = 200) -> Response:
    at = call.clock.now()
    with call.database.reading() as session:
        found = storefront.loyalty(session, caller.id, at=at)
        places = geofences.places_by_ids(session, _places(found))
        context = frame(session, caller.id, "me", at) | {
            "it": found, "trouble": trouble, "words": WORDS, "states": STATES, "stores": {key: place.name for key, place in places.items()},
            "signal": signals.opted_out(request), "notice": NOTICES[Purpose.LOYALTY].text,
        }  # fmt: skip
    return rendering.page(request, "shopper/loyalty.html", context, status=status, frame_self=True)


def _places(found: LoyaltyView) -> list[str]:
    return sorted({source for card in found.cards for _, source, _ in card.counted if source.startswith("plc_")})
