"""Text becomes search words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.catalog.words import MAX_WORDS, WORD_LENGTH, fold, prefix_range, weighted


class TestFold:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("Café CAFE cafe", ("cafe",)),
            ("Sea-salt, caramel (100 g)", ("sea", "salt", "caramel", "100", "g")),
            ("Straße ﬁne", ("strasse", "fine")),
            ("Kahvi ja pähkinä", ("kahvi", "ja", "pahkina")),
            ("チョコレート", ("チョコレート",)),
            ("%_'\"--;", ()),
            ("", ()),
        ],
    )
    def test_examples(self, text: str, words: tuple[str, ...]) -> None:
        assert fold(text) == words

    @given(st.text())
    def test_folding_again_changes_nothing(self, text: str) -> None:
        once = fold(text)
        assert all(0 < len(word) <= WORD_LENGTH for word in once)
        assert len(once) == len(set(once))


class TestWeighted:
    def test_the_best_place_counts(self) -> None:
        assert weighted("Bonbon", "sweet bonbon", "a bonbon of salt") == {"bonbon": 3, "sweet": 2, "a": 1, "of": 1, "salt": 1}

    def test_a_long_text_is_cut(self) -> None:
        assert len(weighted("n", "c", " ".join(f"w{k}" for k in range(1000)))) == MAX_WORDS


class TestPrefixRange:
    @given(st.text(min_size=1, max_size=5), st.text(max_size=5))
    def test_exactly_what_begins_with_it(self, word: str, other: str) -> None:
        low, high = prefix_range(word)
        assert (low <= other < high) == (other.startswith(word) and other != high)
