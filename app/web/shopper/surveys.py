"""The phone's page of a survey: its questions, and what she answered.

Owns the form. Must not decide what is an answer, nor whether it may be kept: surveys does.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response

from app.kernel.errors import AppError
from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from app.web import rendering
from app.web.browser import go_to
from app.web.forms import Fields
from app.web.shopper.frame import frame
from notifications import facade as notifications

router = APIRouter(include_in_schema=False)

Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Replier = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="support"))]
SurveyId = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]

surveys = notifications.surveys


@router.get("/m/surveys/{survey_id}")
def survey(request: Request, survey_id: SurveyId, caller: Shopper, call: Reading) -> Response:
    """What it asks; thanks, once she has answered."""
    return _page(request, call, caller, survey_id)


@router.post("/m/surveys/{survey_id}")
def reply(request: Request, survey_id: SurveyId, caller: Replier, call: Command, form: Fields) -> Response:
    """Her answers."""
    try:
        call.run(lambda session: surveys.reply(session, caller.id, survey_id, _given(form.fields), at=call.clock.now()))
    except AppError as refusal:
        if refusal.status not in (409, 422):
            raise
        return _page(request, call, caller, survey_id, dict(form.fields), refusal)
    return go_to(request, f"/m/surveys/{survey_id}")


def _given(fields: Any) -> dict[str, Any]:
    """`q1` for one answer, `q1.choice` for each that is ticked."""
    out: dict[str, Any] = {}
    for name, value in fields.items():
        question, dot, choice = name.partition(".")
        if dot:
            out.setdefault(question, []).append(choice)
        elif value.strip():
            out[question] = value
    return out


def _replied(her: Any) -> list[tuple[str, str]]:
    """Each question she answered, and what she said, as both were shown to her."""
    labels = {q.id: {choice.id: choice.label for choice in q.choices} for q in her.survey.questions}
    return [(q.text, ", ".join(labels[q.id].get(value, value) for value in her.reply[q.id])) for q in her.survey.questions if q.id in (her.reply or {})]


def _page(request: Request, call: Any, caller: Principal, survey_id: str, entered: dict[str, str] | None = None, refused: AppError | None = None) -> Response:
    at = call.clock.now()
    with call.database.reading() as session:
        her = surveys.hers(session, caller.id, survey_id, at)
        context = {"her": her, "replied": _replied(her)} | frame(session, caller.id, "me", at)
    context |= {"entered": entered or {}, "refused": refused.detail if refused else "", "trouble": {f.field.removeprefix("answers."): f.remedy for f in refused.fields} if refused else {}}
    return rendering.page(request, "shopper/survey.html", context, frame_self=True, status=refused.status if refused else 200)
