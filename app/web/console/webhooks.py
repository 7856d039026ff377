"""The webhooks of other systems as operators look after them: how each is doing, its secret, what was told and what was not.

Owns reading the forms and choosing the template. Must not send (the loop does) and must not keep a secret: it stands on the one page
that answers the making of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, CommandCall, Reading
from app.security.access import Principal, Role, allow
from app.security.asking import asker_of
from app.security.policies.contracts import Action
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields, Form
from notifications.facade import webhooks

router = APIRouter(include_in_schema=False)

Operator = Annotated[Principal, Depends(allow(Role.OPERATOR))]
Id = Annotated[str, Path(min_length=1, max_length=80)]

HOME = "/console/webhooks"
TOLD = 30


@router.get("/console/webhooks")
def endpoints(request: Request, _caller: Operator, call: Reading) -> Response:
    """All endpoints and how each is doing, and the form for another."""
    with call.database.reading() as session:
        return _listed(request, session)


@router.post("/console/webhooks")
def add(request: Request, caller: Operator, call: Command, form: Fields) -> Response:
    """Register an endpoint; the answer is the only page its secret stands on."""
    url, description = form.text("url", most=500), form.text("description", most=200)
    types = [name for name in webhooks.TYPES if form.ticked(f"type.{name}")]

    def work(session: Session) -> webhooks.Registered:
        asker_of(request).allow(session, Action.ISSUE_KEY, at=call.clock.now())
        return webhooks.add(session, url, types, description, by=caller, settings=call.app.settings.webhooks, at=call.clock.now())

    try:
        made = _done(call, work)
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        with call.database.reading() as session:
            return _listed(request, session, form=form, refusal=refusal)
    return _shown(request, call, made.endpoint.id, secret=made.secret)


@router.get("/console/webhooks/{endpoint_id}")
def endpoint(request: Request, endpoint_id: Id, _caller: Operator, call: Reading) -> Response:
    """One endpoint: its state, the newest events and what became of them."""
    return _shown(request, call, endpoint_id)


@router.post("/console/webhooks/{endpoint_id}/rotate")
def rotate(request: Request, endpoint_id: Id, caller: Operator, call: Command, form: Fields) -> Response:
    """Another secret, on this page only; `now`: the old one has leaked and ends at once."""
    overlap_s = 0 if form.ticked("now") else call.app.settings.webhooks.overlap_s

    def work(session: Session) -> webhooks.Registered:
        asker_of(request).allow(session, Action.ISSUE_KEY, at=call.clock.now())
        return webhooks.rotate(session, endpoint_id, overlap_s=overlap_s, by=caller, at=call.clock.now())

    return _shown(request, call, endpoint_id, secret=_done(call, work).secret)


@router.post("/console/webhooks/{endpoint_id}/disable")
def disable(request: Request, endpoint_id: Id, caller: Operator, call: Command) -> Response:
    """Send nothing there any more; what waits, waits."""
    call.run(lambda session: webhooks.disable(session, endpoint_id, webhooks.WebhookReason.BY_HAND, by=caller, at=call.clock.now()))
    return go_to(request, f"{HOME}/{endpoint_id}")


@router.post("/console/webhooks/{endpoint_id}/enable")
def enable(request: Request, endpoint_id: Id, caller: Operator, call: Command) -> Response:
    """Send again, what waited first."""

    def work(session: Session) -> None:
        webhooks.enable(session, endpoint_id, by=caller, at=call.clock.now())
        _wake(call, session)

    call.run(work)
    return go_to(request, f"{HOME}/{endpoint_id}")


@router.post("/console/webhooks/{endpoint_id}/test")
def try_it(request: Request, endpoint_id: Id, _caller: Operator, call: Command) -> Response:
    """A `webhook.test`, which says nothing; the list below shows what became of it."""

    def work(session: Session) -> None:
        webhooks.queue_test(session, endpoint_id, call.clock.now())
        _wake(call, session)

    call.run(work)
    return go_to(request, f"{HOME}/{endpoint_id}")


@router.post("/console/webhooks/{endpoint_id}/replay")
def replay(request: Request, endpoint_id: Id, caller: Operator, call: Command, form: Fields) -> Response:
    """Everything after a cursor again, each event with the id it has."""

    def work(session: Session) -> None:
        after = form.whole("after", least=0, most=10**15 - 1)
        webhooks.replay(session, endpoint_id, after=after, by=caller, at=call.clock.now())
        _wake(call, session)

    try:
        call.run(work)
    except Invalid as refusal:
        return _shown(request, call, endpoint_id, trouble=refusal.fields[0].remedy, typed=form.text("after", most=100))
    return go_to(request, f"{HOME}/{endpoint_id}")


@router.post("/console/webhooks/{endpoint_id}/remove")
def remove(request: Request, endpoint_id: Id, caller: Operator, call: Command) -> Response:
    """Forget the endpoint and what was queued for it."""

    def work(session: Session) -> None:
        asker_of(request).allow(session, Action.REVOKE_KEY, at=call.clock.now())
        webhooks.remove(session, endpoint_id, by=caller, at=call.clock.now())

    call.run(work)
    return go_to(request, HOME)


def _done(call: CommandCall, work: Callable[[Session], webhooks.Registered]) -> webhooks.Registered:
    """Runs it and keeps what it made out of the stored answer: a secret is told once."""
    made: list[webhooks.Registered] = []
    call.run(lambda session: made.append(work(session)))
    if not made:  # the same press again: it was told, and is told once
        raise Invalid.field("secret", "this was done already, and its secret shown; rotate it to have another")
    return made[0]


def _wake(call: CommandCall, session: Session) -> None:
    session.info["after_commit"].append(call.app.webhooks.loop.wake)


def _listed(request: Request, session: Session, *, form: Form | None = None, refusal: AppError | None = None) -> Response:
    errors = {one.field: one.remedy for one in refusal.fields} if refusal else {}
    if refusal and not errors:
        errors = {"url": refusal.detail}
    typed = dict(form.fields) if form else {}
    found = webhooks.listed(session)
    context = {"here": "webhooks", "endpoints": found, "types": webhooks.TYPES, "errors": errors, "typed": typed}
    return rendering.page(request, "console/webhooks.html", context, status=refusal.status if refusal else 200)


def _shown(request: Request, call: Any, endpoint_id: str, *, secret: str = "", trouble: str = "", typed: str = "") -> Response:
    with call.database.reading() as session:
        view = webhooks.shown(session, endpoint_id)
        told, newest = webhooks.deliveries(session, endpoint_id, limit=TOLD), webhooks.newest(session)
    missed = view.missed_after if view.missed_after is not None and view.missed_after < newest else None
    context = {"here": "webhooks", "view": view, "told": told, "newest": newest, "missed": missed, "reasons": webhooks.REASONS}
    context |= {"secret": secret, "trouble": trouble, "typed": typed}
    return rendering.page(request, "console/webhook.html", context, status=422 if trouble else 200)
