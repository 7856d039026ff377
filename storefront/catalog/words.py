"""How text becomes search words: folded, so that `Café`, `CAFE` and `cafe` meet. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_WORDS = 400
MAX_QUERY_WORDS = 8
WORD_LENGTH = 64
_WORD = re.compile(r"[^\W_]+")
_AFTER_EVERYTHING = "\U0010ffff"


def fold(text: str) -> tuple[str, ...]:
    """Lower case, without accents, split at anything that is neither letter nor digit; repeats kept once, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(plain.casefold())))


def weighted(name: str, category: str, description: str) -> Mapping[str, int]:
    """Each word of a product with the weight of the best place it stands in."""
    weights: dict[str, int] = {}
    for text, weight in ((name, 3), (category, 2), (description, 1)):
        for word in fold(text):
            if word not in weights and len(weights) < MAX_WORDS:
                weights[word] = weight
    return weights


def prefix_range(word: str) -> tuple[str, str]:
    """(from, to) such that exactly the words beginning with `word` are >= from and < to, compared by code point."""
    return word, word + _AFTER_EVERYTHING
