"""The clerk's list of orders that are fetched: what is to be picked, what waits, and who has arrived; handed over against the phone's code.

Owns this page and its forms. Must not decide: storefront/orders/fetching does. It shows a first name and what was ordered, nothing else of her.
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
from storefront.facade import at_counter

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
HERE = "/till/collections"


def _context(call: Any, caller: Principal, trouble: str, of: str) -> dict[str, Any]:
    with call.database.reading() as session:
        told = at_counter.at_stores(session, caller.place_ids, call.clock.now())
        names = {place_id: place.name for place_id, place in geofences.places_by_ids(session, sorted({one.place_id for one in told})).items()}
    gone = trouble if of not in {one.order_id for one in told} else ""
    return {"told": told, "names": names, "trouble": trouble, "of": of, "gone": gone}


def _page(request: Request, call: Any, caller: Principal, *, trouble: str = "", of: str = "", status: int = 200) -> Response:
    return rendering.page(request, "till/collections.html", _context(call, caller, trouble, of), status=status)


@router.get("/till/collections")
def collections(request: Request, caller: Clerk, call: Reading, part: Annotated[str, Query(max_length=5)] = "") -> Response:
    """What is fetched at her stores; who has arrived comes first. The page asks again by itself."""
    if part and asked_by_htmx(request):
        return rendering.fragment("till/collections.part.html", _context(call, caller, "", ""))
    return _page(request, call, caller)


@router.post("/till/collections/{order_id}/ready")
def make_ready(request: Request, order_id: Id, caller: Clerk, call: Command) -> Response:
    """It is picked."""

    def work(session: Session) -> dict[str, str]:
        at_counter.make_ready(session, order_id, caller.place_ids, at=call.clock.now())
        return {"order_id": order_id}

    return _done(request, call, caller, order_id, work)


@router.post("/till/collections/{order_id}/hand-over")
def hand_over(request: Request, order_id: Id, caller: Scanner, call: Command, form: Fields) -> Response:
    """Against the code the phone shows."""
    code = form.text("code", most=120)

    def work(session: Session) -> dict[str, str]:
        at_counter.hand_over(session, order_id, code, caller.place_ids, by=caller.id, at=call.clock.now())
        return {"order_id": order_id}

    return _done(request, call, caller, order_id, work)


def _done(request: Request, call: CommandCall, caller: Principal, order_id: str, work: Any) -> Response:
    def refused(why: AppError) -> Response:
        return _page(request, call, caller, trouble=why.detail, of=order_id, status=why.status)

    return done(request, call, work, home=HERE, refused=refused)
