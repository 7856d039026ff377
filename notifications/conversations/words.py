"""Text as words that can be compared: folded, split, and near enough to one another in spite of a slip of the finger.

Pure. Owns folding and the distance of two words. Must not know any language: which words mean what stands in lexicon.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

MAX_CHARS = 2000
MAX_WORDS = 120
MAX_WORD_CHARS = 40
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_LIKE_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "’": "'", "`": "'"})


@cache
def folded(text: str) -> str:
    """Lower case without accents: `Pähkinä`, `PAHKINA` and `pahkina` are one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold().translate(_LIKE_LETTERS)) if not unicodedata.combining(c))
    return plain.replace("'", "")


def words_of(text: str) -> tuple[str, ...]:
    """The folded words in order, at most `MAX_WORDS`; `nut-free` is two, `ord_7k2m` is one."""
    found = _WORD.findall(folded.__wrapped__(text[:MAX_CHARS]))
    return tuple(word[:MAX_WORD_CHARS] for word in found[:MAX_WORDS])


def slips_allowed(length: int) -> int:
    """How many slips a word of this length may hold and still be it: short words are too near to others."""
    return 0 if length < 5 else 1 if length < 8 else 2


def near(typed: str, word: str) -> bool:
    """Whether `typed` is `word` but for a slip or two: a letter more, less, another, or two swapped. The first letter must be right, or
    stand second."""
    if word[0] not in typed[:2]:
        return False
    if len(typed) == len(word) == 4:
        return typed[0] == word[0] and sorted(typed) == sorted(word) and distance(typed, word, 1) == 1  # two letters swapped
    most = slips_allowed(max(len(typed), len(word))) if min(len(typed), len(word)) >= 4 else 0
    if not most or abs(len(typed) - len(word)) > most:
        return False
    return distance(typed, word, most) <= most


def begins_near(typed: str, stem: str) -> bool:
    """Whether `typed` begins with `stem` but for one slip: endings are free."""
    if len(stem) < 6 or len(typed) < len(stem) - 1 or stem[0] != typed[0]:
        return False
    return any(distance(typed[:end], stem, 1) <= 1 for end in (len(stem) - 1, len(stem), len(stem) + 1) if end <= len(typed))


def distance(one: str, other: str, most: int) -> int:
    """Letters changed, left out, put in, or swapped with the next (each counts 1); `most + 1` for anything above `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        two_before, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def matches(typed: str, pattern: str, known: Collection[str]) -> float:
    """How surely `typed` is meant by `pattern` (a word, or a stem that ends in `*`): 1, 0.8 with a slip, 0 not at all.

    A word that is `known` for itself is never taken for another.
    """
    stem = pattern.removesuffix("*")
    if typed == stem or (pattern.endswith("*") and typed.startswith(stem)):
        return 1.0
    if stem[0] not in typed[:2] or typed in known:
        return 0.0
    return 0.8 if (begins_near(typed, stem) if pattern.endswith("*") else near(typed, stem)) else 0.0
