"""What she may have meant: words of the catalogue that are a slip or two from a word nobody sells anything by.

Owns the known words of this process, read once and then only what is new, and the nearest of them. Distances are those of Damerau and
Levenshtein, in the restricted form (a letter too many, missing, wrong, or two swapped count one). Must not be asked about a word that
begins a known one: that is no mistake yet, she is still typing.
"""

from __future__ import annotations

import threading
from bisect import bisect_left

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storefront.catalog.models import SearchWordRow

SHORTEST = 4
"""Letters. Of shorter words every other one would be near."""
LONG = 8
"""From so many letters on, two slips are believed to be slips."""
MOST_MEANT = 5
LOOK_BACK = 10_000
"""So many words are looked at again whenever there are new ones."""

_SINCE = select(SearchWordRow.no, SearchWordRow.word).where(SearchWordRow.no > bindparam("after")).order_by(SearchWordRow.no)


class Vocabulary:
    """Every word some product was ever found by, sorted. A word of which no product is left finds nothing, and does no harm."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._upto = 0
        self._lock = threading.Lock()

    @classmethod
    def of(cls, session: Session) -> Vocabulary:
        """This process's, with what has come since it was last asked."""
        found: Vocabulary = session.info["remembered"].setdefault(cls, cls())
        found._read_on(session)
        return found

    def _read_on(self, session: Session) -> None:
        fresh = session.execute(_SINCE, {"after": self._upto}).all()
        if not fresh:
            return
        if self._upto:  # of two that write at once the one with the lower number may have committed later
            fresh = session.execute(_SINCE, {"after": self._upto - LOOK_BACK}).all()
        with self._lock:
            self._words = sorted({*self._words, *(word for _, word in fresh)})
            self._upto = max(self._upto, fresh[-1][0])

    def begins(self, word: str) -> bool:
        """Whether some known word begins with it."""
        words = self._words
        at = bisect_left(words, word)
        return at < len(words) and words[at].startswith(word)

    def meant(self, word: str) -> tuple[str, ...]:
        """Known words a slip away (two, for long ones), nearest first; none for a word too short to tell."""
        if len(word) < SHORTEST:
            return ()
        from rapidfuzz import process  # lazy: only a search with a slip needs it
        from rapidfuzz.distance import OSA

        most = 2 if len(word) >= LONG else 1
        near = process.extract(word, self._words, scorer=OSA.distance, score_cutoff=most, limit=50)
        ranked = sorted((distance, found[:1] != word[:1], found) for found, distance, _ in near if not found.isdigit())
        nearest = ranked[0][0] if ranked else 0
        return tuple(found for distance, _, found in ranked if distance == nearest)[:MOST_MEANT]
