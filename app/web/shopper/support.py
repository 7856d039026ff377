"""The phone's pages of support: her cases, opening one about an order, a visit or an offer, and writing in it.

Owns parsing forms and choosing templates. Must not decide: support says what is hers, where a case stands and whether it is to be rated.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from app.web.shopper.frame import frame
from geofences import facade as geofences
from notifications import facade as notifications
from offers import facade as offers

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Writer = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="support"))]
CaseId = Annotated[str, Path(min_length=1, max_length=80)]
OfWhat = Annotated[str, Query(max_length=80, pattern=r"^[A-Za-z0-9_.:-]*$")]

support = notifications.support
HERE = "/m/support"
CATEGORIES = {
    "order": "An order", "delivery": "Delivery or collection", "return": "Giving something back", "payment": "Money", "offer": "An offer or a coupon", "visit": "A visit to a store",
    "product": "A product", "safety": "Allergy or safety", "privacy": "My data", "other": "Something else",
}  # fmt: skip
STATES = {"open": "We look at it", "waiting_us": "We look at it", "reopened": "We look at it again", "waiting_shopper": "We have answered", "solved": "Solved", "closed": "Closed"}
ABOUT = ("order_id", "visit_id", "decision_id", "coupon_id", "thread_id")


@router.get("/m/support")
def cases(request: Request, caller: Shopper, call: Reading) -> Response:
    """Hers, the newest first."""
    at = call.clock.now()
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", at) | {"cases": support.hers(session, caller.id, support.of(call.app).settings, at), "states": STATES}
    return rendering.page(request, "shopper/support.html", context, frame_self=True)


@router.get("/m/support/new")
def form(
    request: Request, caller: Shopper, call: Reading, order: OfWhat = "", visit: OfWhat = "", coupon: OfWhat = "", decision: OfWhat = "", thread: OfWhat = ""
) -> Response:
    """What is it about?"""
    about = dict(zip(ABOUT, (order, visit, decision, coupon, thread), strict=True))
    kind = "order" if order else "visit" if visit else "offer" if coupon or decision else ""
    return _form(request, call, caller, {"category": kind} | about)


@router.post("/m/support")
def open_case(request: Request, caller: Writer, call: Command, form: Fields) -> Response:
    """It is ours from now on."""
    try:
        told = _told(form)
        made = call.run(lambda session: {"id": support.open_case(session, caller.id, told, support.of(call.app).settings, at=call.clock.now())})
    except AppError as refusal:
        return _form(request, call, caller, dict(form.fields), refusal)
    return go_to(request, f"{HERE}/{json.loads(bytes(made.body))['id']}")


@router.get("/m/support/{case_id}")
def case(request: Request, case_id: CaseId, caller: Shopper, call: Reading) -> Response:
    """One of them, and a line to write."""
    return _case(request, call, caller, case_id)


@router.post("/m/support/{case_id}")
def write(request: Request, case_id: CaseId, caller: Writer, call: Command, form: Fields) -> Response:
    """A word more."""
    try:
        text = form.text("text", most=support.TEXT_MOST_CHARS)
        call.run(lambda session: support.write(session, caller.id, case_id, text, support.of(call.app).settings, at=call.clock.now()))
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        return _case(request, call, caller, case_id, refusal)
    return go_to(request, f"{HERE}/{case_id}")


@router.post("/m/support/{case_id}/rating")
def rate(request: Request, case_id: CaseId, caller: Writer, call: Command, form: Fields) -> Response:
    """How content she is, once."""
    try:
        stars, words = form.whole("stars", least=1, most=5), form.text("words", most=support.WORDS_MOST_CHARS)
        call.run(lambda session: support.rate(session, caller.id, case_id, stars, words, support.of(call.app).settings, at=call.clock.now()))
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        return _case(request, call, caller, case_id, refusal)
    return go_to(request, f"{HERE}/{case_id}")


def _told(form: Form) -> support.Told:
    category = form.text("category", most=20)
    if category not in set(support.Category):
        raise Invalid.field("category", "say what it is about")
    about = support.About(**{name: form.text(name, most=80) or None for name in ABOUT})
    channel = support.Channel.CHAT if about.thread_id else support.Channel.APP
    return support.Told(form.text("text", most=support.TEXT_MOST_CHARS), support.Category(category), "", about, channel)


def _form(request: Request, call: Any, caller: Principal, entered: dict[str, str], refused: AppError | None = None) -> Response:
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", call.clock.now()) | {"linked": _linked(session, caller.id, entered)}
    context |= {"entered": entered, "categories": CATEGORIES, "about": ABOUT, "most": support.TEXT_MOST_CHARS, "refused": refused.detail if refused else ""}
    return rendering.page(request, "shopper/support_new.html", context, frame_self=True, status=refused.status if refused else 200)


def _linked(session: Session, shopper_id: str, entered: dict[str, str]) -> str:
    """In words what it will be linked to, if it is hers."""
    if order_id := entered.get("order_id"):
        return f"Order {order_id}"
    if visit_id := entered.get("visit_id"):
        found = geofences.visit(session, visit_id)
        place = geofences.place(session, found.place_id) if found is not None and found.shopper_id == shopper_id else None
        return f"Your visit to {place.name}" if place is not None else ""
    if coupon_id := entered.get("coupon_id"):
        coupon = offers.coupon(session, coupon_id, with_code=False)
        return f"The offer “{coupon.title}”" if coupon is not None and coupon.shopper_id == shopper_id else ""
    if entered.get("decision_id"):
        return "Why you had, or had not, an offer"
    return "Our conversation" if entered.get("thread_id") else ""


def _case(request: Request, call: Any, caller: Principal, case_id: str, refused: AppError | None = None) -> Response:
    at = call.clock.now()
    with call.database.reading() as session:
        found = support.one_of_hers(session, caller.id, case_id, support.of(call.app).settings, at)
        context = frame(session, caller.id, "me", at)
    context |= {"case": found, "states": STATES, "categories": CATEGORIES, "most": support.TEXT_MOST_CHARS, "words_most": support.WORDS_MOST_CHARS, "refused": refused.detail if refused else ""}
    return rendering.page(request, "shopper/support_case.html", context, frame_self=True, status=refused.status if refused else 200)
