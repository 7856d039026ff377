"""Choosing a store, a day and a time of a service on its page, and what is done with a booked one on the page of its order.

Owns these forms and pages. Must not decide: storefront/bookings and storefront/orders/appointments do. Another's order is as none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, NotFound
from app.kernel.http import Command, Reading, Stage
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from app.web.shopper.qr import qr_svg
from storefront import facade as storefront
from storefront.contracts import ProductView
from storefront.contracts import bookings as contracts

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_]+$")]
LineNo = Annotated[int, Path(ge=1, le=10_000)]
desk = storefront.booking_desk
SAID = {
    "booking_fixed": "The time to move or cancel it here is over. Ask the shop.",
    "slot_full": "Somebody was faster: not enough places are left then. Choose another time.",
    "slot_dearer": "That time costs more than you paid. Choose another.",
    "unknown_slot": "That time can no longer be booked. Choose another.",
    "booking_not_open": "You can say so from two hours before it begins.",
}
"""What is told of a step that was refused, where the order stands."""


@dataclass(frozen=True, slots=True)
class Picker:
    """What the page of a service offers: `stores` (place, name), of the chosen one its `days` (day, whether anything is left) and of the chosen day its times."""

    stores: tuple[tuple[str, str], ...]
    place_id: str
    zone: str
    minutes: int
    days: tuple[tuple[date, bool], ...]
    day: date | None
    times: tuple[Any, ...]
    least_minor: int
    currency: str


def picker(session: Session, item: ProductView, shopper_id: str, place: str, day: str, at: datetime) -> Picker | None:
    """None for what is not given at times. Without a choice: the first store, and the first day with a place left."""
    if item.kind != "service" or item.is_head:
        return None
    item, found = desk.times_of(session, item.id, at, shopper_id=shopper_id)
    if not found:
        return None
    store = next((one for one in found if one.service.place_id == place), found[0])
    left: dict[date, bool] = {}
    for one in store.times:
        left[one.slot.day] = left.get(one.slot.day, False) or one.left > 0
    chosen = next((d for d in left if d.isoformat() == day), None) or next((d for d, any_left in left.items() if any_left), None)
    return Picker(
        tuple((one.service.place_id, one.name) for one in found), store.service.place_id, store.service.calendar.timezone, store.service.duration_min, tuple(left.items()),
        chosen, tuple(one for one in store.times if one.slot.day == chosen), min((t.price_minor for one in found for t in one.times), default=item.price_minor), item.currency,
    )  # fmt: skip


def shown(found: Sequence[Any]) -> list[tuple[Any, dict[str, list[Any]]]]:
    """Each booking of an order, with where it may be moved to, by day."""
    out: list[tuple[Any, dict[str, list[Any]]]] = []
    for one in found:
        days: dict[str, list[Any]] = {}
        for other in one.others:
            days.setdefault(f"{other.slot.day:%A} {other.slot.day.day} {other.slot.day:%B}", []).append(other)
        out.append((one, days))
    return out


@router.post("/m/orders/{order_id}/bookings/{line_no}/slot")
def move(request: Request, order_id: Id, line_no: LineNo, caller: Shopper, call: Command, form: Fields) -> Response:
    """At another time."""
    slot_id = form.text("slot_id", most=60)

    def work(session: Session) -> dict[str, str]:
        desk.move(session, order_id, line_no, caller.id, slot_id, at=call.clock.now())
        return {"slot_id": slot_id}

    return _done(request, order_id, lambda: call.run(work))


@router.post("/m/orders/{order_id}/bookings/{line_no}/cancel")
def cancel(request: Request, order_id: Id, line_no: LineNo, caller: Shopper, call: Command) -> Response:
    """Given up; the money goes back."""

    def work(stage: Stage) -> None:
        desk.cancel(call.app.shop, stage, caller.id, order_id, line_no)

    return _done(request, order_id, lambda: call.staged(work))


@router.post("/m/orders/{order_id}/bookings/{line_no}/here")
def here(request: Request, order_id: Id, line_no: LineNo, caller: Shopper, call: Command) -> Response:
    """The shop is told that she is there."""

    def work(session: Session) -> dict[str, bool]:
        return {"new": desk.here(session, order_id, line_no, caller.id, at=call.clock.now())}

    return _done(request, order_id, lambda: call.run(work))


@router.get("/m/orders/{order_id}/bookings/{line_no}/code")
def code_page(request: Request, order_id: Id, line_no: LineNo, caller: Shopper, call: Reading) -> Response:
    """The code to show at the shop; once she is checked in, the order."""
    at = call.clock.now()
    with call.database.reading() as session:
        live = desk.proof_for(session, order_id, line_no, caller.id, at)
        detail = storefront.order(session, order_id)
        context = frame(session, caller.id, "me", at)
    found: contracts.BookingView | None = next((one for one in detail.bookings if one.line_no == line_no), None) if detail is not None else None
    if live is None or found is None:
        return go_to(request, f"/m/orders/{order_id}")
    context |= {"order_id": order_id, "live": live, "booking": found, "picture": Markup(qr_svg(live.text))}  # noqa: S704 - drawn by us
    return rendering.page(request, "shopper/booking_code.html", context, frame_self=True)


def _done(request: Request, order_id: str, step: Any) -> Response:
    """The order's page, which says why where a step was refused."""
    try:
        step()
    except AppError as refusal:
        if refusal.code not in SAID or (isinstance(refusal, NotFound) and refusal.code != "unknown_slot"):
            raise
        return go_to(request, f"/m/orders/{order_id}?said={refusal.code}")
    return go_to(request, f"/m/orders/{order_id}")


Said = Annotated[str, Query(max_length=30)]
