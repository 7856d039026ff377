"""Who waits for a person, and the page on which one answers.

Owns parsing forms and choosing templates. Must not decide: conversations says who may claim, read and answer. The queue shows nothing of what
was said.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from app.kernel.http import Command, Reading
from app.security import people
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import asked_by_htmx, go_to
from app.web.forms import Fields
from app.web.shopper.chat import talk_context
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Answering = Annotated[Principal, Depends(allow(Role.CLERK, Role.OPERATOR))]
ThreadId = Annotated[str, Path(min_length=1, max_length=80)]

talks = notifications.conversations
HERE = "/console/conversations"


@router.get("/console/conversations")
def waiting(request: Request, caller: Answering, call: Reading) -> Response:
    """The queue: why, in which language, since when, until when; not a word of what was said."""
    at = call.clock.now()
    with call.database.reading() as session:
        rows = talks.queue(session, talks.of(call.app).settings, at)
        found = {row.claimed_by: people.person(session, row.claimed_by) for row in rows if row.claimed_by}
        names = {who: account.name for who, account in found.items() if account is not None}
    return rendering.page(request, "console/conversations.html", {"here": "conversations", "rows": rows, "names": names, "me": caller.id, "now": at})


@router.post("/console/conversations/{thread_id}/claim")
def claim(request: Request, thread_id: ThreadId, caller: Answering, call: Command) -> Response:
    """It is hers to answer from now on."""
    call.run(lambda session: talks.claim(session, thread_id, talks.of(call.app).settings, by=caller, at=call.clock.now()))
    return go_to(request, f"{HERE}/{thread_id}")


@router.get("/console/conversations/{thread_id}")
def conversation(request: Request, thread_id: ThreadId, caller: Answering, call: Reading) -> Response:
    """The packet and what was said, for whoever has claimed it."""
    at, room = call.clock.now(), talks.of(call.app)
    with call.database.reading() as session:
        packet, talk = talks.packet(session, room.knowledge, thread_id, by=caller, at=at)
        context: dict[str, Any] = talk_context(session, talk)
    context |= {"here": "conversations", "packet": packet, "mine": "person", "canned": room.settings.canned, "most": talks.REPLY_MOST_CHARS}
    return rendering.page(request, "console/conversation.html", context)


@router.get("/console/conversations/{thread_id}/more")
def more(
    thread_id: ThreadId, caller: Answering, call: Reading, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0, state: Annotated[str, Query(max_length=10)] = ""
) -> Response:
    """What is new since `after`; 204 while nothing is."""
    with call.database.reading() as session:
        found = talks.more(session, thread_id, by=caller, after=after, at=call.clock.now())
        if not found.messages and (found.thread is None or found.thread.state == state):
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        context = talk_context(session, found)
    return rendering.fragment("talk.part.html", context | {"mine": "person"})


@router.post("/console/conversations/{thread_id}/reply")
def reply(request: Request, thread_id: ThreadId, caller: Answering, call: Command, form: Fields) -> Response:
    """A person's word, typed or picked."""
    text = form.text("canned", most=talks.REPLY_MOST_CHARS) or form.text("text", most=talks.REPLY_MOST_CHARS)
    call.run(lambda session: talks.reply(session, thread_id, text, by=caller, at=call.clock.now()))
    return Response(status_code=204) if asked_by_htmx(request) else go_to(request, f"{HERE}/{thread_id}")


@router.post("/console/conversations/{thread_id}/hand-back")
def hand_back(request: Request, thread_id: ThreadId, caller: Answering, call: Command) -> Response:
    """The assistant answers again."""
    call.run(lambda session: talks.hand_back(session, thread_id, by=caller, at=call.clock.now()))
    return go_to(request, HERE)

