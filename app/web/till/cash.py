"""The clerk's page of cash: her drawer, what is to be taken at her stores or at a door, and what waits to be paid out.

Owns this page and its forms. Must not decide: the storefront does. What the books expect in the drawer is not shown: it is counted first.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow, spend_at
from app.web import rendering
from app.web.amounts import Unread, minor_of
from app.web.forms import Fields, Form
from app.web.till.answering import done
from geofences import facade as geofences
from storefront.facade import at_drawer

router = APIRouter(include_in_schema=False)

Clerk = Annotated[Principal, Depends(allow(Role.CLERK))]
Scanner = Annotated[Principal, Depends(allow(Role.CLERK, limit="till_code"))]
Id = Annotated[str, Path(min_length=1, max_length=80)]
Told = Annotated[str, Query(max_length=80)]
HERE = "/till/cash"
DIFFERS = {
    "": "It is what it should be", "wrong_change": "Wrong change was given", "wrong_float": "It was opened with another sum", "not_recorded": "Something was not recorded",
    "counterfeit": "A note is not genuine", "stolen": "It was stolen", "unknown": "Nobody knows",
}  # fmt: skip


def _context(call: Any, caller: Principal, trouble: str = "", of: str = "", taken: str = "") -> dict[str, Any]:
    with call.database.reading() as session:
        found = at_drawer.at_till(session, caller.id, caller.place_ids)
        places = sorted(geofences.places_by_ids(session, list(caller.place_ids)).values(), key=lambda place: place.name)
        paid = at_drawer.view_for(session, taken, caller.place_ids) if taken else None
    shown = {one.order_id for one in (*found.owed, *found.back)} | {one.id for one in found.drawers}
    currency = call.app.settings.storefront.currency
    gone = trouble if of not in shown else ""
    return {"till": found, "places": places, "trouble": trouble, "of": of, "gone": gone, "taken": paid, "currency": currency, "differs": DIFFERS}


@router.get("/till/cash")
def cash(request: Request, caller: Clerk, call: Reading, taken: Told = "") -> Response:
    """`taken`: the order whose money was just taken; what to give back stands first then."""
    return rendering.page(request, "till/cash.html", _context(call, caller, taken=taken))


@router.post("/till/cash/{order_id}/take")
def take(request: Request, order_id: Id, caller: Scanner, call: Command, form: Fields) -> Response:
    """What was put down, and the code of the phone where the goods go with it."""
    code = form.text("code", most=120)
    if code:
        spend_at(request, "live_code", order_id)

    def work(session: Session) -> dict[str, int]:
        means = _one_of(at_drawer.Means, form, "means")
        tendered = _minor(form, "tendered", form.text("currency", most=3))
        told = at_drawer.take(session, call.app.shop, order_id, means=means, tendered_minor=tendered, places=caller.place_ids, by=caller.id, at=call.clock.now(), code=code)
        return {"change_minor": told.change_minor}

    return _done(request, call, caller, order_id, work, f"{HERE}?taken={order_id}")


@router.post("/till/cash/{order_id}/pay-out")
def pay_out(request: Request, order_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """What waits for pieces that came back; or to her balance."""

    def work(session: Session) -> dict[str, int]:
        to_balance = form.text("to", most=10) == "balance"
        return {"paid_out_minor": at_drawer.pay_out(session, call.app.shop, order_id, places=caller.place_ids, by=caller.id, at=call.clock.now(), to_balance=to_balance)}

    return _done(request, call, caller, order_id, work)


@router.post("/till/cash/{order_id}/refund")
def give_all_back(request: Request, order_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """Everything comes back, and its money out of the drawer."""

    def work(session: Session) -> dict[str, int]:
        restock = form.ticked("restock")
        return {"paid_out_minor": at_drawer.give_all_back(session, call.app.shop, order_id, places=caller.place_ids, by=caller.id, restock=restock, at=call.clock.now())}

    return _done(request, call, caller, order_id, work, f"/till/returns/{order_id}")


@router.post("/till/drawers")
def open_drawer(request: Request, caller: Clerk, call: Command, form: Fields) -> Response:
    """With what lies in it."""

    def work(session: Session) -> Any:
        currency = call.app.settings.storefront.currency
        kind, float_minor = _one_of(at_drawer.Kind, form, "kind"), _minor(form, "float", currency)
        return at_drawer.open_drawer(session, form.text("place_id", most=80), caller.place_ids, caller.id, kind, float_minor, currency, at=call.clock.now())

    return _done(request, call, caller, "", work)


@router.post("/till/drawers/{drawer_id}/shift")
def shift(request: Request, drawer_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """Into it from the safe, or out of it."""

    def work(session: Session) -> Any:
        currency = form.text("currency", most=3)
        minor = _minor(form, "amount", currency)
        return at_drawer.shift(session, caller.id, currency, -minor if form.text("way", most=3) == "out" else minor, at=call.clock.now())

    return _done(request, call, caller, drawer_id, work)


@router.post("/till/drawers/{drawer_id}/close")
def close(request: Request, drawer_id: Id, caller: Clerk, call: Command, form: Fields) -> Response:
    """Counted and handed in."""

    def work(session: Session) -> Any:
        why = _one_of(at_drawer.Differs, form, "why") if form.text("why") else None
        return at_drawer.close(session, drawer_id, caller.id, _minor(form, "counted", form.text("currency", most=3)), why, at=call.clock.now())

    return _done(request, call, caller, drawer_id, work)


def _minor(form: Form, name: str, currency: str) -> int:
    try:
        minor = minor_of(form.text(name, most=20), currency)
    except (Unread, ValueError) as remedy:
        raise Invalid.field(name, f"type it as {remedy}") from None
    if minor < 0:
        raise Invalid.field(name, "a sum that is not below nothing")
    return minor


def _one_of(kinds: Any, form: Form, name: str) -> Any:
    told = form.text(name, most=20)
    if told not in set(kinds):
        raise Invalid.field(name, f"one of {', '.join(kinds)}")
    return kinds(told)


def _done(request: Request, call: CommandCall, caller: Principal, of: str, work: Any, home: str = HERE) -> Response:
    def refused(why: AppError) -> Response:
        said = "; ".join(f"{one.field}: {one.remedy}" for one in why.fields) if isinstance(why, Invalid) else why.detail
        return rendering.page(request, "till/cash.html", _context(call, caller, said, of), status=why.status)

    return done(request, call, work, home=home, refused=refused)
