"""Surveys are written, opened and closed; and what many people answered is counted, where enough did.

Owns these steps. A survey is changed while it is a draft, moved by one conditional UPDATE.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.kernel.db import insert_new, moved
from app.privacy import aggregates
from notifications.surveys import repository
from notifications.surveys.contracts import AnswerFigure, QuestionFigures, SurveyFigures, SurveyState, SurveyView
from notifications.surveys.errors import SurveyNotToChange, UnknownSurvey
from notifications.surveys.models import SurveyRow
from notifications.surveys.questions import Kind, Question, fact
from notifications.surveys.schemas import SurveyIn
from offers import facade as offers

S, DRAFT, OPEN, CLOSED = SurveyRow, SurveyState.DRAFT, SurveyState.OPEN, SurveyState.CLOSED


def keep(session: Session, survey_id: str, given: SurveyIn, *, by: str, at: datetime) -> SurveyView:
    """A draft, new or in place of what stood there. Raises SurveyNotToChange."""
    values = {**given.model_dump(mode="json"), "changed_by": by, "changed_at": at}
    if not insert_new(session, S, {"id": survey_id, "state": DRAFT.value, **values}, unique=["id"]) and not moved(
        session, update(S).where(S.id == survey_id, S.state == DRAFT.value).values(**values)
    ):
        raise SurveyNotToChange
    return there(session, survey_id)


def set_state(session: Session, survey_id: str, state: SurveyState, *, by: str, at: datetime) -> SurveyView:
    """From draft to open, from open to closed; a closed one may be opened again. Raises UnknownSurvey, SurveyNotToChange."""
    there(session, survey_id)
    before = {OPEN: (DRAFT, CLOSED), CLOSED: (OPEN,)}.get(state, ())
    there_now = update(S).where(S.id == survey_id, S.state.in_([one.value for one in before]))
    if not moved(session, there_now.values(state=state.value, changed_by=by, changed_at=at)):
        raise SurveyNotToChange
    return there(session, survey_id)


def there(session: Session, survey_id: str) -> SurveyView:
    found = repository.find(session, survey_id)
    if found is None:
        raise UnknownSurvey
    return found


def figures(session: Session, survey_id: str, at: datetime) -> SurveyFigures:
    """How many chose what, of those who agree to it now; nothing that fewer than twenty people stand behind, and nothing by which they could be told."""
    survey = there(session, survey_id)
    people = offers.answer_counts(session, prefix=f"{survey_id}/", at=at)
    replied = people.get("", 0)
    told = tuple(_of(survey_id, q, people, replied) for q in survey.questions if q.kind is not Kind.TEXT)
    return SurveyFigures(survey, replied if aggregates.enough(replied) else None, told, _words(session, survey, at))


def _words(session: Session, survey: SurveyView, at: datetime) -> dict[str, tuple[str, ...]]:
    """What people wrote, without who, in the order of the alphabet; of a question that twenty have answered."""
    asked = [q.id for q in survey.questions if q.kind is Kind.TEXT]
    said = repository.words(session, survey.id, at) if asked else {}
    return {question_id: tuple(sorted(said.get(question_id, ()))) for question_id in asked if aggregates.enough(len(said.get(question_id, ())))}


def _of(survey_id: str, question: Question, people: dict[str, int], replied: int) -> QuestionFigures:
    values = question.possible()
    labels = {choice.id: choice.label for choice in question.choices}
    counts = [people.get(fact(survey_id, question.id, value), 0) for value in values]
    if question.kind is Kind.MULTIPLE:  # these do not add up: each is a cell of its own
        hidden = {i for i, count in enumerate(counts) if not aggregates.shown(count, replied)}
    else:
        hidden = aggregates.hidden([*counts, max(0, replied - sum(counts))])
    told = tuple(AnswerFigure(value, labels.get(value, value), None if i in hidden else counts[i]) for i, value in enumerate(values))
    return QuestionFigures(question, told)
