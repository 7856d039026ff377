"""The shopper's routes of conversations. Owns parsing and answering; must not decide, and knows nobody's threads but the caller's."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from notifications.conversations import hearing, reading
from notifications.conversations.reading import Talk
from notifications.conversations.schemas import SayIn, TalkOut, ThreadsOut
from notifications.conversations.suggesting import Advice
from notifications.conversations.wiring import of

router = APIRouter(prefix="/v1/conversations", tags=["conversations"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Speaker = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="conversation"))]
ThreadId = Annotated[str, Path(min_length=1, max_length=80)]
After = Annotated[int, Query(ge=0, le=2**31 - 1, description="Only what was said after this number.")]


@router.get("", response_model=ThreadsOut)
def list_conversations(caller: Shopper, call: Reading) -> Response:
    """The caller's conversations: in the app, and by text if there are any."""
    return call.run(lambda session: {"conversations": reading.threads(session, caller.id)})


@router.post("", response_model=TalkOut, status_code=201)
def say_something(body: SayIn, caller: Speaker, call: Command) -> Response:
    """Say something in the app's conversation; the answer holds these words and the reply, if the assistant may speak."""
    room = of(call.app)

    def work(session: Session, advice: Advice | None) -> Talk:
        heard = hearing.hear(session, room.knowledge, caller.id, body.text, at=call.clock.now(), advice=advice)
        return reading.talk(session, caller.id, heard.thread_id, after=heard.seq - 1)

    return room.heard(call, caller.id, body.text, work, status=201)


@router.get("/{thread_id}", response_model=TalkOut)
def read_conversation(thread_id: ThreadId, caller: Shopper, call: Reading, after: After = 0) -> Response:
    """What was said, in order; of a long conversation the newest 200."""
    return call.run(lambda session: reading.talk(session, caller.id, thread_id, after=after))


@router.post("/{thread_id}/cart", response_model=TalkOut)
def accept_proposal(thread_id: ThreadId, caller: Speaker, call: Command) -> Response:
    """Put what is proposed into the cart, as a yes would."""
    room = of(call.app)

    def work(session: Session) -> Talk:
        hearing.accept(session, room.knowledge, caller.id, thread_id, at=call.clock.now())
        return reading.talk(session, caller.id, thread_id, limit=10)

    return call.run(work)
