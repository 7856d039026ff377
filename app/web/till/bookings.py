"""The clerk's list of who has booked something today: checked in against the phone's code, or said not to have come.

Owns this page and its forms. Must not decide: storefront/orders/appointments does. It shows a first name and what was booked, nothing else of her.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import asked_by_htmx
from app.web.forms import Fields
from app.web.till.answering import done
from geofences import facade as geofences
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
HERE = "/till/bookings"
desk = storefront.booking_desk


def _context(call: Any, caller: Principal, trouble: str, of: str) -> dict[str, Any]:
    with call.database.reading() as session:
        told = desk.at_stores(session, caller.place_ids, call.clock.now())
        names = {place_id: place.name for place_id, place in geofences.places_by_ids(session, sorted({one.place_id for one in told})).items()}
    gone = trouble if of not in {one.id for one in told} else ""
    return {"told": told, "names": names, "trouble": trouble, "of": of, "gone": gone}


def _page(request: Request, call: Any, caller: Principal, *, trouble: str = "", of: str = "", status: int = 200) -> Response:
    return rendering.page(request, "till/bookings.html", _context(call, caller, trouble, of), status=status)


@router.get("/till/bookings")
def bookings(request: Request, caller: Clerk, call: Reading, part: Annotated[str, Query(max_length=5)] = "") -> Response:
    """Who comes today to her stores; who has arrived stands first. The page asks again by itself."""
    if part and asked_by_htmx(request):
        return rendering.fragment("till/bookings.part.html", _context(call, caller, "", ""))
    return _page(request, call, caller)


@router.post("/till/bookings/{booking_id}/check-in")
def check_in(request: Request, booking_id: Id, caller: Scanner, call: Command, form: Fields) -> Response:
    """Against the code the phone shows."""
    code = form.text("code", most=120)

    def work(session: Session) -> dict[str, str]:
        desk.check_in(session, booking_id, code, caller.place_ids, by=caller.id, at=call.clock.now())
        return {"booking_id": booking_id}

    return _done(request, call, caller, booking_id, work)


@router.post("/till/bookings/{booking_id}/miss")
def miss(request: Request, booking_id: Id, caller: Clerk, call: Command) -> Response:
    """Nobody came."""

    def work(session: Session) -> dict[str, str]:
        desk.miss(session, booking_id, caller.place_ids, by=caller.id, at=call.clock.now())
        return {"booking_id": booking_id}

    return _done(request, call, caller, booking_id, work)


def _done(request: Request, call: CommandCall, caller: Principal, booking_id: str, work: Any) -> Response:
    def refused(why: AppError) -> Response:
        return _page(request, call, caller, trouble=why.detail, of=booking_id, status=why.status)

    return done(request, call, work, home=HERE, refused=refused)
