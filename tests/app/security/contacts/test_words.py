from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.security.contacts.words import MAX_CHARS, MIN_CHARS, accepted, given
from tests.paths import shared


class TestAccepted:
    @pytest.mark.parametrize(
        ("typed", "stored"),
        [("amber otter", "amber otter"), ("  Merry   owl ", "Merry owl"), ("Äiti 42", "Äiti 42"), ("A\u0308iti", "Äiti"), ("o'neill-x", "o'neill-x"), ("שלום", "שלום"), ("猫と犬", "猫と犬")],
    )
    def test_letters_and_digits_of_any_script(self, typed: str, stored: str) -> None:
        assert accepted(typed) == stored

    @pytest.mark.parametrize(
        "typed",
        [
            "", "ab", "x" * 25, "a\u202eb\u202cc", "a\u2066bcd", "abc\u200f", "zero\u200bwidth", "www.example.org", "http://x", "a@b.example", "<b>bold</b>", "-abc", "abc-", "a--b",
            "bell\x07", "nul\x00l", "H\u0334\u0335\u0336i there", "😀😀😀", "\ud800abc", "a\u00adbc", "abc\ufeff", "{{7*7}}", "x; --",
        ],
    )  # fmt: skip
    def test_nothing_that_turns_hides_stacks_or_leads_away(self, typed: str) -> None:
        with pytest.raises(Invalid, match="word: 3 to 24 letters or digits"):
            accepted(typed)

    def test_naughty_strings(self) -> None:
        for typed in json.loads(shared("vectors", "blns", "blns.json").read_text(encoding="utf-8")):
            try:
                word = accepted(typed)
            except Invalid:
                continue
            _is_plain(word)

    @examples(st.text(max_size=40) | st.text(st.sampled_from("aé9א -'\u2019\u0301\u00ad\u200b\u200f\u202e"), max_size=30))
    def test_whatever_is_accepted_is_plain_and_stays_as_it_is(self, typed: str) -> None:
        """Seen to fail with format characters let through."""
        try:
            word = accepted(typed)
        except Invalid:
            return
        _is_plain(word)
        assert accepted(word) == word


def _is_plain(word: str) -> None:
    assert MIN_CHARS <= len(word) <= MAX_CHARS
    assert not [c for c in word if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "So", "Po") and c not in "'\u2019"]


class TestGiven:
    def test_is_two_words_always_the_same_and_one_that_could_be_picked(self) -> None:
        assert given("0" * 64) == "amber acorn"
        words = {given(f"{n:016x}" + "0" * 48) for n in range(5_000)}
        assert len(words) > 1_000
        assert all(accepted(word) == word for word in words)
