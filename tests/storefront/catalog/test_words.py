"""Text becomes search words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.catalog.words import MAX_WORDS, WORD_LENGTH, Texts, fold, texts


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


class TestTexts:
    def test_a_word_stands_where_it_weighs_most(self) -> None:
        assert texts(["Bonbon", "Konvehti"], "sweet bonbon", ["a bonbon of salt", "SKU-7"]) == Texts("bonbon konvehti", "sweet", "a of salt sku 7")

    def test_a_long_text_is_cut_at_its_end(self) -> None:
        found = texts(["n"], "c", [" ".join(f"w{k}" for k in range(1000))])
        assert len(found.words()) == MAX_WORDS
        assert found.rest.startswith("w0 w1 ")
