"""The room's addresses: the inbox, its stream, what a shopper does with a message, and the device's push token.

Owns parsing and answering. Must not decide. All of it is the shopper's own: another's message does not exist here.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from sqlalchemy.orm import Session
from starlette.responses import StreamingResponse

from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from notifications import answers, facade, repository, stream, subscriptions
from notifications.contracts import ChannelKind
from notifications.errors import NoDevice, WebPushOff
from notifications.ports import TokenKind
from notifications.schemas import InboxOut, PushTokenIn, PushTokenOut, WebPushIn, WebPushKeyOut
from notifications.wiring import Notifications, of

router = APIRouter(prefix="/v1", tags=["notifications"])

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
POSITION_MOST = 2**63 - 1
Position = Annotated[int, Query(ge=0, le=POSITION_MOST, description="Only what came after this position.")]


@router.get("/inbox", response_model=InboxOut)
def list_inbox(
    caller: Shopper, call: Reading, after: Position = 0, limit: Annotated[int, Query(ge=1, le=200)] = 100
) -> Response:
    """The live messages of the caller, oldest first."""

    def work(session):
        # The position first: what commits in between is then streamed, perhaps twice, never missed.
        newest = repository.newest_position(session)
        return {"messages": facade.inbox(session, caller.id, after, call.clock.now(), limit), "newest_position": newest}

    return call.run(work)


@router.get(
    "/inbox/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
            "description": "Events `message`; ids resume.",
        }
    },
)
async def stream_inbox(
    request: Request,
    caller: Shopper,
    after: Position = 0,
    last_event_id: Annotated[str | None, Header(description="Sent by the browser when it reconnects.")] = None,
) -> Response:
    """New messages as server-sent events, as they are committed. Without a position it begins with all live ones."""
    room: Notifications = of(request.app.state.house)
    position = after if last_event_id is None else _event_id(last_event_id)
    frames = stream.follow(request.app.state.house.database, room.broadcaster, caller.id, position, room.settings)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


@router.post("/inbox/{message_id}/seen")
def mark_message_seen(message_id: str, caller: Shopper, call: Command) -> Response:
    """The message was shown."""
    return call.run(
        lambda session: answers.answer(session, caller.id, message_id, answers.Answer.SEEN, call.clock.now())
    )


@router.post("/inbox/{message_id}/clicked")
def mark_message_clicked(message_id: str, caller: Shopper, call: Command) -> Response:
    """Its link was opened."""
    return call.run(
        lambda session: answers.answer(session, caller.id, message_id, answers.Answer.CLICKED, call.clock.now())
    )


@router.post("/inbox/{message_id}/dismissed")
def mark_message_dismissed(message_id: str, caller: Shopper, call: Command) -> Response:
    """It was put away."""
    return call.run(
        lambda session: answers.answer(session, caller.id, message_id, answers.Answer.DISMISSED, call.clock.now())
    )


@router.post("/inbox/{message_id}/failed")
def mark_message_failed(message_id: str, caller: Shopper, call: Command) -> Response:
    """It arrived, and the phone could not show it."""
    return call.run(
        lambda session: answers.answer(session, caller.id, message_id, answers.Answer.FAILED, call.clock.now())
    )


@router.post("/devices/me/push-token", response_model=PushTokenOut)
def register_push_token(body: PushTokenIn, caller: Shopper, call: Command) -> Response:
    """The calling device can be reached there from now on; replaces what it had."""
    device_id = _device(caller)

    def work(session):
        _may_be_told(call, session)
        row_id = facade.register_push_token(
            session, device_id, caller.id, body.token, body.kind, timezone=body.timezone
        )
        return PushTokenOut(id=row_id, kind=body.kind)

    return call.run(work)


@router.get("/web-push/key", response_model=WebPushKeyOut)
def web_push_key(_caller: Shopper, call: Reading) -> Response:
    """What a browser subscribes with; 409 where no Web Push is set up."""
    _needs_web_push(of(call.app))
    from notifications.adapters.web_push_gateway import public_key

    return call.run(lambda _session: WebPushKeyOut(public_key=public_key()))


@router.post("/devices/me/web-push", response_model=PushTokenOut)
def subscribe_web_push(body: WebPushIn, caller: Shopper, call: Command) -> Response:
    """The calling browser can be reached by its subscription from now on; replaces what it had."""
    device_id = _device(caller)

    def work(session):
        _may_be_told(call, session)
        _needs_web_push(of(call.app))
        services = call.app.settings.channels.web_push_services
        taken = subscriptions.accepted(body.endpoint, body.keys.p256dh, body.keys.auth, services)
        kind = TokenKind.WEB_PUSH
        row_id = facade.register_push_token(session, device_id, caller.id, taken.text(), kind, timezone=body.timezone)
        return PushTokenOut(id=row_id, kind=kind)

    return call.run(work)


def _may_be_told(call: Command, session: Session) -> None:
    """Where offers go is asked about as they are: an address that a copied session leaves here would outlive it."""
    asker_of(call.request).allow(session, Action.SEE_OFFER, at=call.clock.now())


def _needs_web_push(room: Notifications) -> None:
    if ChannelKind.WEB_PUSH not in room.channels:
        raise WebPushOff


@router.delete("/devices/me/push-token")
def forget_push_token(caller: Shopper, call: Command) -> Response:
    """The calling device wants no push any more; the inbox stays."""
    device_id = _device(caller)
    return call.run(lambda session: {"forgotten": facade.forget_push_token(session, device_id)})


def _device(caller: Principal) -> str:
    if caller.device_id is None:
        raise NoDevice
    return caller.device_id


def _event_id(header: str) -> int:
    if not header.isascii() or not header.isdigit() or len(header) > 19 or int(header) > POSITION_MOST:
        raise Invalid.field("Last-Event-ID", "send the id of the last event you have received, a number")
    return int(header)
