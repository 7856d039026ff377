"""A forecast in a word or two, in the language of the text it stands in.

Pure. Owns these words. A language that has none gives None: the text then says its own default.
"""

from __future__ import annotations

from dataclasses import dataclass

from offers.outside.outlook import DayForecast

_WORDS: dict[str, dict[tuple[bool, bool], str]] = {
    "en": {(True, True): "sunny and dry", (False, True): "dry", (True, False): "some sun, some rain", (False, False): "rain"},
    "fi": {(True, True): "aurinkoista ja poutaa", (False, True): "poutaa", (True, False): "välillä aurinkoa, välillä sadetta", (False, False): "sadetta"},
    "sv": {(True, True): "soligt och torrt", (False, True): "uppehåll", (True, False): "omväxlande sol och regn", (False, False): "regn"},
}
"""By sunny and dry."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The value of the variable `weather`: it knows how to be said."""

    sunny: bool
    dry: bool

    def said_in(self, language: str) -> str | None:
        words = _WORDS.get(language.split("-", maxsplit=1)[0].lower())
        return words[self.sunny, self.dry] if words is not None else None


def summary_of(day: DayForecast) -> Summary:
    return Summary(day.sunny, day.dry)
