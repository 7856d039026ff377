"""What a survey asks, what is an answer to it, and which facts follow from one.

Pure. Owns the shapes and the rules: a choice is one of those that are offered, a number lies on the scale, words are short. Words never become a fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from app.kernel.errors import FieldError, Invalid

MOST_QUESTIONS, MOST_CHOICES, WORDS_MOST_CHARS = 10, 12, 1000
SCALE_MOST = 10
_SLUG = re.compile(r"[^a-z0-9]+")


class Kind(StrEnum):
    """Stored: never renamed, only added."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Choice:
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """`upto`: a scale goes from 1 to it."""

    id: str
    kind: Kind
    text: str
    choices: tuple[Choice, ...] = ()
    upto: int = 0
    required: bool = False

    def possible(self) -> tuple[str, ...]:
        """What may be counted of it, in order."""
        return tuple(str(n) for n in range(1, self.upto + 1)) if self.kind is Kind.SCALE else tuple(choice.id for choice in self.choices)


Reply = dict[str, list[str]]
"""Question id -> what was chosen; of a scale the number, of words the words. Unanswered ones are left out."""


def checked(questions: Sequence[Question], given: Mapping[str, Any]) -> Reply:
    """The reply in its one form. Raises Invalid naming each wrong question."""
    wrong: list[FieldError] = [FieldError(f"answers.{i[:40]}", "there is no such question") for i in given if i not in {q.id for q in questions}]
    out: Reply = {}
    for question in questions:
        values = _values(given.get(question.id))
        if not values:
            if question.required:
                wrong.append(FieldError(f"answers.{question.id}", "an answer is needed"))
            continue
        remedy = _against(question, values)
        if remedy:
            wrong.append(FieldError(f"answers.{question.id}", remedy))
        out[question.id] = values
    if wrong:
        raise Invalid("; ".join(f"{one.field}: {one.remedy}" for one in wrong[:3]), fields=wrong)
    if not out:
        raise Invalid.field("answers", "answer at least one question")
    return out


def facts(survey_id: str, questions: Sequence[Question], reply: Reply) -> tuple[str, ...]:
    """`survey/question/choice` of everything that was chosen."""
    return tuple(fact(survey_id, q.id, value) for q in questions if q.kind is not Kind.TEXT for value in reply.get(q.id, ()))


def fact(survey_id: str, question_id: str, value: str) -> str:
    return f"{survey_id}/{question_id}/{value}"


def _values(given: Any) -> list[str]:
    found = cast("list[object]", given if isinstance(given, list) else [given] if given is not None else [])
    return list(dict.fromkeys(text for one in found if (text := str(one).strip())))


def _against(question: Question, values: Sequence[str]) -> str:
    if question.kind is Kind.TEXT:
        return "" if len(values) == 1 and len(values[0]) <= WORDS_MOST_CHARS else f"at most {WORDS_MOST_CHARS} characters"
    if question.kind is not Kind.MULTIPLE and len(values) > 1:
        return "one answer"
    possible = question.possible()
    return "" if set(values) <= set(possible) else f"one of {', '.join(possible)}"


# --- as people write them ----------------------------------------------------------------------------------------------


def of_lines(text: str) -> list[dict[str, Any]]:
    """Questions from lines such as `single: How did you find us? | A friend | The window`, `scale: How content are you? | 5`, `text: What else?`; a `!` before the
    kind makes an answer needed. As the document of a survey has them. Raises Invalid naming the line."""
    found: list[dict[str, Any]] = []
    for n, line in enumerate((line.strip() for line in text.splitlines() if line.strip()), 1):
        kind, colon, rest = line.partition(":")
        required, kind = kind.strip().startswith("!"), kind.strip().removeprefix("!").strip().lower()
        parts = [part.strip() for part in rest.split("|")]
        if not colon or kind not in set(Kind) or not parts[0]:
            raise Invalid.field(f"questions, line {n}", f"begin with one of {', '.join(Kind)} and a colon, then the question")
        one: dict[str, Any] = {"id": f"q{n}", "kind": kind, "text": parts[0], "required": required}
        if kind == Kind.SCALE:
            one["upto"] = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 5
        elif kind != Kind.TEXT:
            one["choices"] = [{"id": slug(label), "label": label} for label in parts[1:]]
        found.append(one)
    return found


def slug(label: str) -> str:
    return _SLUG.sub("-", label.lower()).strip("-")[:40] or "other"
