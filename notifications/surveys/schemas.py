"""What may be written as a survey, and as an answer. Owns shapes and bounds."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from notifications.surveys.contracts import ShownAfter
from notifications.surveys.questions import MOST_CHOICES, MOST_QUESTIONS, SCALE_MOST, Kind

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChoiceIn(_In):
    id: Name
    label: Label


class QuestionIn(_In):
    """`choices` for single and multiple, `upto` for a scale."""

    id: Name
    kind: Kind
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]
    choices: Annotated[list[ChoiceIn], Field(max_length=MOST_CHOICES)] = []
    upto: Annotated[int, Field(strict=True, ge=0, le=SCALE_MOST)] = 0
    required: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        chosen = self.kind in (Kind.SINGLE, Kind.MULTIPLE)
        ids = [choice.id for choice in self.choices]
        if chosen != (len(ids) >= 2) or (not chosen and ids):
            raise ValueError(f"{self.kind.value}: {'at least two choices' if chosen else 'no choices'}")
        if len(ids) != len(set(ids)):
            raise ValueError("two choices have the same id")
        if (self.kind is Kind.SCALE) != (self.upto >= 2):
            raise ValueError(f"upto: from 2 to {SCALE_MOST} for a scale, else leave it out")
        return self


class SurveyIn(_In):
    """`place_ids`: after visits to these alone; none: to any."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=120)]
    intro: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    shown_after: ShownAfter = ShownAfter.LINK
    place_ids: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=80)]], Field(max_length=100)] = []
    questions: Annotated[list[QuestionIn], Field(min_length=1, max_length=MOST_QUESTIONS)]

    @model_validator(mode="after")
    def _once(self) -> Self:
        ids = [question.id for question in self.questions]
        if len(ids) != len(set(ids)):
            raise ValueError("two questions have the same id")
        if self.place_ids and self.shown_after is not ShownAfter.VISIT:
            raise ValueError("place_ids go with shown_after: visit")
        return self


class ReplyIn(_In):
    """Question id -> the chosen id, a list of them, the number or the words."""

    answers: Annotated[dict[Annotated[str, StringConstraints(max_length=40)], Any], Field(max_length=MOST_QUESTIONS)]
