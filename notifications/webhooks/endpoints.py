"""The routes of webhooks: operators register endpoints and look after them.

Owns parsing and answering. Must not decide, and must not send: what is queued here goes out from the loop.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from notifications.webhooks import recording, registry, replaying
from notifications.webhooks.contracts import EndpointView, Registered
from notifications.webhooks.reasons import WebhookReason
from notifications.webhooks.schemas import (
    DeliveriesOut,
    EndpointIn,
    EndpointsOut,
    RegisteredOut,
    ReplayedOut,
    ReplayIn,
    RotateIn,
    TestedOut,
)
from notifications.webhooks.settings import WebhookSettings

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
State = Literal["queued", "claimed", "delivered", "failed", "dropped"]


@router.post("", response_model=RegisteredOut, status_code=201)
def add_webhook(body: EndpointIn, caller: Operator, call: Command) -> Response:
    """Register an endpoint; the answer is the only time its secret is told."""

    def work(session: Session) -> RegisteredOut:
        _may(call, session, Action.ISSUE_KEY)
        settings, at = _settings(call), call.clock.now()
        return _told(registry.add(session, body.url, body.event_types, body.description, by=caller, settings=settings, at=at))

    return _secretly(call.run(work, status=201))


@router.get("", response_model=EndpointsOut)
def list_webhooks(_caller: Operator, call: Reading) -> Response:
    """All endpoints, without their secrets, and how each is doing."""
    return call.run(lambda session: {"endpoints": registry.listed(session), "newest": replaying.newest(session)})


@router.get("/{endpoint_id}", response_model=EndpointView)
def show_webhook(endpoint_id: str, _caller: Operator, call: Reading) -> Response:
    """One endpoint."""
    return call.run(lambda session: registry.shown(session, endpoint_id))


@router.delete("/{endpoint_id}", status_code=204)
def remove_webhook(endpoint_id: str, caller: Operator, call: Command) -> Response:
    """Forget the endpoint and what was queued for it."""

    def work(session: Session) -> None:
        _may(call, session, Action.REVOKE_KEY)
        registry.remove(session, endpoint_id, by=caller, at=call.clock.now())

    return call.run(work)


@router.post("/{endpoint_id}/rotate", response_model=RegisteredOut)
def rotate_webhook_secret(endpoint_id: str, body: RotateIn, caller: Operator, call: Command) -> Response:
    """Another secret, told once; for a while both sign."""

    def work(session: Session) -> RegisteredOut:
        _may(call, session, Action.ISSUE_KEY)
        overlap_s = 0 if body.now else _settings(call).overlap_s
        return _told(registry.rotate(session, endpoint_id, overlap_s=overlap_s, by=caller, at=call.clock.now()))

    return _secretly(call.run(work))


@router.post("/{endpoint_id}/disable", response_model=EndpointView)
def disable_webhook(endpoint_id: str, caller: Operator, call: Command) -> Response:
    """Send nothing there any more; what waits, waits."""

    def work(session: Session) -> EndpointView:
        registry.disable(session, endpoint_id, WebhookReason.BY_HAND, by=caller, at=call.clock.now())
        return registry.shown(session, endpoint_id)

    return call.run(work)


@router.post("/{endpoint_id}/enable", response_model=EndpointView)
def enable_webhook(endpoint_id: str, caller: Operator, call: Command) -> Response:
    """Send again; replay from `missed_after` brings what happened meanwhile."""
    return call.run(lambda session: registry.enable(session, endpoint_id, by=caller, at=call.clock.now()))


@router.post("/{endpoint_id}/test", response_model=TestedOut, status_code=202)
def try_webhook(endpoint_id: str, _caller: Operator, call: Command) -> Response:
    """Send it a `webhook.test`, which says nothing; the list of deliveries shows what became of it."""

    def work(session: Session) -> TestedOut:
        event_id = recording.queue_test(session, endpoint_id, call.clock.now())
        session.info["after_commit"].append(call.app.webhooks.loop.wake)
        return TestedOut(event_id=event_id)

    return call.run(work, status=202)


@router.get("/{endpoint_id}/deliveries", response_model=DeliveriesOut)
def list_webhook_deliveries(
    endpoint_id: str, _caller: Operator, call: Reading, state: State | None = None, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Response:
    """The newest events of the endpoint and what became of them."""
    return call.run(lambda session: {"deliveries": replaying.deliveries(session, endpoint_id, state=state, limit=limit)})


@router.post("/{endpoint_id}/replay", response_model=ReplayedOut, status_code=202)
def replay_webhook(endpoint_id: str, body: ReplayIn, caller: Operator, call: Command) -> Response:
    """Tell everything after a cursor again, each event with the id it has."""

    def work(session: Session) -> ReplayedOut:
        queued = replaying.replay(session, endpoint_id, after=body.after, by=caller, at=call.clock.now())
        session.info["after_commit"].append(call.app.webhooks.loop.wake)
        return ReplayedOut(queued=queued)

    return call.run(work, status=202)


def _settings(call: CommandCall) -> WebhookSettings:
    settings: Any = call.app.settings
    return settings.webhooks


def _may(call: CommandCall, session: Session, action: Action) -> None:
    asker_of(call.request).allow(session, action, at=call.clock.now())


def _told(made: Registered) -> RegisteredOut:
    return RegisteredOut(endpoint=made.endpoint, secret=made.secret)


def _secretly(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    return answer
