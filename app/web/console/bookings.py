"""When stores give services, as the staff sees and writes it: how full the coming days are, and the hours as text.

Owns parsing forms and choosing templates. Must not decide what may be written: storefront does.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.console.hours_text import NotHours, days_of, text_of_days, text_of_week, week_of
from app.web.forms import Fields, Form
from geofences import facade as geofences
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Writing = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Word = Annotated[str, Query(max_length=80)]
HERE = "/console/services"
desk = storefront.booking_desk
NUMBERS = {"duration_min": 45, "pause_min": 15, "capacity": 1, "staff": 1, "closes_min_before": 120, "free_min_before": 1440, "ahead_days": 28}


@router.get("/console/services")
def services(request: Request, _caller: Writing, call: Reading) -> Response:
    """Every service of every store, with how full each of the coming seven days is."""
    with call.database.reading() as session:
        rows = desk.given(session, call.clock.now())
    return rendering.page(request, "console/services.html", {"here": "orders", "rows": [(row, _by_day(row)) for row in rows]})


@router.get("/console/services/write")
def write(request: Request, _caller: Writing, call: Reading, product_id: Word = "", place_id: Word = "") -> Response:
    """A new one, or that of a product in a store."""
    with call.database.reading() as session:
        found = next((row for row in desk.given(session, call.clock.now(), days=0, product_id=product_id) if row.place_id == place_id), None) if product_id else None
    entered: dict[str, Any] = {"product_id": product_id, "place_id": place_id}
    if found is not None:
        entered |= {name: found.document[name] for name in NUMBERS} | {"open": text_of_week(found.document["open"]), "other_days": text_of_days(found.document["other_days"]), "there": "1"}
    return _page(request, call, entered)


@router.post("/console/services")
def keep(request: Request, _caller: Writing, call: Command, form: Fields) -> Response:
    """Keep it; what is wrong is shown beside what was typed."""
    try:
        document = _document(form)
        call.run(lambda session: {"kept": desk.put(session, {"services": [document]}, at=call.clock.now())})
    except AppError as refusal:
        return _page(request, call, dict(form.fields), refusal)
    return go_to(request, HERE)


@router.post("/console/services/remove")
def remove(request: Request, _caller: Writing, call: Command, form: Fields) -> Response:
    """Nothing more is booked there."""
    product_id, place_id = form.text("product_id", most=60), form.text("place_id", most=60)
    call.run(lambda session: desk.drop_service(session, product_id, place_id))
    return go_to(request, HERE)


def _document(form: Form) -> dict[str, Any]:
    try:
        open_, other = week_of(form.text("open", most=5000)), days_of(form.text("other_days", most=10_000))
    except NotHours as wrong:
        raise Invalid.field("hours", str(wrong)) from None
    numbers = {name: form.whole(name, least=0, most=100_000, default=usual) for name, usual in NUMBERS.items()}
    return {"product_id": form.text("product_id", most=60), "place_id": form.text("place_id", most=60), "open": open_, "other_days": other, **numbers}


def _page(request: Request, call: Any, entered: dict[str, Any], refusal: AppError | None = None) -> Response:
    with call.database.reading() as session:
        found = storefront.find_products(session, storefront.Asked("", None, kind="service", limit=100)).products
        places = sorted(geofences.places(session), key=lambda place: place.name)
    entered = {**NUMBERS, "product_id": "", "place_id": "", "open": "", "other_days": "", "there": ""} | entered
    context = {"here": "orders", "entered": entered, "products": found, "places": places, "refused": refusal.detail if refusal is not None else ""}
    return rendering.page(request, "console/service.html", context, status=refusal.status if refusal is not None else 200)


def _by_day(row: Any) -> list[tuple[Any, int, int]]:
    """(when it begins, how many places are taken, how many there are), day by day."""
    days: dict[Any, tuple[Any, int, int]] = {}
    for starts_at, _ends_at, taken, capacity in row.times:
        day = starts_at.astimezone(storefront.booking_desk.zone_of(row)).date()
        first, had, of = days.get(day, (starts_at, 0, 0))
        days[day] = (first, had + taken, of + capacity)
    return list(days.values())
