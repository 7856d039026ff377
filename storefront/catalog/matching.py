"""What a search asks for, and how well a product answers it. Pure; the same on both engines, whichever full-text index found it.

Owns the order of results: words in the name before the category before the rest, whole words before beginnings, as asked before as
meant. Must not know an engine's query language (adapters/).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word of a query: words that begin with `word` answer it, or one of those she may have `meant`."""

    word: str
    meant: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product the index found, with the words of its names and of its category."""

    product_id: str
    names: str
    category: str


NAME, CATEGORY, REST = 6, 4, 2
"""By where a word stands; one more where it is the whole word."""


def score(candidate: Candidate, wanted: Sequence[Wanted]) -> int:
    """Larger is better; of two products found for the same query."""
    # with a space before and after each word, whole words and beginnings are found by the search for a text, many times as quick as word by word
    names, category = f" {candidate.names} ", f" {candidate.category} "
    return sum(_of_word(one, names, category) for one in wanted)


def _of_word(wanted: Wanted, names: str, category: str) -> int:
    begins = f" {wanted.word}"
    for words, weight in ((names, NAME), (category, CATEGORY)):
        if begins in words:
            return weight + 1 if f"{begins} " in words else weight
        if wanted.meant and any(f" {meant} " in words for meant in wanted.meant):
            return weight
    return REST
