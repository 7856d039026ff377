"""Surveys as the staff writes and counts them: one line a question, opened when it is right, figures where enough people stand behind them.

Owns parsing forms and choosing templates. Must not decide what may be asked or told: surveys does.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError

from app.kernel.errors import AppError, Invalid
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Writing = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
SurveyId = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

surveys = notifications.surveys
HERE = "/console/surveys"
AFTER = {"link": "Only by its link", "visit": "After a visit", "purchase": "After a purchase"}


@router.get("/console/surveys")
def all_surveys(request: Request, _caller: Writing, call: Reading) -> Response:
    return _list(request, call, {})


@router.post("/console/surveys")
def keep(request: Request, caller: Writing, call: Command, form: Fields) -> Response:
    """A draft, from lines."""
    try:
        survey_id = form.matching("id", r"[a-z0-9]+(-[a-z0-9]+)*", such_as="after-visit-2026")
        document = {
            "title": form.text("title", most=120), "intro": form.text("intro", most=500), "shown_after": form.text("shown_after", most=10),
            "questions": surveys.of_lines(form.text("questions", most=5000)),
        }  # fmt: skip
        try:
            given = surveys.SurveyIn.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            raise Invalid.field(".".join(str(part) for part in first["loc"]), str(first["msg"])) from None
        call.run(lambda session: surveys.keep(session, survey_id, given, by=caller.id, at=call.clock.now()))
    except AppError as refusal:
        return _list(request, call, dict(form.fields), refusal)
    return go_to(request, f"{HERE}/{survey_id}")


@router.get("/console/surveys/{survey_id}")
def survey(request: Request, survey_id: SurveyId, _caller: Writing, call: Reading) -> Response:
    """Its questions, and how many chose what."""
    with call.database.reading() as session:
        found = surveys.figures(session, survey_id, call.clock.now())
    return rendering.page(request, "console/survey.html", {"here": "surveys", "figures": found, "survey": found.survey, "after": AFTER})


@router.post("/console/surveys/{survey_id}/state")
def set_state(request: Request, survey_id: SurveyId, caller: Writing, call: Command, form: Fields) -> Response:
    """Open or closed."""
    state = form.text("state", most=10)
    if state not in ("open", "closed"):
        raise Invalid.field("state", "open or closed")
    call.run(lambda session: surveys.set_state(session, survey_id, surveys.SurveyState(state), by=caller.id, at=call.clock.now()))
    return go_to(request, f"{HERE}/{survey_id}")


def _list(request: Request, call: Any, entered: dict[str, str], refused: AppError | None = None) -> Response:
    with call.database.reading() as session:
        rows = surveys.surveys(session)
    context = {"here": "surveys", "rows": rows, "after": AFTER, "entered": entered, "refused": refused.detail if refused else ""}
    return rendering.page(request, "console/surveys.html", context, status=refused.status if refused else 200)
