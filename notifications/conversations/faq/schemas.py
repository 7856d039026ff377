"""What may be written into the FAQ, by whichever way it comes: one entry, or a file of many."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from app.kernel.languages import known

QUESTION_MOST_CHARS, ANSWER_MOST_CHARS, MOST_PHRASES, MOST_ENTRIES = 200, 2000, 10, 500
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=QUESTION_MOST_CHARS)]
EntryId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class TextIn(BaseModel):
    """Plain words. `also_asked`: other ways to put the question, which find it and are not shown."""

    model_config = ConfigDict(extra="forbid")

    question: Question
    answer: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=ANSWER_MOST_CHARS)]
    also_asked: Annotated[list[Question], Field(max_length=MOST_PHRASES)] = []


class EntryIn(BaseModel):
    """`texts` by language tag (BCP 47). A draft is seen by nobody but the staff."""

    model_config = ConfigDict(extra="forbid")

    texts: Annotated[dict[str, TextIn], Field(min_length=1, max_length=30)]
    state: Literal["draft", "published"] = "draft"
    version: Annotated[int, Field(strict=True, ge=1)] | None = Field(default=None, description="The version that was read; 409 if it has changed since. Without it: whatever stands there.")

    @field_validator("texts")
    @classmethod
    def _languages(cls, texts: dict[str, TextIn]) -> dict[str, TextIn]:
        for tag in texts:
            if not known(tag):
                raise ValueError(f"{tag[:35]}: a language tag, such as en or fi")
        return texts


class NamedEntryIn(EntryIn):
    id: EntryId


class FaqIn(BaseModel):
    """Many at once, all or none; those that are there and not named stay."""

    model_config = ConfigDict(extra="forbid")

    entries: Annotated[list[NamedEntryIn], Field(max_length=MOST_ENTRIES)]

    @field_validator("entries")
    @classmethod
    def _once(cls, entries: list[NamedEntryIn]) -> list[NamedEntryIn]:
        ids = [one.id for one in entries]
        if len(ids) != len(set(ids)):
            raise ValueError("an id stands there twice")
        return entries
