"""The phone's page to talk with us: what was said, a line to write, and the cart that is proposed.

Owns parsing the form and choosing templates. Must not decide: conversations understands, answers and hands over.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import asked_by_htmx, go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from notifications import facade as notifications
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Speaker = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="conversation"))]
After = Annotated[int, Query(ge=0, le=2**31 - 1)]

talks = notifications.conversations
HERE = "/m/chat"


def talk_context(session: Session, found: talks.Talk) -> dict[str, Any]:
    """What talk.part.html shows: bubbles, the state, and names of what is proposed."""
    ids = [line.product_id for said in found.messages for line in said.lines]
    thread = found.thread
    return {
        "said": found.messages,
        "names": {i: view.name for i, view in storefront.products_by_ids(session, ids).items()},
        "state": thread.state.value if thread else talks.ThreadState.BOT.value,
        "why": thread.why_text if thread else None,
        "after": thread.last_seq if thread else 0,
    }


def _page(request: Request, caller: Principal, call: Any, refused: str = "", status: int = 200) -> Response:
    at = call.clock.now()
    with call.database.reading() as session:
        context = frame(session, caller.id, "me", at) | talk_context(session, talks.in_app(session, caller.id))
    return rendering.page(request, "shopper/chat.html", context | {"refused": refused, "most": talks.MAX_CHARS, "mine": "shopper"}, frame_self=True, status=status)


@router.get("/m/chat")
def chat(request: Request, caller: Shopper, call: Reading) -> Response:
    """What was said, and a line to write."""
    return _page(request, caller, call)


@router.get("/m/chat/more")
def more(caller: Shopper, call: Reading, after: After = 0, state: Annotated[str, Query(max_length=10)] = "") -> Response:
    """What is new since `after`; 204 while nothing is."""
    with call.database.reading() as session:
        found = talks.in_app(session, caller.id, after=after)
        if not found.messages and (found.thread is None or found.thread.state == state):
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        context = talk_context(session, found)
    return rendering.fragment("talk.part.html", context | {"mine": "shopper"})


@router.post("/m/chat")
def say(request: Request, caller: Speaker, call: Command, form: Fields) -> Response:
    """Something is said. The page looks for the answer by itself."""
    text = form.text("text", most=talks.MAX_CHARS)
    if not text:
        return _page(request, caller, call, "Write something first.", 422)
    room = talks.of(call.app)

    def work(session: Session, advice: talks.Advice | None) -> dict[str, int]:
        return {"seq": talks.hear(session, room.knowledge, caller.id, text, at=call.clock.now(), advice=advice).seq}

    room.heard(call, caller.id, text, work)
    return _said(request)


@router.post("/m/chat/cart")
def accept(request: Request, caller: Speaker, call: Command) -> Response:
    """What is proposed goes into the cart."""
    room = talks.of(call.app)

    def work(session: Session) -> dict[str, int]:
        thread = talks.in_app(session, caller.id).thread
        return {"replies": len(talks.accept(session, room.knowledge, caller.id, thread.id if thread else "", at=call.clock.now()))}

    try:
        call.run(work)
    except AppError as refusal:
        return _page(request, caller, call, refusal.detail, refusal.status)
    return _said(request)


def _said(request: Request) -> Response:
    return Response(status_code=204) if asked_by_htmx(request) else go_to(request, HERE)
