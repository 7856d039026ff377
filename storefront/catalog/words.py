"""How text becomes search words: folded, so that `Café`, `CAFE` and `cafe` meet. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

MAX_WORDS = 400
MAX_QUERY_WORDS = 8
WORD_LENGTH = 64
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Texts:
    """The words a product is found by, with blanks between: of its names, its category, and everything else. No word stands twice."""

    names: str
    category: str
    rest: str

    def words(self) -> list[str]:
        return [word for text in (self.names, self.category, self.rest) for word in text.split()]


def fold(text: str) -> tuple[str, ...]:
    """Lower case, without accents, split at anything that is neither letter nor digit; repeats kept once, in order."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(dict.fromkeys(word[:WORD_LENGTH] for word in _WORD.findall(plain.casefold())))


def texts(names: Iterable[str], category: str, rest: Iterable[str]) -> Texts:
    """Each word stands where it weighs most; beyond `MAX_WORDS` the last of the rest are let go."""
    seen: dict[str, None] = {}

    def new(text: str) -> str:
        fresh = [word for word in fold(text) if word not in seen][: MAX_WORDS - len(seen)]
        seen.update(dict.fromkeys(fresh))
        return " ".join(fresh)

    return Texts(new(" ".join(names)), new(category), new(" ".join(rest)))
