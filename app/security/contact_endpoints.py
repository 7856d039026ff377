"""The routes of contacts, of the familiar word, and of the link that takes a change back.

Owns the HTTP side, and that a change asks the rules (app/security/policies) first. Must not say whether somebody else has an
address: adding one that is known elsewhere is answered the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.db import Database
from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import allow, spend_at
from app.security.asking import Asker, asker_of
from app.security.contacts import facade
from app.security.contacts.errors import ContactUnavailable
from app.security.contacts.facade import ContactKind, Post
from app.security.contacts.schemas import CodeIn, ContactIn, WordIn
from app.security.entrance import asking_page, done_page, refused_page
from app.security.policies.contracts import Action
from app.security.principals import ANYONE, Principal, Role

router = APIRouter(tags=["contacts"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Sender = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="contact_send"))]
Guesser = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="contact_code"))]
LinkHolder = Annotated[Principal, Depends(allow(ANYONE, limit="link_use"))]


def post_of(house: Any) -> Post:
    return Post(house.settings.contacts, house.settings.base_url())


def may_send(house: Any, kind: ContactKind) -> None:
    """Raises ContactUnavailable (409) where nothing of this kind can be sent."""
    if house.contact_gateway is None or kind not in house.contact_gateway.kinds:
        raise ContactUnavailable


def may_change(session: Session, asker: Asker, at: datetime) -> None:
    """Asks the rules before how she is reached, or the word she knows us by, becomes another. Raises StepUpNeeded (401), PolicyRefused (403).

    Her very first contact as well: there is no old one that could be told, so that whoever holds her session would lay it unseen. Who has
    neither passkey nor password is let through by the rules.
    """
    asker.allow(session, Action.CHANGE_CONTACT, at=at)


def ask(session: Session, post: Post, asker: Asker, kind: ContactKind, value: str, at: datetime) -> facade.PendingView:
    """She names it; a code goes there."""
    may_change(session, asker, at)
    return facade.ask(session, post, asker.principal.id, kind, value, at)


def confirm(database: Database, post: Post, asker: Asker, kind: ContactKind, digits: str) -> facade.ContactView:
    """She types the code in. Asked again: between naming and typing she may have come to have another contact."""
    at = database.clock.now()
    return facade.confirm(database, post, asker.principal.id, kind, digits, asking=lambda change: asker.informed(lambda now: change(lambda session: may_change(session, now, at))))


def remove(session: Session, post: Post, asker: Asker, kind: ContactKind, at: datetime) -> None:
    """She takes it back."""
    may_change(session, asker, at)
    facade.remove(session, post, asker.principal.id, kind, at)


def set_word(session: Session, post: Post, asker: Asker, word: str, at: datetime) -> str:
    """She picks her word; a stranger who did could write to her as if he were us."""
    may_change(session, asker, at)
    return facade.set_word(session, post, asker.principal.id, word, at)


def held(session: Session, shopper_id: str, at: Any) -> dict[str, Any]:
    return {"contacts": facade.views(session, shopper_id), "pending": facade.pending(session, shopper_id, at), "came_back": facade.came_back(session, shopper_id), "word": facade.word_of(session, shopper_id)}


@router.get("/v1/contacts")
def my_contacts(caller: Shopper, call: Reading) -> Response:
    """How we reach you, what waits for a code, where nobody could be reached, and the word you know us by."""
    response = call.run(lambda session: held(session, caller.id, call.clock.now()))
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/v1/contacts", status_code=202)
def add_contact(body: ContactIn, _caller: Sender, call: Command) -> Response:
    """Name an address or number; a code is sent there, and until it comes back nothing has changed."""
    value = facade.accepted(body.kind, body.value)
    may_send(call.app, body.kind)
    spend_at(call.request, "contact_send", f"{body.kind}:{value}")
    work = asker_of(call.request).informed
    return work(lambda asker: call.run(lambda session: ask(session, post_of(call.app), asker, body.kind, value, call.clock.now()), status=202))


@router.post("/v1/contacts/{kind}/code")
def confirm_contact(kind: ContactKind, body: CodeIn, _caller: Guesser, call: Reading) -> Response:
    """Type in the code. From then on we reach you there; where we reached you before is told. Sending it again is answered the same."""
    found = confirm(call.database, post_of(call.app), asker_of(call.request), kind, body.code.replace(" ", ""))
    return call.run(lambda _session: found)


@router.delete("/v1/contacts/{kind}", status_code=204)
def remove_contact(kind: ContactKind, _caller: Shopper, call: Command) -> Response:
    """We forget how to reach you there, and tell it there."""
    work = asker_of(call.request).informed
    return work(lambda asker: call.run(lambda session: remove(session, post_of(call.app), asker, kind, call.clock.now())))


@router.put("/v1/familiar-word")
def pick_word(body: WordIn, _caller: Shopper, call: Command) -> Response:
    """Pick the word that stands in every message from us."""
    work = asker_of(call.request).informed
    return work(lambda asker: call.run(lambda session: {"word": set_word(session, post_of(call.app), asker, body.word, call.clock.now())}))


@router.get("/not-me/{link_token}", include_in_schema=False)
def look_at_undo(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """A page with a button. Looking changes nothing: mail scanners look."""
    database: Database = request.app.state.house.database
    try:
        with database.reading() as session:
            facade.check_undo(session, link_token, at=database.clock.now())
    except AppError as refusal:
        return refused_page(refusal.status, refusal.detail)
    sentence = "If it was not you who changed how we reach you: this puts it back as it was, and signs out every phone and browser."
    return asking_page("This was not me", sentence, "Put it back and sign everybody out")


@router.post("/not-me/{link_token}", include_in_schema=False)
def use_undo(link_token: str, _caller: LinkHolder, request: Request) -> Response:
    """Take the change back."""
    database: Database = request.app.state.house.database
    try:
        with database.transaction() as session:
            link = facade.undo(session, link_token, at=database.clock.now())
    except AppError as refusal:
        return refused_page(refusal.status, refusal.detail)
    if link is None:
        return done_page("It is as it was", "Everybody is signed out. Sign in again with your password, and change it.")
    return done_page("It is as it was", "Everybody is signed out. You can go on here.", link=f"/enter/{link}", link_text="Sign in on this phone or browser")
