"""What the routes of reviews take."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from storefront.reasons import StorefrontReason as Reason
from storefront.reviews.rules import NAME_MOST_CHARS, TEXT_MOST_CHARS, ShownAs

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TEXT_MOST_CHARS)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1, description="Of the words that were read.")]


class ReviewIn(BaseModel):
    """Stars and, if you like, words. `show_visit`: we may look whether you were in one of our stores, and show that you were."""

    model_config = ConfigDict(extra="forbid")

    stars: Annotated[int, Field(strict=True, ge=1, le=5)]
    text: Text = ""
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=NAME_MOST_CHARS)] = ""
    shown_as: ShownAs = ShownAs.NOBODY
    show_visit: bool = False


class ReportIn(BaseModel):
    """Why it should not stand there."""

    model_config = ConfigDict(extra="forbid")

    cause: Reason


class DecisionIn(BaseModel):
    """Approve or reject; to reject, say why with one of the causes."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    approve: bool
    why: Reason | None = None


class ReplyIn(BaseModel):
    """The shop's answer; empty takes it away."""

    model_config = ConfigDict(extra="forbid")

    version: Version
    text: Text = ""
