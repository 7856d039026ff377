"""What the endpoints of contacts take.

Owns the shapes at the edge. Rules live in values.py and words.py.
"""

from __future__ import annotations

from pydantic import Field

from app.security.contacts.values import MAX_TYPED_CHARS, ContactKind
from app.security.schemas import Body


class ContactIn(Body):
    """An e-mail address, or a telephone number with its country code."""

    kind: ContactKind
    value: str = Field(max_length=MAX_TYPED_CHARS)


class CodeIn(Body):
    """The digits that were sent."""

    code: str = Field(max_length=20, pattern=r"^[0-9 ]{4,20}$")


class WordIn(Body):
    """The word you want to know us by."""

    word: str = Field(max_length=200)
