"""What may leave surveys. Owns shapes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from notifications.surveys.questions import Question, Reply


class ShownAfter(StrEnum):
    """Stored."""

    VISIT = "visit"
    PURCHASE = "purchase"
    LINK = "link"


class SurveyState(StrEnum):
    """Stored."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class SurveyView:
    id: str
    state: SurveyState
    title: str
    intro: str
    shown_after: ShownAfter
    place_ids: tuple[str, ...]
    questions: tuple[Question, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class HerSurvey:
    """A survey as she sees it. `agreed`: she agrees to what answers are used for; without it none is taken. `reply`: what she answered."""

    survey: SurveyView
    agreed: bool
    reply: Reply | None


@dataclass(frozen=True, slots=True)
class AnswerFigure:
    """`people` None: fewer than twenty, or others would tell them."""

    value: str
    label: str
    people: int | None


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """`fact` of each answer is how a campaign's audience asks for it: `survey/question/answer`."""

    question: Question
    answers: tuple[AnswerFigure, ...]


@dataclass(frozen=True, slots=True)
class SurveyFigures:
    """`replied` None: fewer than twenty people. `words`: question -> what people wrote, without who; only where twenty have."""

    survey: SurveyView
    replied: int | None
    questions: tuple[QuestionFigures, ...]
    words: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SurveyAnswered:
    """Event `survey.answered`: that she has, never what."""

    TYPE: ClassVar[str] = "survey.answered"

    survey_id: str
    shopper_id: str
    answered_at: datetime
