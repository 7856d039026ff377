"""Shapes of reviews that may leave the room. `contracts.py` hands them out with the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Rating:
    """Of the published reviews of a product: how many, the plain average in tenths of a star (43 is 4.3), and stars -> how many gave them."""

    count: int
    average_tenths: int
    by_stars: Mapping[int, int] = field(default_factory=dict[int, int])


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A review as everybody sees it. `name`: as she wishes to be called, None: a customer. `purchased`, `visited`: what was proved when she wrote it.
    `edited`: not the first words. `reply`: the shop's answer."""

    id: str
    product_id: str
    stars: int
    text: str
    name: str | None
    purchased: bool
    visited: bool
    written_at: datetime
    edited: bool
    reply: str | None
    replied_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnReview:
    """The same for the one who wrote it. `state`: pending, published or rejected; `waits_text`, `why_text`: why it waits for a person, why it was rejected."""

    review: ReviewView
    state: str
    waits: tuple[str, ...]
    waits_text: tuple[str, ...]
    why: str | None
    why_text: str | None


@dataclass(frozen=True, slots=True)
class ReviewVersion:
    """What a review once said, and what was decided about it."""

    version: int
    stars: int
    text: str
    state: str
    waits: tuple[str, ...]
    why: str | None
    written_at: datetime
    decided_at: datetime | None
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class ModeratedReview:
    """The same for who moderates: with what it said before, newest first, and what other shoppers reported (code -> how many)."""

    review: ReviewView
    product_name: str
    state: str
    versions: tuple[ReviewVersion, ...]
    reports: Mapping[str, int]

    @property
    def now(self) -> ReviewVersion:
        """What stands there today."""
        return self.versions[0]


@dataclass(frozen=True, slots=True)
class ReviewJudged:
    """Event `review.judged`: a review was written, changed, approved, rejected or removed; `state` says how it stands now. Never a word of it."""

    TYPE: ClassVar[str] = "review.judged"

    review_id: str
    shopper_id: str
    product_id: str
    version: int
    stars: int
    state: str
    at: datetime
