"""The catalogues say everything, and keep every fact."""

from __future__ import annotations

from string import Formatter

import pytest

from app.kernel import languages
from storefront.revenue.phrases import PHRASES, THERE, say, text_of


def facts(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


class TestCatalogues:
    @pytest.mark.parametrize("language", [tag for tag in THERE if tag != languages.PLAIN])
    def test_every_phrase_is_there_with_its_facts_and_no_other(self, language: str) -> None:
        assert [key for key, text in PHRASES.items() if facts(text_of(key, language)) != facts(text) or not text_of(key, language)] == []
        assert {key for key, _ in languages.catalogue("storefront.revenue", f"translations/{language}.po")} == set(PHRASES)

    def test_sponsored_is_said_in_each(self) -> None:
        assert [say("label", tag) for tag in ("en", "fi", "sv-FI", "de")] == ["Sponsored", "Sponsoroitu", "Sponsrad", "Sponsored"]
