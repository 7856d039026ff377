"""The phone's page about messages: which were from us, how to ask about one, and how she likes to be told.

Owns parsing forms and choosing the template. Must not decide: notifications does. Only her own messages are ever looked at.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.contacts import facade as contacts
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from notifications import facade as notifications
from offers.contracts import Way

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Guesser = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="message_code"))]

HERE = "/m/messages"
WAYS = {Way.PUSH: "On my phone", Way.WHATSAPP: "WhatsApp", Way.SMS: "Text message", Way.EMAIL: "E-mail"}
CHANNELS = {"inbox": "in the app", "fcm": "on your phone", "web_push": "in your browser", "whatsapp": "by WhatsApp", "sms": "by text message", "email": "by e-mail"}


def _page(request: Request, caller: Principal, call: Any, *, asked: str = "", refused: AppError | None = None, found: Any = None) -> Response:
    at = call.clock.now()
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", at) | {
            "sent": notifications.sent_to(session, caller.id),
            "word": contacts.word_of(session, caller.id),
            "liked": notifications.liked(session, caller.id),
        }
    context |= {"ways": WAYS, "channels": CHANNELS, "asked": asked, "found": found, "refused": refused.detail if refused else ""}
    return rendering.page(request, "shopper/messages.html", context, frame_self=True, status=refused.status if refused else 200)


@router.get("/m/messages")
def messages_page(request: Request, caller: Shopper, call: Reading) -> Response:
    """The last messages that left for her, each with its code."""
    return _page(request, caller, call)


@router.post("/m/messages/check")
def check(request: Request, caller: Guesser, call: Command, form: Fields) -> Response:
    """Is this really from you? Yes, or not to you; never to whom else."""
    code = form.text("code", most=20)
    with call.database.reading() as session:
        asked = notifications.ask_code(session, caller.id, code)
    if asked.never_ours:
        with call.database.transaction() as session:
            notifications.note_unknown_code(session, caller.id, by="page", at=call.clock.now())
    return _page(request, caller, call, asked=code, found=asked.sent)


@router.post("/m/messages/likes")
def like(request: Request, caller: Shopper, call: Command, form: Fields) -> Response:
    """Her language, the way she wants tried first, and what she wants to be called."""
    language, first, called = form.text("language", most=35), form.text("first", most=20), form.text("called", most=60)

    def work(session: Session) -> None:
        if first and first not in set(Way):
            raise Invalid.field("first", f"one of {', '.join(Way)}")
        notifications.like(session, caller.id, language=language, ways=[Way(first)] if first else [], called=called, at=call.clock.now())

    try:
        call.run(work)
    except Invalid as refusal:
        return _page(request, caller, call, refused=refusal)
    return go_to(request, HERE)
