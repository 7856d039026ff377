"""How well a product answers: in one look at its text, as word by word."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from storefront.catalog.matching import CATEGORY, NAME, REST, Candidate, Wanted, score

WORDS = st.text("ab", min_size=1, max_size=3)
TEXTS = st.lists(WORDS, max_size=4).map(" ".join)
WANTED = st.lists(st.builds(Wanted, WORDS, st.lists(WORDS, max_size=2).map(tuple)), min_size=1, max_size=3)


def _slowly(wanted: Wanted, texts: Sequence[tuple[str, int]]) -> int:
    for text, weight in texts:
        words = text.split()
        if wanted.word in words:
            return weight + 1
        if any(word.startswith(wanted.word) for word in words) or any(meant in words for meant in wanted.meant):
            return weight
    return REST


@given(TEXTS, TEXTS, WANTED)
def test_score(names: str, category: str, wanted: list[Wanted]) -> None:
    """Planted bugs: no space after the last word, whose whole then counted as its beginning; a meant word found within another."""
    expected = sum(_slowly(one, ((names, NAME), (category, CATEGORY))) for one in wanted)
    assert score(Candidate("prd_1", names, category), wanted) == expected
