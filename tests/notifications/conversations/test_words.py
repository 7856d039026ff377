"""Folding and slips."""

from __future__ import annotations

import pytest

from notifications.conversations.words import (
    MAX_WORD_CHARS,
    MAX_WORDS,
    begins_near,
    distance,
    folded,
    matches,
    near,
    slips_allowed,
    words_of,
)


class TestFolded:
    @pytest.mark.parametrize("text", ["Pähkinä", "PAHKINA", "pa\u0308hkina\u0308"])
    def test_case_and_accents_do_not_count(self, text: str) -> None:
        assert folded(text) == "pahkina"


class TestWordsOf:
    def test_in_order_and_split_at_signs(self) -> None:
        assert words_of("Is it nut-free?  ord_7K2m!") == ("is", "it", "nut", "free", "ord_7k2m")

    def test_a_hundred_thousand_characters_are_cut(self) -> None:
        assert words_of("x" * 100_000) == ("x" * MAX_WORD_CHARS,)
        assert len(words_of("ab " * 30_000)) == MAX_WORDS


class TestDistance:
    @pytest.mark.parametrize(("one", "other", "slips"), [("bar", "bar", 0), ("bar", "bars", 1), ("mcuh", "much", 1), ("tidebok", "tidebook", 1), ("milk", "rye", 3)])
    def test_counts_slips_up_to_the_most(self, one: str, other: str, slips: int) -> None:
        assert distance(one, other, 2) == slips


class TestNear:
    @pytest.mark.parametrize(("typed", "word"), [("cloudbery", "cloudberry"), ("sliper", "slipper"), ("mcuh", "much"), ("ordr", "order")])
    def test_a_slip_or_two(self, typed: str, word: str) -> None:
        assert near(typed, word)

    @pytest.mark.parametrize(("typed", "word"), [("milk", "silk"), ("nut", "not"), ("rye", "ryes"), ("price", "slice")])
    def test_short_words_and_other_beginnings_are_other_words(self, typed: str, word: str) -> None:
        assert not near(typed, word)


class TestSlipsAllowed:
    def test_by_length(self) -> None:
        assert [slips_allowed(n) for n in (3, 4, 5, 7, 8)] == [0, 0, 1, 1, 2]


class TestBeginsNear:
    def test_a_stem_of_six_letters_may_hold_a_slip(self) -> None:
        assert begins_near("allrgic", "allerg")
        assert not begins_near("politik", "polis")


class TestMatches:
    def test_a_known_word_is_never_taken_for_another(self) -> None:
        assert matches("ordet", "order", {"ordet"}) == 0.0
        assert matches("ordet", "order", set()) == 0.8
        assert matches("orders", "order*", {"orders"}) == 1.0
