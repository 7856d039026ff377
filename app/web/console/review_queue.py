"""Reviews that wait for a person, and those that were decided about: read, approved, rejected with a cause, answered.

Owns parsing forms and choosing the template. Must not decide: a decision about words that were changed meanwhile is refused by the storefront.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.reviews import CAUSES
from storefront import facade as storefront

router = APIRouter(include_in_schema=False)

Moderator = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
ReviewId = Annotated[str, Path(min_length=1, max_length=80)]
State = Annotated[str, Query(pattern="^(pending|published|rejected)$")]

talk = storefront.reviews
HERE = "/console/reviews"


@router.get("/console/reviews")
def queue(request: Request, _caller: Moderator, call: Reading, state: State = "pending") -> Response:
    """The oldest that waits first; of what was decided the newest."""
    with call.database.reading() as session:
        rows, waiting = talk.queue(session, state), talk.waiting(session)
    sentences = {code: talk.sentence(code) for row in rows for code in (*row.now.waits, *([row.now.why] if row.now.why else []))}
    return rendering.page(request, "console/reviews.html", {"here": "reviews", "rows": rows, "state": state, "waiting": waiting, "causes": CAUSES, "sentences": sentences})


@router.post("/console/reviews/{review_id}/decision")
def decide(request: Request, review_id: ReviewId, caller: Moderator, call: Command, form: Fields) -> Response:
    """Approved, or rejected for one of the causes."""
    version, said = form.whole("version", least=1, most=2**31 - 1), form.text("decision", most=40)
    why = next((cause for cause in talk.CAUSES if cause == said), None)
    if said != "approve" and why is None:
        raise Invalid.field("decision", "approve it, or say why it is rejected")

    def work(session: Session) -> dict[str, str]:
        at = call.clock.now()
        made = talk.approve(session, review_id, version, by=caller.id, at=at) if why is None else talk.reject(session, review_id, version, why, by=caller.id, at=at)
        return {"state": made.state}

    call.run(work)
    return go_to(request, HERE)


@router.post("/console/reviews/{review_id}/reply")
def reply(request: Request, review_id: ReviewId, caller: Moderator, call: Command, form: Fields) -> Response:
    """The shop's answer; an empty one takes it away."""
    version, text = form.whole("version", least=1, most=2**31 - 1), form.text("text", most=talk.TEXT_MOST_CHARS)

    def work(session: Session) -> dict[str, str]:
        return {"state": talk.reply(session, review_id, version, text, by=caller.id, at=call.clock.now()).state}

    call.run(work)
    return go_to(request, f"{HERE}?state={form.matching('state', '(pending|published|rejected)', such_as='pending')}")
