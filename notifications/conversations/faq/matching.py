"""Which entry of the FAQ a question means, and how surely; and which questions may never be answered from it.

Pure. Owns the score, with the same words the assistant understands by, so that a slip of the finger or another ending finds the same. Must not let a price,
an allergen or the state of an order be told from a text somebody wrote once: those are facts, and looked up.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from notifications.conversations.knowledge import GRAVE, Understanding
from notifications.conversations.understanding import GATE, small_words
from notifications.conversations.words import near, words_of

SURE, WHOLE, APART = 0.6, 0.95, 0.15
"""The least score of an answer nobody has chosen, and of one to a single word; and by how much it must be the best."""
FOUND = 0.3
"""The least score of something shown among others, to be chosen from."""
LIKE = 0.8
STEM_LEAST = 4


@dataclass(frozen=True, slots=True)
class Phrased:
    """One entry by the ways it is asked, the question itself first."""

    id: str
    phrases: tuple[str, ...]


def may_answer(u: Understanding) -> bool:
    """Whether a question that is understood so may be answered from the FAQ: only what our own data does not answer, and nothing grave."""
    named = u.products or u.orders or u.allergens or u.any_allergen or u.codes
    return u.confidence < GATE and u.intent not in GRAVE and not named


def ranked(question: str, entries: Collection[Phrased]) -> list[tuple[str, float]]:
    """(id, score) of those that may be meant, the surest first."""
    asked = content_words(question)
    scores = ((entry.id, max((_alike(asked, content_words(phrase)) for phrase in entry.phrases), default=0.0)) for entry in entries)
    return sorted(((i, score) for i, score in scores if score >= FOUND), key=lambda found: (-found[1], found[0]))


def meant(question: str, entries: Collection[Phrased]) -> str | None:
    """The one that is meant beyond doubt: sure enough, and no other nearly as sure."""
    found = ranked(question, entries)
    if not found or found[0][1] < (SURE if len(content_words(question)) > 1 else WHOLE) or (len(found) > 1 and found[0][1] - found[1][1] < APART):
        return None
    return found[0][0]


def content_words(text: str) -> tuple[str, ...]:
    """Those that are about something, each once."""
    return tuple(dict.fromkeys(w for w in words_of(text) if w not in small_words() and (len(w) > 1 or w.isdigit())))


def _alike(asked: Sequence[str], phrase: Sequence[str]) -> float:
    """How much of each is in the other, 0 to 1: all of one and half of the other is 0.67."""
    if not asked or not phrase:
        return 0.0
    of_asked = sum(max(_same(a, p) for p in phrase) for a in asked) / len(asked)
    of_phrase = sum(max(_same(a, p) for a in asked) for p in phrase) / len(phrase)
    return 2 * of_asked * of_phrase / (of_asked + of_phrase) if of_asked and of_phrase else 0.0


def _same(one: str, other: str) -> float:
    if one == other:
        return 1.0
    shorter = min(len(one), len(other))
    if shorter < STEM_LEAST:
        return LIKE if shorter > 1 and other in (f"{one}s", one.removesuffix("s")) else 0.0  # dog, dogs
    stem = max(STEM_LEAST, shorter - 2)
    return LIKE if one[:stem] == other[:stem] or near(one, other) else 0.0
