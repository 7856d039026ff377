"""Cases for those who work on them: the queue with its promises, one case whole, and a case from the telephone.

Owns parsing forms and choosing templates. Must not decide: support says who may take, read, answer and move what. The queue shows nothing of what was said.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security import people
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.support import CATEGORIES
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Helping = Annotated[Principal, Depends(allow(Role.CLERK, Role.OPERATOR))]
CaseId = Annotated[str, Path(min_length=1, max_length=80)]

support = notifications.support
HERE = "/console/support"
FIGURES_DAYS = 30
STATES = {"open": "New", "waiting_us": "Ours", "reopened": "Open again", "waiting_shopper": "Hers", "solved": "Solved", "closed": "Closed"}
CHANNELS = {"app": "In the app", "chat": "Conversation", "email": "E-mail", "phone": "Telephone"}
ABOUT = {"ord_": "order_id", "vis_": "visit_id", "cpn_": "coupon_id", "dec_": "decision_id", "cnv_": "thread_id"}
WORDS: dict[str, Any] = {"categories": CATEGORIES, "states": STATES, "channels": CHANNELS}


@router.get("/console/support")
def queue(request: Request, caller: Helping, call: Reading, every: Annotated[bool, Query()] = False, about: Annotated[str, Query(max_length=80)] = "") -> Response:
    """What waits, the nearest promise first."""
    return _queue(request, call, caller, every=every, entered={"about": about})


@router.post("/console/support")
def open_for(request: Request, caller: Helping, call: Command, form: Fields) -> Response:
    """She is on the telephone: her case, with a note of what she said."""
    try:
        of = form.text("about", most=80)
        name = next((field for prefix, field in ABOUT.items() if of.startswith(prefix)), None)
        if name is None:
            raise Invalid.field("about", f"the number of what it is about, which begins with {', '.join(ABOUT)}")
        category = form.text("category", most=20)
        if category not in set(support.Category):
            raise Invalid.field("category", "say what it is about")
        channel = support.Channel.CHAT if name == "thread_id" else support.Channel.PHONE
        told = support.Told(form.text("text", most=support.TEXT_MOST_CHARS), support.Category(category), "", support.About(**{name: of}), channel)
        made = call.run(lambda session: {"id": support.open_for(session, told, support.of(call.app).settings, by=caller, at=call.clock.now())})
    except AppError as refusal:
        return _queue(request, call, caller, entered=dict(form.fields), refused=refusal)
    return go_to(request, f"{HERE}/{json.loads(bytes(made.body))['id']}")


@router.get("/console/support/{case_id}")
def case(request: Request, case_id: CaseId, caller: Helping, call: Reading) -> Response:
    """All of it, for whoever has taken it."""
    return _case(request, call, caller, case_id)


@router.post("/console/support/{case_id}/claim")
def claim(request: Request, case_id: CaseId, caller: Helping, call: Command) -> Response:
    room = support.of(call.app)
    call.run(lambda session: support.claim(session, case_id, by=caller, at=call.clock.now(), take_over_after_s=room.take_over_after_s))
    return go_to(request, f"{HERE}/{case_id}")


@router.post("/console/support/{case_id}/release")
def release(request: Request, case_id: CaseId, caller: Helping, call: Command) -> Response:
    call.run(lambda session: support.release(session, case_id, by=caller, at=call.clock.now()))
    return go_to(request, HERE)


@router.post("/console/support/{case_id}/entries")
def add_entry(request: Request, case_id: CaseId, caller: Helping, call: Command, form: Fields) -> Response:
    """An answer to her, or a note for us."""
    room, at = support.of(call.app), call.clock.now()

    def work(session: Session) -> None:
        text = form.text("text", most=support.TEXT_MOST_CHARS)
        if form.text("to", most=10) == "shopper":
            support.answer(session, case_id, text, room.settings, room.teller, by=caller, at=at)
        else:
            support.note(session, case_id, text, by=caller, at=at)

    return _did(request, call, caller, case_id, work)


@router.post("/console/support/{case_id}/set")
def sort(request: Request, case_id: CaseId, caller: Helping, call: Command, form: Fields) -> Response:
    """How urgent it is, what it is about, where it stands."""
    room, at = support.of(call.app), call.clock.now()

    def work(session: Session) -> None:
        priority, category, move = (form.text(name, most=20) for name in ("priority", "category", "move"))
        for name, given, known in (("priority", priority, support.Priority), ("category", category, support.Category), ("move", move, support.BY_HAND)):
            if given and given not in set(known):
                raise Invalid.field(name, f"one of {', '.join(known)}")
        support.sort(session, case_id, room.settings, by=caller, at=at, priority=support.Priority(priority) if priority else None, category=support.Category(category) if category else None)
        if move:
            support.move(session, case_id, support.Move(move), room.settings, room.teller, by=caller, at=at)

    return _did(request, call, caller, case_id, work)


@router.post("/console/support/{case_id}/merge")
def merge(request: Request, case_id: CaseId, caller: Helping, call: Command, form: Fields) -> Response:
    """It becomes a part of another of hers."""
    into, room = form.text("into", most=80), support.of(call.app)
    return _did(request, call, caller, case_id, lambda session: support.merge(session, case_id, into, room.settings, by=caller, at=call.clock.now()))


def _did(request: Request, call: Any, caller: Principal, case_id: str, work: Any) -> Response:
    try:
        call.run(work)
    except AppError as refusal:
        if refusal.status != 422:
            raise
        return _case(request, call, caller, case_id, refusal)
    return go_to(request, f"{HERE}/{case_id}")


def _queue(request: Request, call: Any, caller: Principal, *, every: bool = False, entered: dict[str, str], refused: AppError | None = None) -> Response:
    at, room = call.clock.now(), support.of(call.app)
    with call.database.reading() as session:
        rows = support.queue(session, at, room.take_over_after_s, every=every)
        context = {
            "here": "support", "rows": rows, "every": every, "me": caller.id, "names": _names(session, [row.claimed_by for row in rows]), "entered": entered,
            "figures": support.figures(session, since=at - timedelta(days=FIGURES_DAYS), until=at), "days": FIGURES_DAYS, "most": support.TEXT_MOST_CHARS,
            "refused": refused.detail if refused else "",
        }  # fmt: skip
    return rendering.page(request, "console/support.html", context | WORDS, status=refused.status if refused else 200)


def _case(request: Request, call: Any, caller: Principal, case_id: str, refused: AppError | None = None) -> Response:
    at, room = call.clock.now(), support.of(call.app)
    with call.database.reading() as session:
        found = support.file(session, case_id, room.settings, by=caller, at=at, take_over_after_s=room.take_over_after_s)
        names = _names(session, [entry.who for entry in found.case.entries] + [found.queued.claimed_by])
    context = {"here": "support", "file": found, "names": names, "mine": found.queued.claimed_by == caller.id, "priorities": list(support.Priority), "most": support.TEXT_MOST_CHARS, "now": at}
    return rendering.page(request, "console/support_case.html", context | WORDS | {"refused": refused.detail if refused else ""}, status=refused.status if refused else 200)


def _names(session: Session, ids: list[str | None]) -> dict[str, str]:
    found = {who: people.person(session, who) for who in set(ids) if who}
    return {who: account.name for who, account in found.items() if account is not None}
