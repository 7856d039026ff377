"""She answers a survey, once; what she chose becomes facts that offers may ask for, as long as she agrees to *offers that fit*.

Owns the reply and its end. Words she wrote stay sealed and become no fact. Must not keep anything of somebody who does not agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.db import insert_new
from app.kernel.outbox import emit
from app.privacy import gate
from app.security import people
from notifications.conversations import needs
from notifications.surveys import repository
from notifications.surveys.contracts import HerSurvey, SurveyAnswered, SurveyState
from notifications.surveys.errors import SurveyAnsweredBefore, SurveyNotAgreed, UnknownSurvey
from notifications.surveys.models import SurveyReplyRow
from notifications.surveys.questions import checked, facts
from offers import facade as offers


def hers(session: Session, shopper_id: str, survey_id: str, at: datetime) -> HerSurvey:
    """Raises UnknownSurvey while it is not open and she has not answered it."""
    survey = repository.find(session, survey_id)
    replied = next((reply for _, reply in repository.replies(session, shopper_id=shopper_id, survey_id=survey_id)), None)
    if survey is None or (survey.state is not SurveyState.OPEN and replied is None):
        raise UnknownSurvey
    return HerSurvey(survey, needs.may_remember(session, shopper_id, at), replied)


def reply(session: Session, shopper_id: str, survey_id: str, given: Mapping[str, Any], *, at: datetime) -> None:
    """Raises UnknownSurvey, SurveyNotAgreed, SurveyAnsweredBefore, Invalid."""
    gate.hold(session, (shopper_id,))  # before any row: what is remembered stands on what she agrees to now
    survey = repository.find(session, survey_id)
    if survey is None or survey.state is not SurveyState.OPEN or not people.shopper_exists(session, shopper_id):
        raise UnknownSurvey
    if not needs.may_remember(session, shopper_id, at):
        raise SurveyNotAgreed
    said = checked(survey.questions, given)
    row = {"survey_id": survey_id, "shopper_id": shopper_id, "sealed": repository.sealed(survey_id, shopper_id, said), "at": at}
    if not insert_new(session, SurveyReplyRow, row, unique=["survey_id", "shopper_id"]):
        raise SurveyAnsweredBefore
    offers.note_answers(session, shopper_id=shopper_id, answers=facts(survey_id, survey.questions, said), at=at)
    emit(session, SurveyAnswered(survey_id, shopper_id, at), subject=shopper_id)


def forget(session: Session, shopper_id: str) -> None:
    """She agrees no more: what she answered is gone, for every use."""
    repository.forget(session, shopper_id)
    offers.forget_answers(session, shopper_id=shopper_id)
