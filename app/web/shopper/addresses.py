"""The phone's page of addresses: those she has, one form to write another, the same form to change one.

Owns parsing that form and showing it again with what is wrong at its own box. Must not decide: storefront/addresses does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import Asker, asker_of
from app.security.errors import StepUpNeeded
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from app.web.shopper.frame import frame
from storefront.facade import address_book as book

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

HERE = "/m/addresses"
BOXES = ("name", "line1", "line2", "postcode", "city", "region", "country", "phone")
HOME_COUNTRY = "FI"
"""Stands first for who has no address yet; the browser's own filling-in takes it from there."""


def _typed(form: Form) -> dict[str, str]:
    return {box: form.text(box, most=200) for box in BOXES} | {"default": form.text("default", most=5)}


def _written(kept: book.Kept) -> dict[str, str]:
    a = kept.address
    lines = (*a.lines, "", "")
    second = ", ".join(line for line in lines[1:] if line)
    return {"name": a.name, "line1": lines[0], "line2": second, "postcode": a.postcode, "city": a.city, "region": a.region, "country": a.country, "phone": a.phone, "default": "1" if kept.default else ""}


def _meant(typed: Mapping[str, str]) -> Callable[[], book.Address]:
    """Raises Invalid naming the fields, when called."""
    return lambda: book.accepted(
        name=typed["name"], lines=(typed["line1"], typed["line2"]), postcode=typed["postcode"], city=typed["city"], region=typed["region"],
        country=typed["country"], phone=book.accepted_phone(typed["phone"]),
    )  # fmt: skip


def _page(
    request: Request, caller: Principal, call: Any, *, address_id: str = "", typed: Mapping[str, str] | None = None, refused: AppError | None = None
) -> Response:
    with call.database.reading() as session:
        kept = book.addresses(session, caller.id)
        values = typed or (_written(book.address(session, caller.id, address_id)) if address_id else None)
        context = frame(session, caller.id, "me", call.clock.now())
    wrong = {one.field.split("[")[0]: one.remedy for one in refused.fields} if refused else {}
    country = next((one.address.country for one in kept if one.default), HOME_COUNTRY)
    context |= {
        "kept": kept, "changing": address_id, "values": values or dict.fromkeys(BOXES, "") | {"country": country, "default": ""},
        "wrong": dict.fromkeys(BOXES, "") | wrong | {"line1": wrong.get("lines", "")}, "refused": refused.detail if refused and not wrong else "",
        "countries": book.country_names(), "open": bool(address_id or refused or not kept),
    }  # fmt: skip
    return rendering.page(request, "shopper/addresses.html", context, frame_self=True, status=refused.status if refused else 200)


def _done(request: Request, caller: Principal, call: Any, work: Callable[[Asker], object], *, address_id: str = "", typed: Mapping[str, str] | None = None) -> Response:
    try:
        asker_of(request).informed(work)
    except StepUpNeeded:
        raise  # the page of its own asks for her finger, and then this goes on
    except AppError as refusal:
        if refusal.status == 404:
            raise
        return _page(request, caller, call, address_id=address_id, typed=typed, refused=refusal)
    return go_to(request, HERE)


@router.get("/m/addresses")
def addresses_page(request: Request, caller: Shopper, call: Reading) -> Response:
    """Her addresses, the one that counts first."""
    return _page(request, caller, call)


@router.post("/m/addresses")
def add(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """One more."""
    typed = _typed(form)

    def work(asker: Asker) -> object:
        return call.run(lambda session: book.add(session, asker, _meant(typed), default=bool(typed["default"]), at=call.clock.now()).id)

    return _done(request, caller, call, work, typed=typed)


@router.get("/m/addresses/{address_id}")
def address_page(request: Request, address_id: Id, caller: Shopper, call: Reading) -> Response:
    """The form with what she wrote."""
    return _page(request, caller, call, address_id=address_id)


@router.post("/m/addresses/{address_id}")
def change(request: Request, address_id: Id, caller: Shopper, call: Command, form: Fields) -> Response:
    """It is written anew."""
    typed = _typed(form)

    def work(asker: Asker) -> object:
        return call.run(lambda session: book.change(session, asker, address_id, _meant(typed), default=bool(typed["default"]), at=call.clock.now()).id)

    return _done(request, caller, call, work, address_id=address_id, typed=typed)


@router.post("/m/addresses/{address_id}/remove")
def remove(request: Request, address_id: Id, caller: Shopper, call: Command) -> Response:
    """It is forgotten."""
    return _done(request, caller, call, lambda asker: call.run(lambda session: book.remove(session, asker, address_id, at=call.clock.now())))
