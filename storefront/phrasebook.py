"""Words of ours in the languages shoppers read: English where they are used, the others in gettext catalogues beside it.

Pure. Owns finding a phrase in somebody's language. The key is the context in the catalogue, and English that was changed is untranslated until somebody has
looked at the others again.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from app.kernel import languages

THERE = (languages.PLAIN, "fi", "sv")
"""The languages there are; whoever reads another gets English."""


@cache
def spoken(tag: str) -> str:
    """The one of our languages that is hers; else English."""
    return languages.chosen(tag, THERE, languages.PLAIN)


class Phrasebook:
    """`phrases`: key -> English; the catalogues lie in `translations/` of `package`."""

    def __init__(self, package: str, phrases: Mapping[str, str]) -> None:
        self._package, self._phrases = package, phrases

    def say(self, key: str, language: str, **facts: object) -> str:
        """In her language, with the facts put in. `language` is any tag; one we do not speak is answered in English."""
        return (self.text_of(key, spoken(language)) or self._phrases[key]).format(**facts)

    def text_of(self, key: str, language: str) -> str:
        """Empty where it is not translated."""
        return self._phrases[key] if language == languages.PLAIN else (*_catalogue(self._package, language).get((key, self._phrases[key]), ()), "")[0]


@cache
def _catalogue(package: str, language: str) -> dict[tuple[str, str], tuple[str, ...]]:
    return languages.catalogue(package, f"translations/{language}.po")
