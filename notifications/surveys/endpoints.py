"""The routes of surveys: writing and counting them, for the staff; answering one, for a shopper. Owns parsing and answering."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from sqlalchemy.orm import Session

from app.kernel.http import Command, Reading
from app.security.access import Principal, Role, allow
from notifications.surveys import replying, repository, writing
from notifications.surveys.contracts import HerSurvey, SurveyState
from notifications.surveys.schemas import ReplyIn, SurveyIn

router = APIRouter(tags=["surveys"])

Writer = Annotated[Principal, Depends(allow(Role.MARKETER, Role.OPERATOR))]
Shopper = Annotated[Principal, Depends(allow(Role.SHOPPER))]
Replier = Annotated[Principal, Depends(allow(Role.SHOPPER, limit="support"))]
SurveyId = Annotated[str, Path(max_length=40, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]


@router.get("/v1/surveys")
def list_surveys(_caller: Writer, call: Reading) -> Response:
    """All of them, open ones first."""
    return call.run(lambda session: {"surveys": repository.surveys(session)})


@router.put("/v1/surveys/{survey_id}")
def keep_survey(survey_id: SurveyId, body: SurveyIn, caller: Writer, call: Command) -> Response:
    """Write a draft, new or in place of what stood there; 409 once it was opened."""
    return call.run(lambda session: writing.keep(session, survey_id, body, by=caller.id, at=call.clock.now()))


@router.post("/v1/surveys/{survey_id}/open")
def open_survey(survey_id: SurveyId, caller: Writer, call: Command) -> Response:
    """From now on it may be answered."""
    return call.run(lambda session: writing.set_state(session, survey_id, SurveyState.OPEN, by=caller.id, at=call.clock.now()))


@router.post("/v1/surveys/{survey_id}/close")
def close_survey(survey_id: SurveyId, caller: Writer, call: Command) -> Response:
    """No more answers; those that were given stay."""
    return call.run(lambda session: writing.set_state(session, survey_id, SurveyState.CLOSED, by=caller.id, at=call.clock.now()))


@router.get("/v1/surveys/{survey_id}/figures")
def survey_figures(survey_id: SurveyId, _caller: Writer, call: Reading) -> Response:
    """How many chose what, of those who agree to it now; nothing that fewer than twenty people stand behind."""
    return call.run(lambda session: writing.figures(session, survey_id, call.clock.now()))


@router.get("/v1/me/surveys/{survey_id}")
def own_survey(survey_id: SurveyId, caller: Shopper, call: Reading) -> Response:
    """What it asks, and what you answered."""
    return call.run(lambda session: replying.hers(session, caller.id, survey_id, call.clock.now()))


@router.post("/v1/me/surveys/{survey_id}", status_code=201)
def reply_to_survey(survey_id: SurveyId, body: ReplyIn, caller: Replier, call: Command) -> Response:
    """Answer it, once. Needs your agreement to *offers that fit*: that is what answers are used for."""

    def work(session: Session) -> HerSurvey:
        replying.reply(session, caller.id, survey_id, body.answers, at=call.clock.now())
        return replying.hers(session, caller.id, survey_id, call.clock.now())

    return call.run(work, 201)
