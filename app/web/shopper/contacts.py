"""The phone's page about how we reach her: contacts and their codes, her word, and how to tell whether a message is from us.

Owns parsing forms and choosing the template. Must not decide: app/security/contacts does. An address is never shown whole.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security import contact_endpoints as changing
from app.security.access import Principal, Role, allow, spend_at
from app.security.asking import asker_of
from app.security.contact_endpoints import held, may_send, post_of
from app.security.contacts import facade as contacts
from app.security.contacts.facade import ContactKind
from app.security.errors import StepUpNeeded
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Sender = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="contact_send"))]
Guesser = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="contact_code"))]

HERE = "/m/contacts"
FRESH = timedelta(days=7)
"""So long the page asks whether it was she who added a contact."""
NAMES = {"email": "E-mail", "phone": "Telephone"}


def _page(request: Request, caller: Principal, call: Any, refused: AppError | None = None) -> Response:
    house, at = call.app, call.clock.now()
    with call.database.reading() as session:
        mine = held(session, caller.id, at)
        context = frame(session, caller.id, "me", at) | mine | {"names": NAMES, "refused": refused.detail if refused else ""}
        waiting = contacts.pending_values(session, caller.id, at) if house.settings.demo else []
    context["fresh"] = [one for one in mine["contacts"] if one.verified_at > at - FRESH]
    gateway = house.contact_gateway
    context["kinds"] = [kind.value for kind in ContactKind if gateway is not None and kind in gateway.kinds]
    # in the demo nothing leaves the house, so that the page itself shows what would have been sent
    letters = [gateway.letters_to(value)[-1:] for value in waiting] if gateway is not None and house.settings.demo else []
    context["letters"] = [letter for found in letters for letter in found]
    return rendering.page(request, "shopper/contacts.html", context, frame_self=True, status=refused.status if refused else 200)


def _done(request: Request, caller: Principal, call: Any, work: Callable[[], object]) -> Response:
    try:
        work()
    except StepUpNeeded:
        raise  # the page of its own asks for her finger, and then this goes on
    except AppError as refusal:
        return _page(request, caller, call, refusal)
    return go_to(request, HERE)


@router.get("/m/contacts")
def contacts_page(request: Request, caller: Shopper, call: Reading) -> Response:
    """How we reach her, and her word."""
    return _page(request, caller, call)


@router.post("/m/contacts")
def ask(request: Request, caller: Sender, call: Command, form: Fields) -> Response:
    """An address or number is named; a code goes there."""

    def work() -> None:
        typed = form.text("value", most=320)
        kind = ContactKind.EMAIL if "@" in typed else ContactKind.PHONE
        may_send(call.app, kind)
        value = contacts.accepted(kind, typed)
        spend_at(request, "contact_send", f"{kind}:{value}")
        asker_of(request).informed(lambda asker: call.run(lambda session: changing.ask(session, post_of(call.app), asker, kind, value, call.clock.now())))
        if call.app.settings.demo:
            contacts.send_due(call.database, call.app.contact_gateway, call.app.settings.contacts)

    return _done(request, caller, call, work)


@router.post("/m/contacts/{kind}/code")
def confirm(request: Request, kind: ContactKind, caller: Guesser, call: Command, form: Fields) -> Response:
    """The code is typed in."""
    digits = form.text("code", most=20).replace(" ", "")
    return _done(request, caller, call, lambda: changing.confirm(call.database, post_of(call.app), asker_of(request), kind, digits))


@router.post("/m/contacts/{kind}/remove")
def remove(request: Request, kind: ContactKind, caller: Shopper, call: Command) -> Response:
    """We forget it, and tell it there."""
    work = asker_of(request).informed
    return _done(request, caller, call, lambda: work(lambda asker: call.run(lambda session: changing.remove(session, post_of(call.app), asker, kind, call.clock.now()))))


@router.post("/m/contacts/word")
def set_word(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """She picks her word."""
    typed = form.text("word", most=200)
    work = asker_of(request).informed
    return _done(request, caller, call, lambda: work(lambda asker: call.run(lambda session: changing.set_word(session, post_of(call.app), asker, typed, call.clock.now()))))
