"""Which language, and how it writes."""

from __future__ import annotations

import pytest

from app.kernel import languages


class TestChain:
    def test_from_the_closest_to_the_default(self) -> None:
        assert languages.chain("fr-CA", "en-GB") == ("fr-CA", "fr", "en-GB", "en")
        assert languages.chain("", "en") == ("en",)
        assert languages.chain("../x", "en") == ("en",)


class TestChosen:
    @pytest.mark.parametrize(
        ("wanted", "expected"), [("fi", "fi"), ("fi-FI", "fi"), ("FI", "fi"), ("pt", "en"), ("pt-BR", "pt-BR"), ("sv", "en"), ("", "en"), ("x\n", "en")]
    )
    def test_the_best_that_is_there(self, wanted: str, expected: str) -> None:
        assert languages.chosen(wanted, ["en", "fi", "pt-BR"], "en") == expected


class TestKnown:
    def test_tags_of_cldr(self) -> None:
        assert [languages.known(tag) for tag in ("fi", "pt-BR", "zh-Hant-TW", "xx", "", "e", "en_US", "fi\n")] == [True, True, True, False, False, False, False, False]


class TestRightToLeft:
    def test_by_the_language(self) -> None:
        assert [languages.right_to_left(tag) for tag in ("ar", "he-IL", "fi")] == [True, True, False]
